import { isDeepStrictEqual } from 'node:util'
import type { PoolClient } from 'pg'
import { isoTime } from '../../base/iso-time.ts'
import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import { isArchived } from '../../store/campaigns/archives.ts'
import {
  type CampaignChange,
  type CampaignRow,
  changeCampaign,
  findCampaign,
  type Notice
} from '../../store/campaigns/campaigns.ts'
import { findIntentByKey, insertIntent } from '../../store/campaigns/intents.ts'
import { inTransaction, rolledBack } from '../../store/connection/transaction.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import { awaitIntent } from '../carrying/carry-out.ts'
import { statusOf } from '../carrying/catalogue.ts'
import {
  type Actor,
  type Change,
  checkVersion,
  invalid,
  keyReused,
  type LifecycleContext,
  lockExisting,
  notFound,
  published,
  requireOwn,
  stillPublishing
} from '../carrying/context.ts'
import type { Writes } from '../carrying/split.ts'
import { finalAt } from '../definition/final.ts'
import { describe, type Rules } from '../definition/rules.ts'
import type { DefinitionError } from '../parts/explain.ts'
import { campaignKey } from '../parts/fields.ts'
import type { Adjusted } from './draft.ts'

/** The planned writes of a change of a locked campaign. */
export interface Planned extends Writes {
  /** entity.verb of the decision and its event */
  readonly type: string
  readonly activity?: string
  /** the user whom it concerns; absent for a change of the campaign itself */
  readonly user?: string
  readonly data: Record<string, unknown>
  readonly change: CampaignChange
  readonly before: unknown
  readonly after: unknown
  /** writes what follows from it, in the same transaction. @param intent its number */
  readonly also?: (client: PoolClient, intent: number) => Promise<void>
}

/** A change that was planned only: what it would do to the campaign, which is as it was. */
export interface Foreseen {
  readonly campaign: CampaignRow
  /** what the gate would carry out; absent where it would have nothing to do */
  readonly planned?: Planned
  /** what visitors would be told, where nothing else changes */
  readonly notice?: Notice | null
  /** what is valid but probably not meant */
  readonly warnings?: readonly DefinitionError[]
}

/** Plans a change. `client` is in the transaction that holds the campaign's lock. */
export type Plan = (row: CampaignRow, client: PoolClient) => Planned | undefined | Promise<Planned | undefined>

interface Target {
  readonly id: string
  readonly actor: Actor
}

/** @throws CampaignError VERSION_MISMATCH, CONFLICT, and what the plan refuses */
async function planOf(client: PoolClient, row: CampaignRow, { actor, plan }: { actor: Actor; plan: Plan }) {
  checkVersion(row, actor)
  if (await isArchived(client, row.id))
    throw new CampaignError('CONFLICT', `${row.id} is archived, or being archived; nothing of it is changed.`)
  return plan(row, client)
}

async function askedBefore(client: PoolClient, actor: Actor): Promise<number | undefined> {
  if (actor.key === undefined) return undefined
  const known = await findIntentByKey(client, actor.operator, actor.key)
  if (known && known.requestHash !== (actor.hash ?? null)) throw keyReused()
  // one that is open is still carried out, and one that was refused is refused again
  if (known?.state === 'applied') requireOwn(actor, known.createdAt)
  return known?.id
}

async function write(client: PoolClient, id: string, step: { actor: Actor; planned: Planned }): Promise<number> {
  const { actor, planned } = step
  const { operator, reason } = actor
  const intent = await insertIntent(client, {
    campaign: id,
    activity: planned.activity ?? '',
    user: planned.user ?? SYSTEM_USER,
    type: planned.type,
    puts: planned.puts,
    adds: planned.adds,
    request: JSON.stringify({ by: operator, reason, ...planned.data }),
    by: operator,
    requestKey: actor.key,
    requestHash: actor.hash
  })
  await changeCampaign(client, id, planned.change)
  const target = planned.user === undefined ? `campaign:${id}` : `user:${issuedUser(planned.user)}`
  const { type: action, before, after } = planned
  await recordAudit(client, { operator, action, target, reason, before, after })
  await planned.also?.(client, intent)
  return intent
}

/**
 * Every change that the gate carries out goes through this function: one transaction locks the campaign, plans, and writes
 * intent, audit and rules; then the intent is carried out. A plan of `undefined` means that there is nothing to change.
 */
export async function change(context: LifecycleContext, { id, actor }: Target, plan: Plan): Promise<Change> {
  const intent = await inTransaction(context.pool, async (client) => {
    const row = await lockExisting(client, id)
    // A retry gets the answer of the first attempt, even if the campaign has changed since.
    const known = await askedBefore(client, actor)
    if (known !== undefined) return known
    const planned = await planOf(client, row, { actor, plan })
    return planned && write(client, id, { actor, planned })
  })
  const carried = intent === undefined ? undefined : await awaitIntent(context, intent, context.carryMs)
  const campaign = await findCampaign(context.pool, id)
  if (!campaign) throw notFound(id)
  return carried ? { campaign, intent: carried } : { campaign }
}

/** Plans a change as `change` does, and leaves nothing behind. @throws what `change` throws before it writes; UnavailableError */
export function foresee(context: LifecycleContext, { id, actor }: Target, plan: Plan): Promise<Foreseen> {
  return rolledBack(context.pool, async (client) => {
    const campaign = await lockExisting(client, id)
    const planned = await planOf(client, campaign, { actor, plan })
    if (planned) return { campaign, planned }
    // what is only told was written by its plan
    return { campaign, notice: (await lockExisting(client, id)).notice }
  })
}

const flagSteps = {
  'campaign.paused': { field: 'paused', value: '1', change: { paused: true } },
  'campaign.resumed': { field: 'paused', value: '0', change: { paused: false } },
  'campaign.ended': { field: 'ended', value: '1', change: { ended: true } },
  'campaign.settled': { field: 'ended', value: '1', change: { ended: true, settled: true } }
} as const

/** Plans pause, resumption, end and settlement. @throws CampaignError CONFLICT */
export function planFlag(row: CampaignRow, type: keyof typeof flagSteps, now: number): Planned | undefined {
  const rules = published(row)
  const step = flagSteps[type]
  const before = { paused: row.paused, ended: row.ended, settled: row.settled }
  const after = { ...before, ...step.change }
  const status = statusOf({ ...before, rules }, now)
  const over = status === 'ended' || status === 'settled'
  if (step.field === 'paused' && over) throw new CampaignError('CONFLICT', `${row.id} has ended.`)
  if (isDeepStrictEqual(before, after)) return undefined
  if (type === 'campaign.settled' && !over) {
    throw new CampaignError('CONFLICT', `${row.id} is ${status}; only an ended campaign is settled.`)
  }
  const puts = [[campaignKey(row.id), step.field, step.value] as const]
  const flagged = { type, adds: [], data: {}, before, after }
  if (step.field !== 'ended') return { ...flagged, puts, change: { ...step.change, pausedWithAll: false } }
  const { rules: ended, puts: final } = ending(rules, now)
  return { ...flagged, puts: [...puts, ...final], change: { ...step.change, rules: ended } }
}

/** From its end on it is known when a campaign is final. */
function ending(rules: Rules, now: number): { readonly rules: Rules; readonly puts: Writes['puts'] } {
  const ended = { ...rules, endedAt: rules.endedAt ?? Math.min(now, rules.closesAt) }
  return { rules: ended, puts: [[campaignKey(rules.id), 'final_at', String(finalAt(ended))]] }
}

/** Tells the gate when a campaign is final that an earlier version has settled without a word of it; undefined where it knows. */
export function planFinal(row: CampaignRow, now: number): Planned | undefined {
  const rules = published(row)
  if (!row.settled || rules.endedAt !== undefined) return undefined
  const ended = ending(rules, now)
  const final = { finalAt: isoTime(finalAt(ended.rules)) }
  const change = { rules: ended.rules }
  return {
    type: 'campaign.adjusted',
    adds: [],
    puts: ended.puts,
    data: final,
    before: { finalAt: null },
    after: final,
    change
  }
}

type Described = Record<string, unknown>

/** The fields that differ between two descriptions: an audit entry need not repeat a thousand sessions. */
function differing(before: Described, after: Described): { before: Described; after: Described } {
  const differences: { before: Described; after: Described } = { before: {}, after: {} }
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, fresh] = [before[name], after[name]]
    if (isDeepStrictEqual(old, fresh)) continue
    const lists = Array.isArray(old) && Array.isArray(fresh)
    const missingIn = (list: unknown[]) => (item: unknown) => !list.some((other) => isDeepStrictEqual(item, other))
    differences.before[name] = lists ? old.filter(missingIn(fresh)) : old
    differences.after[name] = lists ? fresh.filter(missingIn(old)) : fresh
  }
  return differences
}

/** Plans an adjustment of the rules in force. @throws CampaignError CONFLICT, VALIDATION */
export function planAdjustment(row: CampaignRow, activity: string, adjust: (rules: Rules) => Adjusted): Planned {
  const rules = published(row)
  if (row.review === 'publishing') throw stillPublishing(row)
  if (row.ended || row.settled) throw new CampaignError('CONFLICT', `${row.id} has ended.`)
  const adjusted = adjust(rules)
  if (!adjusted.ok) throw invalid(adjusted.errors)
  const { type, puts, adds, data } = adjusted
  const audited = differing(describe(rules, activity), describe(adjusted.rules, activity))
  return { type, activity, puts, adds, data, change: { rules: adjusted.rules }, ...audited }
}
