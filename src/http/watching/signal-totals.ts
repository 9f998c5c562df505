import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { type ActivitySignals, LATENCY_EDGES_MS, readSignals } from '../../record/signals.ts'
import { attemptTotals } from '../../store/campaigns/attempts.ts'

/** How often what came of asking, by outcome. */
type Outcomes = ReadonlyMap<string, number>

interface Heard {
  /** ms since 1970, by the clock of this process */
  readonly at: number
  readonly signals: ActivitySignals
}

/** What is known of an activity. */
interface Known {
  /** since the publication, as far as it was heard or kept */
  readonly total: Map<string, number>
  /** of the last minute, oldest first */
  recent: Heard[]
}

/** Approximate figures of an activity, or of all activities of a campaign. */
export interface SignalFigures {
  readonly total: Outcomes
  readonly lastMinute: Outcomes
  /** of the last ten seconds, divided by them */
  readonly perSecond: Outcomes
  /** how many decisions of the last minute took how long, by `LATENCY_EDGES_MS` */
  readonly confirmedIn: readonly number[]
  readonly refusedIn: readonly number[]
}

const WINDOW_MS = 60_000
const RATE_MS = 10_000
const ASK_EVERY_MS = 10_000

function addTo(sums: Map<string, number>, outcomes: Iterable<readonly [string, number]>): void {
  for (const [outcome, times] of outcomes) sums.set(outcome, (sums.get(outcome) ?? 0) + times)
}

function addCounts(sums: number[], counts: readonly number[]): void {
  for (const [index, count] of counts.entries()) sums[index] = (sums[index] ?? 0) + count
}

/**
 * What all gateways of the deployment signal, as this process hears it, and what workers kept of it before. Both lack something at times
 * and neither has too much, so the larger of two totals is nearer to the truth.
 */
export class SignalTotals {
  readonly #pool: Pool
  readonly #now: () => number
  readonly #campaigns = new Map<string, Map<string, Known>>()
  readonly #askedAt = new Map<string, number>()

  constructor({ pool, now = Date.now }: { readonly pool: Pool; readonly now?: (() => number) | undefined }) {
    this.#pool = pool
    this.#now = now
  }

  /** Takes a message of a gateway. */
  take(text: string): void {
    const at = this.#now()
    for (const signals of readSignals(text)?.activities ?? []) {
      const known = this.#known(signals.campaign, signals.activity)
      addTo(known.total, Object.entries(signals.outcomes))
      known.recent = known.recent.filter((heard) => heard.at > at - WINDOW_MS)
      known.recent.push({ at, signals })
    }
  }

  /** Reads what was kept, at most every ten seconds for each campaign. Never throws: while Postgres is away there is what was heard. */
  async refresh(campaign: string): Promise<void> {
    const now = this.#now()
    if (now - (this.#askedAt.get(campaign) ?? Number.NEGATIVE_INFINITY) < ASK_EVERY_MS) return
    this.#askedAt.set(campaign, now)
    const kept = await fromStore(attemptTotals(this.#pool, campaign)).catch(() => [])
    for (const { activity, outcome, times } of kept) {
      const { total } = this.#known(campaign, activity)
      total.set(outcome, Math.max(total.get(outcome) ?? 0, times))
    }
  }

  /** Figures of some activities of a campaign together. */
  of(campaign: string, activities: readonly string[]): SignalFigures {
    const now = this.#now()
    const known = activities.flatMap((activity) => this.#campaigns.get(campaign)?.get(activity) ?? [])
    const total = new Map<string, number>()
    const lastMinute = new Map<string, number>()
    const lately = new Map<string, number>()
    const [confirmedIn, refusedIn] = [0, 1].map(() => new Array<number>(LATENCY_EDGES_MS.length + 1).fill(0)) as [
      number[],
      number[]
    ]
    for (const activity of known) {
      addTo(total, activity.total)
      for (const { at, signals } of activity.recent) {
        if (at <= now - WINDOW_MS) continue
        addTo(lastMinute, Object.entries(signals.outcomes))
        if (at > now - RATE_MS) addTo(lately, Object.entries(signals.outcomes))
        addCounts(confirmedIn, signals.confirmedIn)
        addCounts(refusedIn, signals.refusedIn)
      }
    }
    const perSecond = new Map([...lately].map(([outcome, times]) => [outcome, (times * 1000) / RATE_MS]))
    return { total, lastMinute, perSecond, confirmedIn, refusedIn }
  }

  #known(campaign: string, activity: string): Known {
    const activities = this.#campaigns.get(campaign) ?? new Map<string, Known>()
    this.#campaigns.set(campaign, activities)
    const known = activities.get(activity) ?? { total: new Map(), recent: [] }
    activities.set(activity, known)
    return known
  }
}

/**
 * The time within which a share of decisions was made, as the upper edge of its bucket; null without any.
 * @returns ms; the last edge also for what took longer
 */
export function percentileMs(buckets: readonly number[], share: number): number | null {
  const all = buckets.reduce((sum, count) => sum + count, 0)
  if (all === 0) return null
  let seen = 0
  for (const [index, count] of buckets.entries()) {
    seen += count
    if (seen >= all * share) return LATENCY_EDGES_MS[Math.min(index, LATENCY_EDGES_MS.length - 1)] ?? null
  }
  return null
}
