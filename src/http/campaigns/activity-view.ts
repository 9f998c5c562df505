import type { ActivityRules } from '../../campaign/kinds/index.ts'
import type { Redemption } from '../../campaign/kinds/redemption/rules.ts'
import type { Sale } from '../../campaign/kinds/sale/rules.ts'
import type { Task } from '../../campaign/kinds/task/rules.ts'
import { rewardDefinition } from '../../campaign/parts/reward.ts'
import {
  commonView,
  currentOrNext,
  openingOf,
  sessionRemaining,
  sessionsView,
  type ViewContext
} from './activity-view-parts.ts'
import { drawTerms } from './draw-terms.ts'
import { drawLiveView, drawView } from './draw-view.ts'

function saleView(sale: Sale, context: ViewContext) {
  return {
    ...commonView(sale, context),
    ...(sale.sku !== undefined && { sku: sale.sku }),
    ...(sale.listPrice !== undefined && { listPrice: sale.listPrice }),
    price: sale.price,
    currency: sale.currency,
    unitsPerUser: sale.unitsPerUser || null,
    payWithinSeconds: sale.payWithinSeconds || null,
    ...(sale.shipWithin !== undefined && { shipWithin: sale.shipWithin }),
    remaining: sessionRemaining(sale, context),
    sessions: sessionsView(sale, context)
  }
}

function taskView(task: Task, context: ViewContext) {
  const { goal, after, tier, streak } = task
  return {
    ...commonView(task, context),
    per: task.per,
    ...(tier !== undefined && { tier }),
    ...(goal && { goal }),
    ...(after.length > 0 && { after }),
    reward: rewardDefinition(task.reward),
    ...(streak.length > 0 && {
      streak: streak.map(({ days, reward }) => ({ days, reward: rewardDefinition(reward) }))
    }),
    sessions: sessionsView(task, context)
  }
}

function redemptionView(item: Redemption, context: ViewContext) {
  return {
    ...commonView(item, context),
    cost: { [item.cost.unit]: item.cost.amount },
    unitsPerUser: item.unitsPerUser || null,
    remaining: sessionRemaining(item, context),
    sessions: sessionsView(item, context)
  }
}

/** An activity as the public sees it. */
export function activityView(activity: ActivityRules, context: ViewContext) {
  switch (activity.kind) {
    case 'sale':
      return saleView(activity, context)
    case 'draw':
      return drawView(activity, context)
    case 'task':
      return taskView(activity, context)
    case 'redemption':
      return redemptionView(activity, context)
    default:
      return activity satisfies never
  }
}

/** What of an activity changes while people watch. */
export function activityLiveView(activity: ActivityRules, context: Pick<ViewContext, 'now' | 'figures'>) {
  if (activity.kind === 'draw') return drawLiveView(activity, context)
  const common = { id: activity.id, kind: activity.kind, ...openingOf(activity, context.now) }
  if (activity.kind === 'task') return common
  return {
    ...common,
    ...(activity.kind === 'sale'
      ? { price: activity.price }
      : { cost: { [activity.cost.unit]: activity.cost.amount } }),
    remaining: sessionRemaining(activity, context),
    session: currentOrNext(activity, context.now)?.id ?? null
  }
}

interface Figures {
  readonly remaining?: unknown
  readonly total?: unknown
}

function withoutFigures<T extends Figures>({ remaining: _remaining, total: _total, ...rest }: T) {
  return rest
}

/** An activity as the rules promise it: without the figures of the moment. */
export function activityRulesView(activity: ActivityRules, context: ViewContext) {
  const { sessions, ...view } = activityView(activity, context)
  return {
    ...withoutFigures(view as typeof view & Figures),
    ...('prizes' in view && { prizes: view.prizes.map(withoutFigures) }),
    ...(activity.kind === 'draw' && { terms: drawTerms(activity, context.campaign.rules.policies, context.language) }),
    sessions: sessions.map(withoutFigures)
  }
}
