import type { Reminded } from './sessions.ts'

/** Reminders are told within this time before they are due, so that not all users come at once. */
export const SPREAD_MS = 60_000
/** They are all told so long before that time is over. */
const SPARE_MS = 2000
/** Whoever begins with more of the minute left than this keeps to the minute. */
const ON_TIME_MS = 30_000
/** Later, reminders are spread over this part of the time until the session opens. */
const LATE_PART = 0.8

/** How many reminders of a session may be told by now: evenly over the minute before they are due, or over what is left of the time. */
export class Pace {
  readonly #isLate: boolean
  readonly #end: number
  #at: number
  #owed = 0

  /** @param now ms since 1970, when telling begins */
  constructor({ opensAt, remindMs }: Pick<Reminded, 'opensAt' | 'remindMs'>, now: number) {
    const due = opensAt - remindMs
    this.#isLate = now > due - ON_TIME_MS
    this.#end = this.#isLate ? now + LATE_PART * (opensAt - now) : due - SPARE_MS
    this.#at = now
  }

  /** From then on each is told at once: those who reserve late, and those for whom there was no time. */
  isOver(now: number): boolean {
    return now >= this.#end
  }

  /** @param waiting how many are to be told altogether */
  quota(waiting: number, now: number): number {
    if (this.isOver(now)) return Number.POSITIVE_INFINITY
    const part = Math.max(0, now - this.#at) / (this.#end - this.#at)
    this.#at = Math.max(now, this.#at)
    this.#owed = Math.min(waiting, this.#owed + waiting * part)
    // after the minute one alone is told at once
    return this.#isLate ? Math.ceil(this.#owed) : Math.floor(this.#owed)
  }

  passed(count: number): void {
    this.#owed = Math.max(0, this.#owed - count)
  }
}
