import { setTimeout as sleep } from 'node:timers/promises'
import { type FailPoint, failPoint } from '../../config/fail-points.ts'
import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import { markAll } from '../../gate/shard/mark-all.ts'
import { FOLLOWING, replayField } from '../../record/replay.ts'
import { type CampaignRow, findCampaign } from '../../store/campaigns/campaigns.ts'
import {
  askSettlement,
  endingChanges,
  findSettlement,
  noteSettlement,
  openSettlements,
  type SettlementRow,
  settledWithoutEnd,
  storedEnds,
  type WaitsFor
} from '../../store/campaigns/settlements.ts'
import { inSnapshot, inTransaction, type Queryable } from '../../store/connection/transaction.ts'
import { unmetFrames } from '../../store/following/followed.ts'
import { readFollowerPlaces } from '../../store/following/places.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { deployedShards } from '../../store/shard/deployment.ts'
import { hasDecisionsAfter, haveStored, type ShardMark } from '../../store/shard/marks.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import { statusOf } from '../carrying/catalogue.ts'
import {
  type Actor,
  checkVersion,
  type LifecycleContext,
  lockExisting,
  notFound,
  published
} from '../carrying/context.ts'
import { change, planFinal, planFlag } from '../change/plan.ts'
import { isFollowed } from '../kinds/followed.ts'
import { boards, changes, credits, goals, levels, loans, orders, reviews, type Step, spins } from './steps.ts'

const PAUSE_MS = 100
/** How long a look waits for the projection: it is behind for some milliseconds, as a rule. */
const STORED_MS = 2000
const STORING = 'storing'
const FOLLOWED = 'following'

/** Something that has to be done before a campaign is settled. */
interface SettlementStep extends Step {
  /** reached when all before it is done */
  readonly point?: FailPoint
}

const endsOf = async (db: Queryable, { id }: CampaignRow) =>
  storedEnds(db, SYSTEM_USER, (await endingChanges(db, id)).map(replayField.intent))

/** How many shards have decisions from before the end that Postgres does not have. */
async function shardsNotStored(db: Queryable, row: CampaignRow): Promise<number> {
  const ends = await endsOf(db, row)
  return (await deployedShards(db)).filter((shard) => !ends.some((end) => end.shard === shard && end.stored)).length
}

/** Whether everything of a campaign that a shard has stored is followed: what came after its end too. */
async function isFollowedUp(db: Queryable, { id }: CampaignRow, shard: number): Promise<boolean> {
  const { together, projected: upTo, alone } = await readFollowerPlaces(db, shard)
  if (together === undefined || [...alone.keys()].some((name) => name.startsWith(`${id}/`))) return false
  return (await unmetFrames(db, { shard, after: together, upTo, campaign: id })) === 0
}

/** How many shards have decisions of a campaign that are not followed; none where nobody follows it. */
async function shardsNotFollowed(db: Queryable, row: CampaignRow): Promise<number> {
  if (!isFollowed(published(row))) return 0
  const ends = await endsOf(db, row)
  let behind = 0
  for (const shard of await deployedShards(db)) {
    const isEnded = ends.some((end) => end.shard === shard)
    if (!isEnded || !(await isFollowedUp(db, row, shard))) behind += 1
  }
  return behind
}

/**
 * In their order: each may make what the next has to do. What one makes for an earlier one (a goal that was rewarded is followed) is not
 * missed, because all are asked about one moment.
 */
const steps: readonly SettlementStep[] = [
  {
    name: STORING,
    point: 'S1',
    means: 'shards whose decisions from before the end are not all stored',
    left: shardsNotStored
  },
  { point: 'S2', ...orders },
  spins,
  { point: 'S3', ...changes },
  { name: FOLLOWED, point: 'S4', means: 'shards whose decisions are not all followed yet', left: shardsNotFollowed },
  { point: 'S5', ...goals },
  reviews,
  { point: 'S6', ...credits },
  { point: 'S7', ...boards },
  { point: 'S8', ...levels },
  { point: 'S9', ...loans }
]

/** What is left of every step, as it is now. */
export interface SettlementPlan {
  readonly campaign: CampaignRow
  readonly left: ReadonlyArray<{ readonly step: string; readonly means: string; readonly left: number }>
}

/** Says what a settlement would do and wait for, at one moment; nothing is done. @throws CampaignError NOT_FOUND, CONFLICT */
export async function planSettlement(context: LifecycleContext, id: string): Promise<SettlementPlan> {
  const campaign = await findCampaign(context.pool, id)
  if (campaign === undefined) throw notFound(id)
  requireEnded(context, campaign)
  const left = await inSnapshot(context.pool, async (client) => {
    const all: Array<SettlementPlan['left'][number]> = []
    // what a settled campaign was made of may be archived
    for (const { name, means, ...step } of steps)
      all.push({ step: name, means, left: campaign.settled ? 0 : await step.left(client, campaign) })
    return all
  })
  return { campaign, left }
}

function requireEnded({ now }: LifecycleContext, row: CampaignRow): void {
  const status = statusOf({ ...row, rules: published(row) }, now())
  if (status !== 'ended' && status !== 'settled')
    throw new CampaignError('CONFLICT', `${row.id} is ${status}; only an ended campaign is settled.`)
}

/** A campaign, and what its settlement waits for; `settlement` is absent for one that an earlier version settled. */
export interface Settling {
  readonly campaign: CampaignRow
  readonly settlement?: SettlementRow | undefined
}

/**
 * Settles a campaign that has ended, as far as it can be done now; the worker carries on. Who asked first is who gave the word.
 * @throws CampaignError NOT_FOUND, CONFLICT, VERSION_MISMATCH
 */
export async function settle(context: LifecycleContext, id: string, actor: Actor): Promise<Settling> {
  await inTransaction(context.pool, async (client) => {
    const row = await lockExisting(client, id)
    checkVersion(row, actor)
    requireEnded(context, row)
    if (row.settled) return
    const { operator, reason } = actor
    if (!(await askSettlement(client, { campaign: id, by: operator, reason }))) return
    const entry = { operator, action: 'campaign.settlement', target: `campaign:${id}`, reason }
    await recordAudit(client, { ...entry, before: null, after: { settlement: 'asked' } })
  })
  const asked = await findSettlement(context.pool, id)
  if (asked && asked.settledAt === null) await carryOnFor(context, asked)
  const [campaign, settlement] = [await findCampaign(context.pool, id), await findSettlement(context.pool, id)]
  if (campaign === undefined) throw notFound(id)
  return { campaign, settlement }
}

/** Looks again and again for as long as a change waits for the gate: usually nothing but the projection is behind. */
async function carryOnFor(context: LifecycleContext, asked: SettlementRow): Promise<void> {
  const until = Date.now() + context.carryMs
  while (!(await carryOn(context, asked)) && Date.now() + PAUSE_MS < until) await sleep(PAUSE_MS)
}

/** The first step that is not done. */
async function firstLeft(db: Queryable, row: CampaignRow): Promise<WaitsFor | undefined> {
  for (const step of steps) {
    if (failPoint && step.point) await failPoint(step.point)
    const left = await step.left(db, row)
    if (left > 0) return { step: step.name, left }
  }
  return undefined
}

/** How far the shards have come, once Postgres has all of it; else what is waited for. */
async function storedMarks({ pool, gate }: LifecycleContext): Promise<readonly ShardMark[] | WaitsFor> {
  const marks = await markAll(gate)
  if (marks === undefined) return { step: STORING, left: gate.numbers.length }
  const until = performance.now() + STORED_MS
  while (!(await haveStored(pool, marks))) {
    if (performance.now() > until) return { step: STORING, left: marks.length }
    await sleep(PAUSE_MS)
  }
  return marks
}

/**
 * Looks twice: what was due is closed once the journal has the decision, so at the first look Postgres may lack it, and what follows from it. The
 * same may be so at the second look, of what was noted between both; so that one counts only if nothing was decided meanwhile that follows.
 */
async function firstLeftOfAll(context: LifecycleContext, row: CampaignRow): Promise<WaitsFor | undefined> {
  const { pool } = context
  const look = () => inSnapshot(pool, (client) => firstLeft(client, row))
  const left = await look()
  if (left !== undefined || !isFollowed(published(row))) return left
  const before = await storedMarks(context)
  if ('step' in before) return before
  const still = await look()
  if (still !== undefined) return still
  const after = await storedMarks(context)
  if ('step' in after) return after
  const isMore = await hasDecisionsAfter(pool, before, { campaign: row.id, keys: FOLLOWING })
  return isMore ? { step: FOLLOWED, left: 1 } : undefined
}

/**
 * Does what can be done now; safe to repeat, and side by side: each change is an intent of its own, and made once.
 * @returns whether the next look may have to wait for long: it is settled, or people have to do something first
 */
async function carryOn(context: LifecycleContext, { campaign: id, askedBy, reason }: SettlementRow): Promise<boolean> {
  const actor = { operator: askedBy, reason: reason ?? undefined }
  const { now, pool } = context
  // from here on nobody can extend it
  const { campaign } = await change(context, { id, actor }, (row) =>
    row.ended ? undefined : planFlag(row, 'campaign.ended', now())
  )
  const waitsFor = await firstLeftOfAll(context, campaign)
  if (waitsFor === undefined) {
    if (failPoint) await failPoint('X7')
    await change(context, { id, actor }, (row) => planFlag(row, 'campaign.settled', now()))
    if (failPoint) await failPoint('X8')
  }
  await noteSettlement(pool, id, waitsFor ?? null)
  return waitsFor === undefined || waitsFor.step === 'orders'
}

const OF_EARLIER_VERSION = { operator: 'floodgate', reason: 'an earlier version settled it' }

/**
 * Carries on with every settlement that waits, and tells the gate when those are final that an earlier version has settled; the worker
 * calls it about every second.
 * @throws the first error, once all others were carried on
 */
export async function driveSettlements(context: LifecycleContext): Promise<void> {
  const { pool, now } = context
  const errors: unknown[] = []
  const all = [
    ...(await openSettlements(pool)).map((settlement) => () => carryOn(context, settlement)),
    ...(await settledWithoutEnd(pool)).map((id) => () => {
      return change(context, { id, actor: OF_EARLIER_VERSION }, (row) => planFinal(row, now()))
    })
  ]
  for (const step of all) await step().catch((error: unknown) => void errors.push(error))
  if (errors.length > 0) throw errors[0]
}
