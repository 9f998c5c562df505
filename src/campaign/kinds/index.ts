import { Type } from 'typebox'
import { whole } from '../parts/shapes.ts'
import { Draw } from './draw/definition.ts'
import { Assist, Board, Game, Invite, Share } from './later.ts'
import { Sale } from './sale/definition.ts'
import { Redemption, Task } from './task/definition.ts'

const closed = { additionalProperties: false }

/** The schema of each kind of activity, by the name that stands in `kind`. */
export const kinds = {
  sale: Sale,
  draw: Draw,
  task: Task,
  redemption: Redemption,
  invite: Invite,
  share: Share,
  assist: Assist,
  game: Game,
  board: Board
} as const

/** Kinds that this version can run; the others are refused by name. */
export const builtKinds: ReadonlySet<string> = new Set(['sale', 'draw', 'task', 'redemption'])

export const Activity = Type.Union([Sale, Draw, Task, Redemption, Invite, Share, Assist, Game, Board])

export const Privileges = Type.Object(
  { earlySeconds: Type.Optional(whole(0, 86_400)), extraUnits: Type.Optional(whole(0, 1000)) },
  closed
)
