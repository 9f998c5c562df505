import { setTimeout as sleep } from 'node:timers/promises'
import { SHARDS } from '../../base/shards.ts'
import { type FailPoint, failPoint } from '../../config/fail-points.ts'
import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import { replayField } from '../../record/replay.ts'
import { periodsNotFinal } from '../../store/boards/freezing.ts'
import { type CampaignRow, findCampaign } from '../../store/campaigns/campaigns.ts'
import {
  askSettlement,
  BOARDS_STEP,
  dueGoals,
  endingChanges,
  findSettlement,
  noteSettlement,
  openChanges,
  openSettlements,
  payableOrders,
  type SettlementRow,
  storedEnds,
  type WaitsFor
} from '../../store/campaigns/settlements.ts'
import { inTransaction, type Queryable } from '../../store/connection/transaction.ts'
import { openCredits } from '../../store/following/credits.ts'
import { openLevels } from '../../store/following/levels.ts'
import { readFollowerPlaces } from '../../store/following/places.ts'
import { recordAudit } from '../../store/operators/audit.ts'
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
import { change, planFlag } from '../change/plan.ts'
import { isFollowed } from '../kinds/followed.ts'
import { kindOf } from '../kinds/index.ts'

const PAUSE_MS = 100

/** Something that has to be done before a campaign is settled. */
interface Step {
  readonly name: string
  /** reached when all before it is done */
  readonly point: FailPoint
  /** what it waits for, for people */
  readonly means: string
  /** How much is left; 0: done. */
  left(db: Queryable, row: CampaignRow): Promise<number>
}

const endsOf = async (db: Queryable, { id }: CampaignRow) =>
  storedEnds(db, SYSTEM_USER, (await endingChanges(db, id)).map(replayField.intent))

/** How many shards have decisions from before the end that Postgres does not have. */
async function shardsNotStored(db: Queryable, row: CampaignRow): Promise<number> {
  const ends = await endsOf(db, row)
  return SHARDS.filter((shard) => !ends.some((end) => end.shard === shard && end.stored)).length
}

/** How many shards have not followed a campaign to its end; none where nobody follows it. */
async function shardsNotFollowed(db: Queryable, row: CampaignRow): Promise<number> {
  if (!isFollowed(published(row))) return 0
  const ends = await endsOf(db, row)
  const behind = await Promise.all(
    SHARDS.map(async (shard) => {
      const end = ends.find((each) => each.shard === shard)
      const { together, alone } = await readFollowerPlaces(db, shard)
      if (end === undefined || together === undefined) return true
      const isBefore = together.epoch < end.epoch || (together.epoch === end.epoch && together.sequence < end.sequence)
      return isBefore || [...alone.keys()].some((name) => name.startsWith(`${row.id}/`))
    })
  )
  return behind.filter((is) => is).length
}

async function boardsNotFinal(db: Queryable, row: CampaignRow): Promise<number> {
  const wanted = published(row).activities.flatMap((activity) =>
    (kindOf(activity).finalPeriods?.(activity) ?? []).map((period) => ({ board: activity.id, period }))
  )
  return periodsNotFinal(db, row.id, wanted)
}

const credits = {
  name: 'credits',
  means: 'rewards for what others did',
  left: (db: Queryable, { id }: CampaignRow) => openCredits(db, id)
}

/** In their order: each may make what the next has to do. */
const steps: readonly Step[] = [
  {
    name: 'storing',
    point: 'S1',
    means: 'shards whose decisions from before the end are not all stored',
    left: shardsNotStored
  },
  {
    name: 'orders',
    point: 'S2',
    means: 'orders that may still be paid',
    left: (db, { id }) => payableOrders(db, id)
  },
  {
    name: 'changes',
    point: 'S3',
    means: 'changes and grants that the gate has still to carry out',
    left: (db, { id }) => openChanges(db, id)
  },
  { name: 'following', point: 'S4', means: 'shards whose decisions are not all followed yet', left: shardsNotFollowed },
  {
    name: 'goals',
    point: 'S5',
    means: 'goals that were reached and are not rewarded yet',
    left: (db, { id }) => dueGoals(db, id)
  },
  { point: 'S6', ...credits },
  { name: BOARDS_STEP, point: 'S7', means: 'leaderboards whose order is not final yet', left: boardsNotFinal },
  // what the first of the leaderboards get
  { point: 'S8', ...credits },
  {
    name: 'levels',
    point: 'S9',
    means: 'levels that are to be counted anew or to be changed',
    left: (db, { id }) => openLevels(db, id)
  }
]

/** What is left of every step, as it is now. */
export interface SettlementPlan {
  readonly campaign: CampaignRow
  readonly left: ReadonlyArray<{ readonly step: string; readonly means: string; readonly left: number }>
}

/** Says what a settlement would do and wait for; nothing is done. @throws CampaignError NOT_FOUND, CONFLICT */
export async function planSettlement(context: LifecycleContext, id: string): Promise<SettlementPlan> {
  const campaign = await findCampaign(context.pool, id)
  if (campaign === undefined) throw notFound(id)
  requireEnded(context, campaign)
  const left = await Promise.all(
    steps.map(async ({ name, means, ...step }) => ({
      step: name,
      means,
      left: await step.left(context.pool, campaign)
    }))
  )
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
    if (failPoint) await failPoint(step.point)
    const left = await step.left(db, row)
    if (left > 0) return { step: step.name, left }
  }
  return undefined
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
  const waitsFor = await firstLeft(pool, campaign)
  if (waitsFor === undefined) {
    if (failPoint) await failPoint('X7')
    await change(context, { id, actor }, (row) => planFlag(row, 'campaign.settled', now()))
    if (failPoint) await failPoint('X8')
  }
  await noteSettlement(pool, id, waitsFor ?? null)
  return waitsFor === undefined || waitsFor.step === 'orders'
}

/**
 * Carries on with every settlement that waits; the worker calls it about every second.
 * @throws the first error, once all others were carried on
 */
export async function driveSettlements(context: LifecycleContext): Promise<void> {
  const open = await openSettlements(context.pool)
  const errors: unknown[] = []
  for (const settlement of open) await carryOn(context, settlement).catch((error: unknown) => void errors.push(error))
  if (errors.length > 0) throw errors[0]
}
