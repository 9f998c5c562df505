import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { UnavailableError } from '../../base/errors.ts'
import { rulesInForce } from '../../campaign/carrying/context.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import { prizesOf } from '../../campaign/kinds/prizes.ts'
import type { HashReader, Shards } from '../../gate/gate.ts'
import type { CampaignRow } from '../../store/campaigns/campaigns.ts'
import { listAudit } from '../../store/operators/audit.ts'
import { countWins } from '../../store/reading/wins.ts'
import { EVENTS_READER, readReaderPosition, readShard } from '../../store/shard/shards.ts'
import type { LiveFigures } from '../campaigns/live-figures.ts'
import { keysOf, type Place, type ShardFigures, shardAsOf, shardFigures, together } from '../campaigns/shard-figures.ts'
import type { StockFigures } from '../kinds/parts/page.ts'
import { ProblemError } from '../problems/problems.ts'
import type { Proofs } from './proofs.ts'
import { stateOf } from './views/campaign-views.ts'

/** The part of the gate that the state is read from. */
export type StateGate = HashReader & Pick<Shards, 'depths' | 'numbers'>

interface StateSources {
  readonly pool: Pool
  readonly gate: StateGate
  readonly figures: Pick<LiveFigures, 'lastOf'>
  readonly proofs: Proofs
  readonly now?: () => number
}

/** Units of a session or a prize; zeros if it has none. */
function figuresOf(found: StockFigures | undefined): StockFigures & { taken: number } {
  const { total = 0, remaining = 0, held = 0, paid = 0 } = found ?? {}
  return { total, remaining, taken: total - remaining, held, paid }
}

function sum(all: ReadonlyArray<StockFigures & { taken: number }>): StockFigures & { taken: number } {
  const add = (name: keyof StockFigures | 'taken') => all.reduce((total, figures) => total + figures[name], 0)
  return { total: add('total'), remaining: add('remaining'), taken: add('taken'), held: add('held'), paid: add('paid') }
}

/**
 * A shard, and how far it is behind: null where its Redis does not say, `unknown` where it is open and does not answer.
 * @param isAway whether its figures could not be read
 * @throws UnavailableError when Postgres does not answer
 */
export async function shardState({ pool, gate }: Pick<StateSources, 'pool' | 'gate'>, shard: number, isAway: boolean) {
  const [row, events, depths] = await Promise.all([
    fromStore(readShard(pool, shard)),
    fromStore(readReaderPosition(pool, EVENTS_READER, shard)),
    gate.depths(shard).catch(() => ({ outbox: null, kept: null }))
  ])
  const state = row?.state ?? 'closed'
  const position = row?.position ?? null
  const isSameStream = position !== null && position.epoch === events?.epoch
  return {
    shard,
    epoch: row?.epoch ?? null,
    state: state === 'open' && (isAway || depths.kept === null) ? 'unknown' : state,
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

const noFigures = figuresOf(undefined)

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
  /** by `<activity>/<session>` and `<draw>/<prize>` */
  readonly stock: ReadonlyMap<string, StockFigures>
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
    ...(hasPrizes ? noFigures : figuresOf(stock.get(`${activity.id}/${session.id}`)))
  }))
  const prizes = hasPrizes
    ? prizesAsked.map(({ id, quota, ...rest }) => {
        const figures = figuresOf(stock.get(`${activity.id}/${id}`))
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

type Answer = PromiseSettledResult<ShardFigures>

/** What each shard says now, by number. */
function askEach({ gate }: StateSources, place: Place, now: number): Promise<Answer[]> {
  const keys = keysOf(place)
  return Promise.allSettled(gate.numbers.map(async (shard) => shardFigures(place, await gate.read(keys, shard), now)))
}

/**
 * What the shards say together: what they say now, and of those that do not answer what they said last.
 * @throws UnavailableError when none answers
 */
function figuresOfAll({ figures }: StateSources, row: CampaignRow, answers: readonly Answer[]) {
  const said = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  const [first] = answers
  if (said.length === 0 && first?.status === 'rejected') throw first.reason
  // published but without rules in Redis: the shard is being opened again, and zeros would be wrong
  if (row.publishedAt !== null && said.every(({ isThere }) => !isThere)) {
    throw new UnavailableError('The rules of this campaign are not in Redis at the moment.')
  }
  const last = figures.lastOf(row.id)
  return together(answers.map((answer, shard) => (answer.status === 'fulfilled' ? answer.value : last[shard])))
}

/**
 * The state of a campaign in Redis: units by activity, session and prize, participants, and the shards. Of a shard that does not answer the
 * last known figures count; each shard says when its own were read, null where they are not in the sums.
 * @throws UnavailableError when Postgres or all of Redis does not answer
 */
export async function readState(sources: StateSources, row: CampaignRow) {
  if (row.archived) {
    throw new ProblemError('CONFLICT', {}, `${row.id} is archived: its units and participants have left Redis.`)
  }
  const { pool, now = Date.now } = sources
  const known = rulesInForce(row)?.activities ?? []
  const asking = askEach(sources, { id: row.id, rules: { activities: known } }, now())
  const [asked, wins, changed, proofs, shards] = await Promise.all([
    asking,
    fromStore(countWins(pool, row.id, withoutQuota(known))),
    lastChange(sources, row.id),
    sources.proofs(row.id),
    asking.then((answers) =>
      Promise.all(answers.map((answer, shard) => shardState(sources, shard, answer.status === 'rejected')))
    )
  ])
  const figures = figuresOfAll(sources, row, asked)
  const stock = figures?.stock ?? new Map()
  return {
    campaign: row.id,
    state: stateOf(row, now()),
    participants: figures?.participants ?? 0,
    lastChange: changed,
    activities: known.map((activity) => activityState(activity, { stock, wins, proofs })),
    shards: shards.map((shard, number) => ({ ...shard, asOf: shardAsOf(figures, number) }))
  }
}
