import { writeFileSync } from 'node:fs'
import type { OrderAnswer } from './answers.ts'

/** What is asked for: units of a sale, one spin of a draw, or one completion of a task. */
export type Wanted = 'order' | 'spin' | 'completion'

/** One wish of one user, under one idempotency key. */
export interface Purchase {
  readonly user: string
  readonly key: string
  readonly campaign: string
  /** the activity, whatever its kind */
  readonly sale: string
  /** units of an order; 1 of what is no order */
  readonly quantity: number
  /** an order unless said */
  readonly wanted?: Wanted
}

/**
 * How an attempt ended. `ok`: 200 or 201, a promise. `pending`: 202. `refused`: 4xx, binds nobody. `unavailable`: 503
 * UNAVAILABLE, nothing was done. `unknown`: no answer, a broken connection or 503 UNKNOWN_OUTCOME. `none`: the status
 * route says that no decision stands. `wrong`: an answer that the contract does not have.
 */
export type AttemptKind = 'ok' | 'pending' | 'refused' | 'unavailable' | 'unknown' | 'none' | 'wrong'

export interface AttemptResult {
  readonly kind: AttemptKind
  readonly status: number
  readonly code?: string
  readonly order?: OrderAnswer
  /** the parsed answer of an `ok` */
  readonly body?: unknown
  readonly replayed?: boolean
  /** why it is `unknown` or `wrong` */
  readonly reason?: string
  readonly retryAfterMs?: number
}

/** One HTTP request of a purchase; times in ms since 1970. */
export interface Attempt {
  readonly number: number
  readonly purchase: Purchase
  readonly way: 'buy' | 'status'
  readonly invokedAt: number
  answeredAt?: number
  result?: AttemptResult
}

const undecided: ReadonlySet<AttemptKind> = new Set(['pending', 'unknown'])

/** Everything that a load client asked and was told, in the order in which it happened on the client's side. */
export class History {
  readonly attempts: Attempt[] = []
  readonly #counts = new Map<AttemptKind, number>()
  readonly #onEntry: ((line: string) => void) | undefined

  /** @param onEntry told of each invocation and each answer as it happens, as a line that `readHistory` reads */
  constructor(onEntry?: (line: string) => void) {
    this.#onEntry = onEntry
  }

  invoke(purchase: Purchase, way: Attempt['way']): Attempt {
    const attempt: Attempt = { number: this.attempts.length + 1, purchase, way, invokedAt: now() }
    this.attempts.push(attempt)
    this.#onEntry?.(JSON.stringify(attempt))
    return attempt
  }

  answer(attempt: Attempt, result: AttemptResult): void {
    attempt.answeredAt = now()
    this.#note(attempt, result)
    const { number, answeredAt } = attempt
    this.#onEntry?.(JSON.stringify({ number, answeredAt, result }))
  }

  /** Takes over what another process wrote down: an entry of `onEntry`. */
  restore(entry: Attempt): void {
    const known = this.attempts[entry.number - 1]
    if (known === undefined) this.attempts.push(entry)
    else if (entry.answeredAt !== undefined && entry.result !== undefined) {
      known.answeredAt = entry.answeredAt
      this.#note(known, entry.result)
    }
  }

  #note(attempt: Attempt, result: AttemptResult): void {
    attempt.result = result
    this.#counts.set(result.kind, this.count(result.kind) + 1)
  }

  count(kind: AttemptKind): number {
    return this.#counts.get(kind) ?? 0
  }

  /** Attempts whose answer is still outstanding: proof that load was flowing when a fault struck. */
  inFlight(): number {
    return this.attempts.length - [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** The first new order of a request that was sent at or after a moment (ms since 1970); replays do not count. */
  firstOrderSince(moment: number): Attempt | undefined {
    return this.attempts.find((attempt) => attempt.invokedAt >= moment && isNewOrder(attempt))
  }

  /** New orders of requests that were sent between two moments (ms since 1970). */
  ordersBetween(from: number, to: number): number {
    return this.attempts.filter((attempt) => attempt.invokedAt >= from && attempt.invokedAt < to && isNewOrder(attempt))
      .length
  }

  /** Attempts of each purchase, by user and key (keys are scoped to the user). */
  byKey(): Map<string, Attempt[]> {
    const groups = new Map<string, Attempt[]>()
    for (const attempt of this.attempts) {
      const id = requestId(attempt.purchase.user, attempt.purchase.key)
      const group = groups.get(id)
      if (group === undefined) groups.set(id, [attempt])
      else group.push(attempt)
    }
    return groups
  }

  /** Purchases that met `unknown` or `pending` and were not answered definitely since. */
  unsettled(): Purchase[] {
    return [...this.byKey().values()].filter(isUnsettled).map(([first]) => (first as Attempt).purchase)
  }

  /** Milliseconds from request to answer of the attempts that ended so, sorted; without those under way at a moment of `except`. */
  latencies(kind: AttemptKind, except: readonly number[] = []): number[] {
    return this.attempts
      .filter(({ result }) => result?.kind === kind)
      .filter(({ invokedAt, answeredAt = invokedAt }) => !except.some((at) => invokedAt <= at && at <= answeredAt))
      .map(({ invokedAt, answeredAt = invokedAt }) => answeredAt - invokedAt)
      .sort((a, b) => a - b)
  }

  /** One line of figures for a report. */
  summary(): string {
    const counts = [...this.#counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
    return `${this.attempts.length} attempts: ${counts}, ${this.inFlight()} in flight`
  }

  /** Writes the history as JSON lines: the evidence of a failed run. */
  save(file: string): void {
    writeFileSync(file, this.attempts.map((attempt) => `${JSON.stringify(attempt)}\n`).join(''))
  }
}

/** The history that another process wrote line by line; a last line cut short is left out. */
export function readHistory(text: string): History {
  const history = new History()
  for (const line of text.split('\n')) if (line.endsWith('}')) history.restore(JSON.parse(line) as Attempt)
  return history
}

/** One history of what several clients wrote down, in order of time. */
export function mergeHistories(histories: readonly History[]): History {
  const merged = new History()
  const all = histories.flatMap(({ attempts }) => attempts).sort((a, b) => a.invokedAt - b.invokedAt)
  for (const [index, attempt] of all.entries()) {
    const { answeredAt, result, ...invoked } = attempt
    const number = index + 1
    merged.restore({ ...invoked, number })
    if (answeredAt !== undefined && result !== undefined) merged.restore({ ...invoked, number, answeredAt, result })
  }
  return merged
}

/** Users and keys hold no blank, so this joins them without a doubt. */
export function requestId(user: string, key: string): string {
  return `${user} ${key}`
}

/**
 * A confirmation settles a key for ever. Without one, a key that was ever undecided is settled only by the status
 * route: a refusal may have overtaken the request whose answer was lost.
 */
function isUnsettled(attempts: readonly Attempt[]): boolean {
  if (attempts.some(({ result }) => result?.kind === 'ok')) return false
  const lastDoubt = attempts.findLast(({ result }) => result === undefined || undecided.has(result.kind))
  if (lastDoubt === undefined) return false
  const doubtUntil = lastDoubt.answeredAt ?? Number.POSITIVE_INFINITY
  return !attempts.some(({ result, invokedAt }) => result?.kind === 'none' && invokedAt >= doubtUntil)
}

function isNewOrder({ way, result }: Attempt): boolean {
  return way === 'buy' && result?.kind === 'ok' && result.replayed === false
}

/** Wall-clock time that never steps back, so that intervals between entries are true. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}
