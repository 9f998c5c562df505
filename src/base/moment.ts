/**
 * The form of a date and time in RFC 3339: T and Z in either case or a blank for T, seconds optional, a fraction of any length,
 * an offset. `momentOf` tells whether the calendar contains it.
 */
export const MOMENT_PATTERN = '^\\d{4}-\\d{2}-\\d{2}[Tt ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?([Zz]|[+-]\\d{2}:\\d{2})$'

/** The error for a text of another form. */
export const MOMENT_FORM = 'must be a date and time with its offset (RFC 3339), such as "2026-11-11T00:00:00+08:00"'

/** The error for a text of that form that names no moment, such as 30 February. */
export const NO_MOMENT = 'there is no such moment: its day, time or offset does not exist'

const AHEAD_MS = 60_000

const FORM = new RegExp(MOMENT_PATTERN)
const PARTS = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:[Zz]|([+-])(\d\d):(\d\d))$/
const MINUTE_MS = 60_000

/** Whether a time ends a month of UTC: a leap second is inserted only there. */
function endsMonth(ms: number): boolean {
  const next = new Date(Math.floor(ms / 1000) * 1000)
  return next.getUTCDate() === 1 && next.getTime() % (24 * 60 * MINUTE_MS) === 0
}

/**
 * Milliseconds since 1970 of a date and time with its offset. Fractions are cut after the milliseconds, and a leap second is
 * the first second of the next minute, as in the clocks of computers. Every moment that comes from outside is read here.
 * @returns undefined for a text that names none
 */
export function momentOf(text: string): number | undefined {
  const parts = PARTS.exec(text)
  if (parts === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const [fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = parts.slice(7)
  const offset = Number(offsetHour) * 60 + Number(offsetMinute)
  if (hour > 23 || minute > 59 || second > 60 || Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined
  // `Date.UTC` would take the years 0 to 99 for those of the last century
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'))
  const wall = date.getTime() + (hour * 60 + minute) * MINUTE_MS + second * 1000 + milliseconds
  const moment = wall - (sign === '-' ? -offset : offset) * MINUTE_MS
  return second === 60 && !endsMonth(moment) ? undefined : moment
}

/**
 * Reads when something happened that another system reports.
 * @param now ms since 1970
 * @param aheadMs how far the clock of the other system may be ahead of ours
 * @returns ms since 1970, `now` at the latest; or the error of a text that names no moment, or one in the future
 */
export function pastMoment(
  text: string,
  now: number,
  aheadMs = AHEAD_MS
): { readonly at: number } | { readonly wrong: string } {
  const at = momentOf(text)
  if (at === undefined) return { wrong: FORM.test(text) ? NO_MOMENT : MOMENT_FORM }
  return at > now + aheadMs ? { wrong: 'must be a moment that has passed' } : { at: Math.min(at, now) }
}
