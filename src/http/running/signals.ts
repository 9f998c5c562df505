import { Buckets } from '../../base/buckets.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import { type ActivitySignals, LATENCY_EDGES_MS, type RefusalSample, type Signals } from '../../record/signals.ts'

/** Where an attempt was made. */
interface Asked {
  readonly campaign: { readonly id: string }
  readonly activity: { readonly id: string }
}

/** What is known of a refusal. */
interface Refused {
  /** undefined before the token was read */
  readonly user: string | undefined
  readonly key: string | null
  readonly code: string
  readonly members: Readonly<Record<string, unknown>> | undefined
}

/** A refusal that a route reports; see `FastifyRequest.refusals`. */
export interface RefusalSink<Request> {
  refused(request: Request, code: string, members: Readonly<Record<string, unknown>> | undefined): void
}

const OUTCOMES_MAX = 96
const BUCKETS = LATENCY_EDGES_MS.length + 1
const SECONDS = LATENCY_EDGES_MS.map((ms) => ms / 1000)
const CONFIRMED_IN = OUTCOMES_MAX
const REFUSED_IN = CONFIRMED_IN + BUCKETS
const SAMPLES_PER_TURN = 50
/** How many decisions of a turn are measured, about: two looks at the clock cost more than all counting. */
const MEASURED_PER_TURN = 256
const NOT_MEASURED = 0
const TURN_MS = 1000
/** Members of a refusal that are kept: those that say one thing. */
const SIZE_MAX = 200

function add(counts: Float64Array, index: number, times: number): void {
  counts[index] = (counts[index] ?? 0) + times
}

/** Microseconds as a small integer, which takes no memory as a fraction would. It turns over, so only differences mean something. */
function moment(): number {
  return (performance.now() * 1000) | 0
}

/**
 * Counts what comes of asking for activities, and keeps some of those who are refused. What is counted goes out once a second in one
 * message. Nothing is made for a request that is only counted: two look-ups and an array, because a sold-out sale refuses thousands a second.
 */
export class SignalCounts {
  readonly #send: (text: string) => boolean
  readonly #now: () => number
  readonly #indexes = new Map<string, number>()
  #counts = new Map<string, Map<string, Float64Array>>()
  #samples: RefusalSample[] = []
  /** decisions that began in this turn; each so-many-th is measured */
  #begun = 0
  #every = 1
  readonly #sampled = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  /** how long the gate's decisions took since this process began, in s: some are measured, and stand for the others */
  readonly took = { confirmed: new Buckets(SECONDS), refused: new Buckets(SECONDS) }

  /** @param send gets the message of each second in which something was counted; false: it cannot be sent now, and more is added to it */
  constructor(send: (text: string) => boolean, now: () => number = Date.now) {
    this.#send = send
    this.#now = now
  }

  start(): void {
    this.#timer ??= setInterval(() => this.tell(), TURN_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.tell()
  }

  /** Counts an attempt. @param outcome confirmed, replayed, pending, or the code of a problem */
  count({ campaign, activity }: Asked, outcome: string): void {
    add(this.#of(campaign.id, activity.id), this.#indexes.get(outcome) ?? this.#newIndex(outcome), 1)
  }

  /** When the gate is asked: for `ended`. */
  begin(): number {
    this.#begun += 1
    // the last bit is given up, so that no moment is the one that says nothing
    return this.#begun % this.#every === 0 ? moment() | 1 : NOT_MEASURED
  }

  /** Counts what came of asking the gate, and how long it took; refusals count where they are answered. @param began what `begin` gave */
  ended(asked: Asked, began: number, outcome: Outcome): void {
    const isConfirmed = outcome.kind === 'confirmed'
    if (isConfirmed) this.count(asked, outcome.replayed ? 'replayed' : 'confirmed')
    if (outcome.kind === 'pending') this.count(asked, 'pending')
    if (began === NOT_MEASURED || !(isConfirmed || outcome.kind === 'refused')) return
    const seconds = ((moment() - began) | 0) / 1e6
    const bucket = (isConfirmed ? this.took.confirmed : this.took.refused).add(seconds, this.#every)
    add(this.#of(asked.campaign.id, asked.activity.id), (isConfirmed ? CONFIRMED_IN : REFUSED_IN) + bucket, this.#every)
  }

  /** Counts a refusal, and keeps it as a sample if there is room for one. */
  refused(asked: Asked, refusal: Refused): void {
    const { user, key, code, members } = refusal
    this.count(asked, code)
    if (user === undefined || this.#samples.length >= SAMPLES_PER_TURN || this.#sampled.has(user)) return
    this.#sampled.add(user)
    const place = { campaign: asked.campaign.id, activity: asked.activity.id }
    this.#samples.push({ user, ...place, code, key: key ?? '', at: this.#now(), members: smallMembers(members) })
  }

  /** Sends what was counted since the last time. */
  tell(): void {
    this.#every = Math.max(1, Math.floor(this.#begun / MEASURED_PER_TURN))
    this.#begun = 0
    if (this.#counts.size === 0) return
    const message: Signals = { at: this.#now(), activities: this.#activities(), refusals: this.#samples }
    if (!this.#send(JSON.stringify(message))) return
    this.#counts = new Map()
    this.#samples = []
    this.#sampled.clear()
  }

  #of(campaign: string, activity: string): Float64Array {
    const counts = this.#counts.get(campaign)?.get(activity)
    if (counts !== undefined) return counts
    const made = new Float64Array(REFUSED_IN + BUCKETS)
    const activities = this.#counts.get(campaign) ?? new Map<string, Float64Array>()
    this.#counts.set(campaign, activities.set(activity, made))
    return made
  }

  #newIndex(outcome: string): number {
    // there are about fifty; one more than there is room for is counted as the last
    const index = Math.min(this.#indexes.size, OUTCOMES_MAX - 1)
    this.#indexes.set(outcome, index)
    return index
  }

  #activities(): ActivitySignals[] {
    return [...this.#counts].flatMap(([campaign, activities]) =>
      [...activities].map(([activity, counts]) => {
        const told = [...this.#indexes].map(([outcome, index]) => [outcome, counts[index] ?? 0] as const)
        return {
          campaign,
          activity,
          outcomes: Object.fromEntries(told.filter(([, times]) => times > 0)),
          confirmedIn: [...counts.subarray(CONFIRMED_IN, REFUSED_IN)],
          refusedIn: [...counts.subarray(REFUSED_IN)]
        }
      })
    )
  }
}

function smallMembers(members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const small = Object.entries(members).filter(([, value]) => (JSON.stringify(value) ?? '').length <= SIZE_MAX)
  return Object.fromEntries(small)
}
