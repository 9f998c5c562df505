import { isoTime } from '../../base/iso-time.ts'
import { type CatalogueCampaign, statusOf } from '../../campaign/carrying/catalogue.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import { prizesOf } from '../../campaign/kinds/prizes.ts'
import { type SeenFigures, shardAsOf } from '../campaigns/shard-figures.ts'
import { currentOrNext, type StockFigures } from '../kinds/parts/page.ts'
import type { Pace } from './live-pace.ts'
import type { Attempts, Counted, LiveActivity, LiveShard, OperatorLive } from './live-schemas.ts'
import { percentileMs, type SignalFigures, type SignalTotals } from './signal-totals.ts'

interface LiveParts {
  readonly campaign: CatalogueCampaign
  /** ms since 1970 */
  readonly now: number
  /** of the shards that were read; undefined until Redis answers for the first time */
  readonly figures: SeenFigures | undefined
  readonly pace: Pace
  readonly signals: Pick<SignalTotals, 'of'>
  readonly shards: ReadonlyArray<Omit<LiveShard, 'asOf'>>
  readonly conditions: readonly string[]
  readonly counted: Counted | null
}

const NOT_REFUSED = ['confirmed', 'replayed', 'pending']

function attemptsOf(outcomes: ReadonlyMap<string, number>): Attempts {
  const [confirmed = 0, replayed = 0, pending = 0] = NOT_REFUSED.map((outcome) => outcomes.get(outcome))
  const refused = [...outcomes].filter(([outcome]) => !NOT_REFUSED.includes(outcome)).sort(([, a], [, b]) => b - a)
  const attempts = [...outcomes.values()].reduce((sum, times) => sum + times, 0)
  return { attempts, confirmed, replayed, pending, refused: Object.fromEntries(refused) }
}

function approximateOf({ total, lastMinute, perSecond }: SignalFigures) {
  const { attempts, confirmed, replayed, pending } = attemptsOf(perSecond)
  const refused = attempts - confirmed - replayed - pending
  return {
    total: attemptsOf(total),
    lastMinute: attemptsOf(lastMinute),
    perSecond: { attempts, confirmed, refused }
  }
}

function tookOf(buckets: readonly number[]) {
  const [p50Ms, p99Ms] = [percentileMs(buckets, 0.5), percentileMs(buckets, 0.99)]
  return p50Ms === null || p99Ms === null ? null : { p50Ms, p99Ms }
}

const unknown = { total: null, remaining: null, taken: null, held: null, paid: null }

function unitsOf(figures: StockFigures | undefined) {
  if (figures === undefined) return unknown
  const { total, remaining, held, paid } = figures
  return { total, remaining, taken: total - remaining, held, paid }
}

/** Units of several sessions or prizes together; unknown where one is. */
function sumOf(all: ReadonlyArray<StockFigures | undefined>) {
  const known = all.filter((figures) => figures !== undefined)
  if (known.length === 0 || known.length < all.length) return unknown
  const add = (name: keyof StockFigures) => known.reduce((sum, figures) => sum + figures[name], 0)
  return unitsOf({ total: add('total'), remaining: add('remaining'), held: add('held'), paid: add('paid') })
}

/** How long what is left lasts. @param remaining null while it is not known of all shards */
function lasting(remaining: number | null, perSecond: number | null) {
  const isGone = remaining !== null && remaining <= 0
  const goes = remaining !== null && perSecond !== null && perSecond > 0
  return { perSecond, soldOutInSeconds: isGone ? 0 : goes ? Math.ceil(remaining / perSecond) : null }
}

function activityView(activity: ActivityRules, parts: LiveParts): LiveActivity {
  const { campaign, now, figures, pace, signals } = parts
  // what is left of some shards is not all that is left
  const leftOf = (remaining: number | null) => (figures?.readAt.includes(null) ? null : remaining)
  const stockOf = (item: string) => figures?.stock.get(`${activity.id}/${item}`)
  const quotas = prizesOf(activity).filter(({ quota }) => quota !== null)
  const hasPrizes = prizesOf(activity).length > 0
  const items = hasPrizes ? quotas : activity.sessions
  const itemView = (item: string) => {
    const units = unitsOf(stockOf(item))
    return { ...units, ...lasting(leftOf(units.remaining), pace.of([`${activity.id}/${item}`])) }
  }
  const all = sumOf(items.map(({ id }) => stockOf(id)))
  const at = currentOrNext(activity, now)
  const next = activity.sessions.find((session) => session.opensAt > now)
  const owed = (all.held ?? 0) + (all.paid ?? 0)
  return {
    id: activity.id,
    kind: activity.kind,
    title: activity.title,
    paused: activity.paused,
    currentSession: at !== undefined && at.opensAt <= now ? at.id : null,
    nextOpensAt: next === undefined ? null : isoTime(next.opensAt),
    ...all,
    ...lasting(leftOf(all.remaining), pace.of(items.map(({ id }) => `${activity.id}/${id}`))),
    unpaidShare: owed > 0 ? (all.held ?? 0) / owed : null,
    sessions: activity.sessions.map(({ id, opensAt, closesAt, paused }) => ({
      ...{ id, opensAt: isoTime(opensAt), closesAt: isoTime(closesAt), paused },
      ...itemView(hasPrizes ? '' : id)
    })),
    prizes: quotas.map((prize) => ({ id: prize.id, tier: 'tier' in prize ? prize.tier : null, ...itemView(prize.id) })),
    approximate: approximateOf(signals.of(campaign.id, [activity.id]))
  }
}

/** A campaign as operators watch it. Units and participants are exact as of a moment ago; what gateways count is approximate. */
export function operatorLive(parts: LiveParts): OperatorLive {
  const { campaign, now, figures, signals, shards, conditions, counted } = parts
  const { activities } = campaign.rules
  const together = signals.of(
    campaign.id,
    activities.map(({ id }) => id)
  )
  return {
    campaign: campaign.id,
    status: statusOf(campaign, now),
    version: campaign.version,
    asOf: isoTime(figures?.asOf ?? now),
    participants: figures?.participants ?? null,
    activities: activities.map((activity) => activityView(activity, parts)),
    counted,
    shards: shards.map((shard) => ({ ...shard, asOf: shardAsOf(figures, shard.shard) })),
    conditions: [...conditions],
    approximate: {
      ...approximateOf(together),
      latency: { confirmed: tookOf(together.confirmedIn), refused: tookOf(together.refusedIn) }
    }
  }
}
