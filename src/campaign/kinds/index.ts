import { Type } from 'typebox'
import type { CampaignContext, LocalWindow } from '../parts/context.ts'
import type { Put } from '../parts/fields.ts'
import { whole } from '../parts/shapes.ts'
import { compileDraw } from './draw/compile.ts'
import { type DrawDefinition, DrawSchema } from './draw/definition.ts'
import { type Draw, drawDefinition, drawRules } from './draw/rules.ts'
import { Assist, Board, Game, Invite, Share } from './later.ts'
import { compileRedemption } from './redemption/compile.ts'
import { type RedemptionDefinition, RedemptionSchema } from './redemption/definition.ts'
import { type Redemption, redemptionDefinition, redemptionRules } from './redemption/rules.ts'
import { compileSale } from './sale/compile.ts'
import { type SaleDefinition, SaleSchema } from './sale/definition.ts'
import { type Sale, saleDefinition, saleRules } from './sale/rules.ts'
import { compileTask } from './task/compile.ts'
import { type TaskDefinition, TaskSchema } from './task/definition.ts'
import { type Task, taskDefinition, taskRules } from './task/rules.ts'

const closed = { additionalProperties: false }

/** The schema of each kind of activity, by the name that stands in `kind`. */
export const kinds = {
  sale: SaleSchema,
  draw: DrawSchema,
  task: TaskSchema,
  redemption: RedemptionSchema,
  invite: Invite,
  share: Share,
  assist: Assist,
  game: Game,
  board: Board
} as const

/** Kinds that this version can run; the others are refused by name. */
export const builtKinds: ReadonlySet<string> = new Set(['sale', 'draw', 'task', 'redemption'])

export const Activity = Type.Union([
  SaleSchema,
  DrawSchema,
  TaskSchema,
  RedemptionSchema,
  Invite,
  Share,
  Assist,
  Game,
  Board
])

export const Privileges = Type.Object(
  { earlySeconds: Type.Optional(whole(0, 86_400)), extraUnits: Type.Optional(whole(0, 1000)) },
  closed
)

export type ActivityDefinition = SaleDefinition | DrawDefinition | TaskDefinition | RedemptionDefinition

export type ActivityRules = Sale | Draw | Task | Redemption

export function activityRules(activity: ActivityDefinition, window: LocalWindow): ActivityRules {
  switch (activity.kind) {
    case 'sale':
      return saleRules(activity, window)
    case 'draw':
      return drawRules(activity, window)
    case 'task':
      return taskRules(activity, window)
    case 'redemption':
      return redemptionRules(activity, window)
    default:
      return activity satisfies never
  }
}

export function activityDefinition(activity: ActivityRules): ActivityDefinition {
  switch (activity.kind) {
    case 'sale':
      return saleDefinition(activity)
    case 'draw':
      return drawDefinition(activity)
    case 'task':
      return taskDefinition(activity)
    case 'redemption':
      return redemptionDefinition(activity)
    default:
      return activity satisfies never
  }
}

/** All values of `a:<campaign>:<activity>`. */
export function compileActivity(campaign: CampaignContext, activity: ActivityRules): Put[] {
  switch (activity.kind) {
    case 'sale':
      return compileSale(campaign, activity)
    case 'draw':
      return compileDraw(campaign, activity)
    case 'task':
      return compileTask(campaign, activity)
    case 'redemption':
      return compileRedemption(campaign, activity)
    default:
      return activity satisfies never
  }
}
