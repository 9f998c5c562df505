import { isoTime } from '../../base/iso-time.ts'
import { ARCHIVING } from '../../record/replay.ts'
import { type CampaignRow, findCampaign } from '../../store/campaigns/campaigns.ts'
import { hasFinalReport } from '../../store/campaigns/reports.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { readFollowerPlaces } from '../../store/following/places.ts'
import { type CampaignPlace, campaignPlaces, uncounted, unreadFrames } from '../../store/projection/campaign-places.ts'
import { readCheckpoint } from '../../store/projection/checkpoint.ts'
import { isBefore } from '../../store/projection/forgetting.ts'
import { openHolds } from '../../store/projection/holds.ts'
import { countClaimsWithoutCodes } from '../../store/reading/claims.ts'
import { countUnusedDetails } from '../../store/reading/win-details.ts'
import { deployedShards } from '../../store/shard/deployment.ts'
import { EVENTS_READER, readReaderPosition } from '../../store/shard/shards.ts'
import { openExpiries } from '../actions/expiring-points.ts'
import { notFound, published } from '../carrying/context.ts'
import { finalAt } from '../definition/final.ts'
import { isFollowed } from '../kinds/followed.ts'
import { boards, changes, credits, goals, jobs, levels, loans, orders, reviews, type Step, spins } from './steps.ts'

/** What an archive still waits for. */
export interface ArchiveWait {
  readonly step: string
  /** for people */
  readonly means: string
  /** how much is left */
  readonly left: number
}

const holds: Step = {
  name: 'holds',
  means: 'differences and violations for which it is held',
  left: (db, { id }) => openHolds(db, id)
}

const codes: Step = {
  name: 'codes',
  means: 'claims that have not got all their codes',
  left: (db, { id }) => countClaimsWithoutCodes(db, id)
}

const details: Step = {
  name: 'details',
  means: 'addresses of claims that were refused, which are forgotten after seven days',
  left: (db, { id }) => countUnusedDetails(db, id)
}

const expiries: Step = {
  name: 'expiries',
  means: 'units of the account that it gave and that have still to expire',
  left: (db, row) => openExpiries(db, published(row))
}

const worked: readonly Step[] = [
  orders,
  spins,
  jobs,
  expiries,
  reviews,
  changes,
  goals,
  credits,
  boards,
  levels,
  loans,
  holds,
  codes,
  details
]

/** By step: what a shard has still to do before rows of a campaign may leave Postgres. */
const ofShard = {
  projection: 'decisions that are not stored, or not folded into the checkpoint yet',
  retention: 'shards whose checkpoint has replays up to its last decision: it keeps them for KEY_RETENTION',
  redis: 'shards in which Redis has replays up to its last decision',
  events: 'frames up to its last decision that are not told as events',
  following: 'frames up to its last decision that are not followed'
} as const

type ShardWaits = Record<keyof typeof ofShard, number>

const NOTHING = { epoch: 0, sequence: 0 }

/** Frames up to a campaign's last decision that some listener of it has not met. */
async function unfollowed(db: Queryable, row: CampaignRow, upTo: CampaignPlace): Promise<number> {
  if (!isFollowed(published(row))) return 0
  const { together = NOTHING, alone } = await readFollowerPlaces(db, upTo.shard)
  const own = [...alone].flatMap(([name, place]) => (name.startsWith(`${row.id}/`) ? [place] : []))
  const unread = await Promise.all(
    [together, ...own].map((at) => unreadFrames(db, { shard: upTo.shard, upTo: upTo.last }, at))
  )
  return Math.max(...unread)
}

/** Reads the newest decision before what has passed it, so that one which comes meanwhile is at most met too early. */
async function shardWaits(db: Queryable, row: CampaignRow, shard: number): Promise<ShardWaits> {
  const place = (await campaignPlaces(db, row.id)).find((one) => one.shard === shard)
  const later = await uncounted(db, { shard, campaign: row.id }, ARCHIVING)
  // without any it cannot have been opened: its decisions are still on their way
  if (place === undefined) return { projection: Math.max(1, later), retention: 1, redis: 1, events: 0, following: 0 }
  const { forgotten, inRedis } = await readCheckpoint(db, shard)
  const events = (await readReaderPosition(db, EVENTS_READER, shard)) ?? NOTHING
  return {
    projection: later,
    retention: later > 0 || isBefore(forgotten, place.last) ? 1 : 0,
    redis: later > 0 || isBefore(inRedis, place.last) ? 1 : 0,
    events: await unreadFrames(db, { shard, upTo: place.last }, events),
    following: await unfollowed(db, row, place)
  }
}

/** What is known from the campaign's row and the clock. @param now ms since 1970 */
function ofRow(row: CampaignRow, now: number): ArchiveWait[] {
  const rules = published(row)
  const waits: ArchiveWait[] = []
  const wait = (step: string, means: string) => void waits.push({ step, means, left: 1 })
  if (row.review === 'publishing') wait('publication', 'a version that is being published')
  if (!row.settled) wait('settlement', 'it is not settled')
  if (rules.endedAt === undefined) {
    // settled by an earlier version: the worker writes it (settlement.ts)
    if (row.settled) wait('final date', 'the gate is not told yet from when on it is final')
  } else if (now < finalAt(rules)) {
    wait('final', `it can be moved until ${isoTime(finalAt(rules))}: returns, claims, payments`)
  }
  return waits
}

/**
 * What the archive of a campaign still waits for; empty where it may be archived. What has to be done for it is all done, and no replay
 * of it is left anywhere: neither the gate nor whoever reads decisions asks for one of its rows again.
 * @param now ms since 1970
 * @throws CampaignError NOT_FOUND, or CONFLICT before its first publication
 */
export async function waitsForArchive(db: Queryable, campaign: string, now: number): Promise<ArchiveWait[]> {
  const row = await findCampaign(db, campaign)
  if (row === undefined || row.version === 0) throw notFound(campaign)
  const waits = ofRow(row, now)
  if (row.settled && !(await hasFinalReport(db, campaign))) {
    waits.push({ step: 'report', means: 'its final report: afterwards its decisions are in the file alone', left: 1 })
  }
  for (const { name, means, left: leftOf } of worked) {
    const left = await leftOf(db, row)
    if (left > 0) waits.push({ step: name, means, left })
  }
  const sums: ShardWaits = { projection: 0, retention: 0, redis: 0, events: 0, following: 0 }
  const steps = Object.keys(sums) as Array<keyof ShardWaits>
  for (const shard of await deployedShards(db)) {
    const found = await shardWaits(db, row, shard)
    for (const step of steps) sums[step] += found[step]
  }
  for (const step of steps) if (sums[step] > 0) waits.push({ step, means: ofShard[step], left: sums[step] })
  return waits
}
