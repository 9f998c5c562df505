import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { FloodgateError } from '../../base/errors.ts'
import { reminderEvents } from '../../events/reminder.ts'
import type { Publisher } from '../../journal/publisher.ts'
import type { Names } from '../../journal/subjects.ts'
import { moveReminderPlace, nextReserved, type ReminderCounts, type Reserved } from '../../store/campaigns/reminders.ts'
import { publishInAnyOrder } from '../events/publish-events.ts'
import { isTooLate, type Reminded } from './sessions.ts'

export interface TellingParts {
  readonly pool: Pool
  readonly publisher: Publisher
  readonly names: Names
  readonly logger: Logger
  /** ms since 1970 */
  readonly now: () => number
}

/** Who reserves so shortly before the opening is there already. */
const THERE_MS = 2000
const TOLD_AT_ONCE = 2000
/** A stream that is slow gets fewer at once, so that they are acked in time. */
const LEAST_AT_ONCE = 50
const CLOSED_AT_ONCE = 10_000
/** The longest step, so that a worker can stop in time. */
const STEP_MS = 1000

/** What a step did. */
interface Step extends ReminderCounts {
  /** reservations that it passed */
  readonly passed: number
  /** whether nothing was left */
  readonly isDone: boolean
}

/** Another worker has moved the place of a session: what this one knows of it is not true any more. */
class RemindersMovedError extends FloodgateError {
  readonly code = 'reminders-moved'
  readonly meaning = 'It has taken the shard. What both told has the same ids and is stored once.'
  readonly remedy = 'Nothing: this worker looks at the place again.'
}

/** Reservations up to a position, and what became of them. */
interface Done extends ReminderCounts {
  readonly from: number
  readonly to: number
  readonly passed: number
}

const nothing: ReminderCounts = { told: 0, withheld: 0, missed: 0 }
const countOf = (page: readonly Reserved[], fate: Reserved['fate']) => page.filter((one) => one.fate === fate).length

/** Tells the reminders of one session page by page, from the place up to which they are done. Of no use after an error. */
export class SessionTelling {
  readonly #parts: TellingParts
  readonly #session: Reminded
  #place: number
  #atOnce = TOLD_AT_ONCE

  constructor(parts: TellingParts, session: Reminded, place: number) {
    this.#parts = parts
    this.#session = session
    this.#place = place
  }

  get place(): number {
    return this.#place
  }

  /**
   * Tells reminders for a second at most. The next page is read while one is told, and a place is stored while the next page is told: a
   * page whose place was not stored is told again, under the same ids.
   * @param quota how many reservations it may pass
   * @throws RemindersMovedError; what Postgres throws
   */
  async tell(quota: number): Promise<Step> {
    const until = performance.now() + STEP_MS
    const total = { ...nothing, passed: 0, isDone: false }
    let stored: Promise<void> = Promise.resolve()
    let ahead = this.#ahead(this.#place, quota)
    try {
      while (ahead !== undefined) {
        const { asked, reading } = ahead
        const page: readonly Reserved[] = await reading
        const isLast = page.length < asked
        const to = page.at(-1)?.position ?? this.#place
        const left = quota - total.passed - page.length
        ahead = isLast || performance.now() >= until ? undefined : this.#ahead(to, left)
        const done = await this.#publish(page)
        await stored
        stored = this.#store(done)
        // it is awaited when the next page is told
        stored.catch(() => {})
        total.told += done.told
        total.withheld += done.withheld
        total.passed += done.passed
        if (done.passed < page.length) break
        total.isDone = isLast
      }
    } finally {
      await stored
    }
    return total
  }

  /** Counts for a second at most what was told nobody before the session opened. @throws as `tell` does */
  async close(): Promise<Step> {
    const until = performance.now() + STEP_MS
    const total = { ...nothing, passed: 0, isDone: false }
    while (!total.isDone && performance.now() < until) {
      const page = await this.#read(this.#place, CLOSED_AT_ONCE)
      const due = countOf(page, 'due')
      const [missed, withheld] = this.#session.paused ? [0, due] : [due, 0]
      const done = { ...this.#passed(page), missed, withheld: withheld + countOf(page, 'withheld') }
      await this.#store(done)
      total.missed += done.missed
      total.withheld += done.withheld
      total.passed += page.length
      total.isDone = page.length < CLOSED_AT_ONCE
    }
    return total
  }

  #ahead(after: number, quota: number) {
    const asked = Math.min(this.#atOnce, quota)
    if (asked <= 0) return undefined
    const reading = this.#read(after, asked)
    // it is awaited when the page before it is told
    reading.catch(() => {})
    return { asked, reading }
  }

  #read(after: number, most: number): Promise<Reserved[]> {
    const before = new Date(this.#session.opensAt - THERE_MS)
    return nextReserved(this.#parts.pool, this.#session, { after, most, before })
  }

  #passed(page: readonly Reserved[]): Done {
    const to = page.at(-1)?.position ?? this.#place
    return { ...nothing, withheld: countOf(page, 'withheld'), from: this.#place, to, passed: page.length }
  }

  /** @returns up to where the page is told */
  async #publish(page: readonly Reserved[]): Promise<Done> {
    const { publisher, names, logger, now } = this.#parts
    const isWanted = () => !isTooLate(this.#session, now())
    if (!isWanted()) return this.#passed([])
    const due = page.filter(({ fate }) => fate === 'due')
    const events = due.map(reminderEvents(names, this.#session, now()))
    const { stored, reason, isSlow } = await publishInAnyOrder(publisher, events, isWanted)
    this.#atOnce = Math.max(LEAST_AT_ONCE, Math.min(TOLD_AT_ONCE, Math.round(this.#atOnce * (isSlow ? 0.5 : 2))))
    const left = due[stored]
    if (left === undefined) return { ...this.#passed(page), told: stored }
    logger.warn({ reason, session: this.#session.session }, 'the public stream does not take reminders')
    return { ...this.#passed(page.slice(0, page.indexOf(left))), told: stored }
  }

  async #store(done: Done): Promise<void> {
    if (done.to === done.from) return
    this.#place = done.to
    if (await moveReminderPlace(this.#parts.pool, this.#session, done)) return
    throw new RemindersMovedError('Another worker tells the reminders that this one tells.')
  }
}
