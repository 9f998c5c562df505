import type { Pool } from 'pg'
import type { ActivityRules } from '../campaign/activity-rules.ts'
import { campaignKey, stockKey } from '../campaign/compile.ts'
import { rulesInForce } from '../campaign/lifecycle-parts.ts'
import { fromStore } from '../gate/from-store.ts'
import { type Gate, UnavailableError } from '../gate/gate.ts'
import type { CampaignRow } from '../store/campaigns.ts'
import { EVENTS_PLACE, readPlace, readShard } from '../store/shards.ts'
import { stateOf } from './admin-campaign-views.ts'

/** The part of the gate that the state is read from. */
export type StateGate = Pick<Gate, 'read' | 'depths'>

interface StateSources {
  readonly pool: Pool
  readonly gate: StateGate
  readonly now?: () => number
}

const SHARDS = [0]

const names = ['total', 'remaining', 'held', 'paid'] as const
type Figures = Record<(typeof names)[number], number>

/** Units of a session or a prize; zeros where it has none. */
function figuresOf(stock: Record<string, string>, item: string): Figures & { taken: number } {
  const [total = 0, remaining = 0, held = 0, paid = 0] = names.map((name) => Number(stock[`${item}:${name}`] ?? 0))
  return { total, remaining, taken: total - remaining, held, paid }
}

function sum(all: ReadonlyArray<Figures & { taken: number }>): Figures & { taken: number } {
  const add = (name: keyof Figures | 'taken') => all.reduce((total, figures) => total + figures[name], 0)
  return { total: add('total'), remaining: add('remaining'), taken: add('taken'), held: add('held'), paid: add('paid') }
}

async function shardState(sources: StateSources, shard: number) {
  const [row, events, depths] = await Promise.all([
    fromStore(readShard(sources.pool, shard)),
    fromStore(readPlace(sources.pool, EVENTS_PLACE, shard)),
    sources.gate.depths()
  ])
  const position = row?.position ?? null
  const isSameStream = position !== null && position.epoch === events?.epoch
  return {
    shard,
    epoch: row?.epoch ?? null,
    state: row?.state ?? 'closed',
    waitingFor: row?.waitingFor ?? '',
    position,
    events: events ?? null,
    ...depths,
    // frames; of the events behind the projection, null while they are in streams of different openings
    lags: {
      projection: depths.kept,
      events: isSameStream ? Math.max(0, position.sequence - events.sequence) : null
    }
  }
}

const noFigures = figuresOf({}, '')

/** Sessions of sales and redemptions are counted, of draws their prizes; tasks are not counted here. */
function activityState(activity: ActivityRules, stock: Record<string, string>) {
  const isDraw = activity.kind === 'draw'
  const sessions = activity.sessions.map((session) => ({
    id: session.id,
    opensAt: new Date(session.opensAt).toISOString(),
    closesAt: new Date(session.closesAt).toISOString(),
    paused: session.paused,
    ...(isDraw ? noFigures : figuresOf(stock, session.id))
  }))
  const prizes = isDraw
    ? activity.prizes.map(({ id, quota, weight }) => ({ id, quota, weight, ...figuresOf(stock, id) }))
    : undefined
  const { id, kind, paused } = activity
  return { id, kind, paused, ...sum([...sessions, ...(prizes ?? [])]), sessions, ...(prizes && { prizes }) }
}

/**
 * How a campaign stands by the gate: units by activity, session and prize, participants, and the shards.
 * @throws UnavailableError when Redis or Postgres does not answer
 */
export async function readState(sources: StateSources, row: CampaignRow) {
  const rules = rulesInForce(row)
  const known = rules?.activities ?? []
  const [[campaign, ...stocks], shards] = await Promise.all([
    sources.gate.read([campaignKey(row.id), ...known.map(({ id }) => stockKey(row.id, id))]),
    Promise.all(SHARDS.map((shard) => shardState(sources, shard)))
  ])
  // published and without rules in Redis: the shard is being opened again, and zeros would be a lie
  if (row.publishedAt !== null && campaign?.opens_at === undefined) {
    throw new UnavailableError('The rules of this campaign are not in Redis at the moment.')
  }
  return {
    campaign: row.id,
    state: stateOf(row, (sources.now ?? Date.now)()),
    participants: Number(campaign?.participants ?? 0),
    activities: known.map((activity, index) => activityState(activity, stocks[index] ?? {})),
    shards
  }
}
