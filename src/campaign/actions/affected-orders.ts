import type { TransitionCommand } from '../../gate/batch/commands.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { OrderRecord } from '../../record/order.ts'
import { replayField } from '../../record/replay.ts'
import { decodeRefund } from '../../record/reports/refund.ts'
import { isArchived } from '../../store/campaigns/archives.ts'
import { findCampaign } from '../../store/campaigns/campaigns.ts'
import { insertJob, type Job, type OrderFilter } from '../../store/campaigns/jobs.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { type CountedOrders, countAffected } from '../../store/reading/affected-orders.ts'
import type { AuditedCommand } from '../carrying/audited-gate.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import {
  type Actor,
  keyReused,
  type LifecycleContext,
  lockExisting,
  notFound,
  published,
  requireOwn
} from '../carrying/context.ts'
import { findActivity, type Rules } from '../definition/rules.ts'

/** Which orders of a campaign an error has hit. */
export interface Affected {
  readonly campaign: string
  readonly filter: OrderFilter
}

/** @throws CampaignError NOT_FOUND where the campaign sells nothing of that name */
function requireSale(rules: Rules, { activity }: OrderFilter): void {
  const found = findActivity(rules, activity)
  if (found === undefined || !('price' in found))
    throw new CampaignError('NOT_FOUND', `${rules.id} has no sale ${activity}.`)
}

/** What a cancellation in bulk would do. @throws CampaignError NOT_FOUND, CONFLICT before the first publication */
export async function planCancellation(
  context: LifecycleContext,
  { campaign, filter }: Affected
): Promise<CountedOrders> {
  const row = await findCampaign(context.pool, campaign)
  if (row === undefined || row.version === 0) throw notFound(campaign)
  requireSale(published(row), filter)
  return countAffected(context.pool, { campaign, filter })
}

/**
 * Notes that orders are to be cancelled; the worker does it, order by order. Asked again under the same key it is the same job.
 * @returns its number
 * @throws CampaignError NOT_FOUND, CONFLICT
 */
export async function askCancellation(
  context: LifecycleContext,
  { campaign, filter }: Affected,
  actor: Actor
): Promise<number> {
  const { operator, reason = '', key = '' } = actor
  return inTransaction(context.pool, async (client) => {
    requireSale(published(await lockExisting(client, campaign)), filter)
    if (await isArchived(client, campaign))
      throw new CampaignError('CONFLICT', `${campaign} is archived, or being archived; nothing of it is changed.`)
    const job = { kind: 'cancellation', campaign, asked: filter, operator, reason, key } as const
    const { id, isNew, isSame, askedAt } = await insertJob(client, job)
    if (!isSame) throw keyReused()
    requireOwn(actor, askedAt)
    const entry = { operator, action: 'orders.cancellation', target: `campaign:${campaign}`, reason }
    if (isNew) await recordAudit(client, { ...entry, after: { job: `cancellation-${id}`, ...filter } })
    return id
  })
}

/** The command by which a job cancels an order, and its audit entry. */
export function cancellationOf(
  { order, user }: { readonly order: OrderRecord; readonly user: string },
  { id, kind, operator, reason }: Job
): AuditedCommand {
  const { status, quantity, campaign, activity, session } = order
  const command: TransitionCommand = {
    op: 'transition',
    transition: 'cancel',
    by: 'operator',
    user,
    key: replayField.job(id, order.id),
    hash: 'cancel',
    campaign,
    activity,
    session,
    order: order.id,
    request: JSON.stringify({ reason, operator, job: `${kind}-${id}` })
  }
  return {
    command,
    entryOf: (outcome) => ({
      operator,
      action: 'order.cancellation',
      target: `order:${order.id}`,
      reason,
      before: { status, quantity },
      after: { ...dueIn(outcome), status: 'cancelled', job: `${kind}-${id}` }
    })
  }
}

/** Money that is due back by a cancellation. */
function dueIn(outcome: Outcome) {
  const refund = 'decision' in outcome ? decodeRefund(outcome.decision.report) : undefined
  if (refund === undefined || refund.amount === 0) return {}
  const { amount, currency, reference } = refund
  return { refundDue: { amount, currency, reference } }
}
