import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { UnavailableError } from '../../base/errors.ts'
import { rulesInForce } from '../../campaign/carrying/context.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import { prizesOf } from '../../campaign/kinds/prizes.ts'
import { campaignKey, stockKey } from '../../campaign/parts/fields.ts'
import type { HashReader, Shards } from '../../gate/gate.ts'
import type { CampaignRow } from '../../store/campaigns/campaigns.ts'
import { listAudit } from '../../store/operators/audit.ts'
import { countWins } from '../../store/reading/wins.ts'
import { EVENTS_READER, readReaderPosition, readShard } from '../../store/shard/shards.ts'
import { ProblemError } from '../problems/problems.ts'
import { stateOf } from './campaign-views.ts'
import type { Proofs } from './proofs.ts'

/** The part of the gate that the state is read from. */
export type StateGate = HashReader & Pick<Shards, 'depths' | 'numbers'>

interface StateSources {
  readonly pool: Pool
  readonly gate: StateGate
  readonly proofs: Proofs
  readonly now?: () => number
}

const names = ['total', 'remaining', 'held', 'paid'] as const
type Figures = Record<(typeof names)[number], number>

/** Units of a session or a prize; zeros if it has none. */
function figuresOf(stock: Record<string, string>, item: string): Figures & { taken: number } {
  const [total = 0, remaining = 0, held = 0, paid = 0] = names.map((name) => Number(stock[`${item}:${name}`] ?? 0))
  return { total, remaining, taken: total - remaining, held, paid }
}

function sum(all: ReadonlyArray<Figures & { taken: number }>): Figures & { taken: number } {
  const add = (name: keyof Figures | 'taken') => all.reduce((total, figures) => total + figures[name], 0)
  return { total: add('total'), remaining: add('remaining'), taken: add('taken'), held: add('held'), paid: add('paid') }
}

/** A shard, and how far it is behind. @throws UnavailableError */
export async function shardState(sources: Omit<StateSources, 'proofs'>, shard: number) {
  const [row, events, depths] = await Promise.all([
    fromStore(readShard(sources.pool, shard)),
    fromStore(readReaderPosition(sources.pool, EVENTS_READER, shard)),
    sources.gate.depths(shard)
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

/** Activities with prizes without a quota, whose wins only Postgres counts. */
function withoutQuota(activities: readonly ActivityRules[]): string[] {
  return activities.flatMap((activity) => (prizesOf(activity).some(({ quota }) => quota === null) ? [activity.id] : []))
}

/** The last change of the campaign: who, what and why. */
async function lastChange({ pool }: StateSources, campaign: string) {
  const [entry] = await fromStore(listAudit(pool, { limit: 1, target: `campaign:${campaign}` }))
  if (entry === undefined) return null
  const { action, operator, reason, at } = entry
  return { action, operator, reason, at: at.toISOString() }
}

interface Counted {
  readonly stock: Record<string, string>
  /** by `<draw>/<prize>` */
  readonly wins: ReadonlyMap<string, number>
  /** by activity */
  readonly proofs: ReadonlyMap<string, object>
}

/** Figures of an activity: by prize if it has prizes, else by session; sessions of tasks have no units. */
function activityState(activity: ActivityRules, { stock, wins, proofs }: Counted) {
  const prizesAsked = prizesOf(activity)
  const hasPrizes = prizesAsked.length > 0
  const sessions = activity.sessions.map((session) => ({
    id: session.id,
    opensAt: new Date(session.opensAt).toISOString(),
    closesAt: new Date(session.closesAt).toISOString(),
    paused: session.paused,
    ...(hasPrizes ? noFigures : figuresOf(stock, session.id))
  }))
  const prizes = hasPrizes
    ? prizesAsked.map(({ id, quota, ...rest }) => {
        const figures = figuresOf(stock, id)
        return {
          id,
          quota,
          ...('weight' in rest && { weight: rest.weight }),
          ...figures,
          ...(quota === null && { taken: wins.get(`${activity.id}/${id}`) ?? 0 })
        }
      })
    : undefined
  const { id, kind, paused } = activity
  const proof = proofs.get(id)
  const units = sum([...sessions, ...(prizes ?? [])])
  return { id, kind, paused, ...units, sessions, ...(prizes && { prizes }), ...(proof && { proof }) }
}

/**
 * The state of a campaign in Redis: units by activity, session and prize, participants, and the shards.
 * @throws UnavailableError when Redis or Postgres does not answer
 */
export async function readState(sources: StateSources, row: CampaignRow) {
  if (row.archived) {
    throw new ProblemError('CONFLICT', {}, `${row.id} is archived: its units and participants have left Redis.`)
  }
  const rules = rulesInForce(row)
  const known = rules?.activities ?? []
  const [[campaign, ...stocks], wins, changed, proofs, shards] = await Promise.all([
    sources.gate.read([campaignKey(row.id), ...known.map(({ id }) => stockKey(row.id, id))]),
    fromStore(countWins(sources.pool, row.id, withoutQuota(known))),
    lastChange(sources, row.id),
    sources.proofs(row.id),
    Promise.all(sources.gate.numbers.map((shard) => shardState(sources, shard)))
  ])
  // published but without rules in Redis: the shard is being opened again, and zeros would be wrong
  if (row.publishedAt !== null && campaign?.opens_at === undefined) {
    throw new UnavailableError('The rules of this campaign are not in Redis at the moment.')
  }
  return {
    campaign: row.id,
    state: stateOf(row, (sources.now ?? Date.now)()),
    participants: Number(campaign?.participants ?? 0),
    lastChange: changed,
    activities: known.map((activity, index) => activityState(activity, { stock: stocks[index] ?? {}, wins, proofs })),
    shards
  }
}
