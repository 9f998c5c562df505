import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Ending } from './connections.ts'

/** Latencies in ms: from when the requests were due, and from when they were sent. */
export interface Outcome {
  /** what was asked for, such as `buy` */
  readonly kind: string
  /** confirmed, pending, answered (another 2xx), the code of a problem, a bare status, or none */
  readonly outcome: string
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  /** as a client would have measured it that waits for its answers: what it was kept from sending is left out */
  readonly uncorrectedP99: number
}

/** A second of the run, by when the answers came. */
export interface Second {
  readonly second: number
  readonly confirmed: number
  readonly refused: number
  readonly others: number
  /** of what was confirmed, ms; 0 when nothing was */
  readonly p99: number
}

/** Why requests got no answer, or none that can be used, with the first example. */
export interface Failure {
  readonly reason: string
  readonly count: number
  readonly example: string
}

const HIGHEST_MICROS = 600_000_000
const FIGURES = 3
const EXAMPLE_CHARACTERS = 300
const HIGHEST_OTHERS = 50

const histogram = (): RecordableHistogram => createHistogram({ lowest: 1, highest: HIGHEST_MICROS, figures: FIGURES })
const micros = (ms: number): number => Math.min(HIGHEST_MICROS, Math.max(1, Math.round(ms * 1000)))
const at = (measured: RecordableHistogram, percent: number): number =>
  measured.count === 0 ? 0 : measured.percentile(percent) / 1000

/** What an ending is called in a report. */
function outcomeOf({ answer }: Ending): string {
  if (answer === undefined) return 'none'
  const { status, body } = answer
  if (status === 201) return 'confirmed'
  if (status === 202) return 'pending'
  if (status < 300) return 'answered'
  return /"code":"([A-Z_]{2,40})"/.exec(body.toString('latin1', 0, EXAMPLE_CHARACTERS))?.[1] ?? String(status)
}

interface Counted {
  readonly kind: string
  readonly outcome: string
  readonly corrected: RecordableHistogram
  readonly uncorrected: RecordableHistogram
}

/** Counts endings while they come. Its memory does not grow with their number. */
export class Tally {
  readonly #counted = new Map<string, Counted>()
  readonly #failures = new Map<string, { count: number; readonly example: string }>()
  readonly #seconds: Second[] = []
  #current = { second: 0, confirmed: 0, refused: 0, others: 0 }
  readonly #inSecond = histogram()

  /** @param due ms since the run began at which the request was due @param began of the run, by performance.now() */
  add(ending: Ending, about: { readonly kind: string; readonly dueAt: number; readonly began: number }): string {
    const outcome = outcomeOf(ending)
    const { kind, dueAt, began } = about
    const counted = this.#of(kind, outcome)
    const latency = micros(ending.at - dueAt)
    counted.corrected.record(latency)
    if (ending.sentAt !== undefined) counted.uncorrected.record(micros(ending.at - ending.sentAt))
    this.#turnTo(Math.max(0, Math.floor((ending.at - began) / 1000)))
    if (outcome === 'confirmed') {
      this.#current.confirmed += 1
      this.#inSecond.record(latency)
    } else if (ending.answer !== undefined && ending.answer.status >= 400) this.#current.refused += 1
    else this.#current.others += 1
    this.#noteFailure(ending, outcome)
    return outcome
  }

  outcomes(): Outcome[] {
    const all = [...this.#counted.values()].map(({ kind, outcome, corrected, uncorrected }) => ({
      kind,
      outcome,
      count: corrected.count,
      p50: at(corrected, 50),
      p90: at(corrected, 90),
      p99: at(corrected, 99),
      p999: at(corrected, 99.9),
      max: corrected.count === 0 ? 0 : corrected.max / 1000,
      uncorrectedP99: at(uncorrected, 99)
    }))
    return all.sort((a, b) => a.kind.localeCompare(b.kind) || b.count - a.count)
  }

  seconds(): Second[] {
    return [...this.#seconds, { ...this.#current, p99: at(this.#inSecond, 99) }]
  }

  failures(): Failure[] {
    return [...this.#failures].map(([reason, { count, example }]) => ({ reason, count, example }))
  }

  #of(kind: string, outcome: string): Counted {
    const name = `${kind} ${outcome}`
    let counted = this.#counted.get(name)
    if (counted === undefined) {
      counted = { kind, outcome, corrected: histogram(), uncorrected: histogram() }
      this.#counted.set(name, counted)
    }
    return counted
  }

  #turnTo(second: number): void {
    if (second <= this.#current.second) return
    this.#seconds.push({ ...this.#current, p99: at(this.#inSecond, 99) })
    this.#inSecond.reset()
    this.#current = { second, confirmed: 0, refused: 0, others: 0 }
  }

  /** No answer, or a fault of the server; a refusal is none. */
  #noteFailure(ending: Ending, outcome: string): void {
    const { answer } = ending
    if (answer !== undefined && answer.status < 500) return
    const reason = answer === undefined ? ending.reason : `${answer.status} ${outcome}`
    const known = this.#failures.get(reason)
    if (known !== undefined) known.count += 1
    else if (this.#failures.size < HIGHEST_OTHERS) {
      const example = answer === undefined ? ending.reason : answer.body.toString('utf8', 0, EXAMPLE_CHARACTERS)
      this.#failures.set(reason, { count: 1, example })
    }
  }
}
