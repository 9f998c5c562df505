import { DAY_MS, dateOfDay } from '../../../base/day.ts'
import { addDays, dayNumberAt, dayOf, momentAt } from '../../parts/local-time.ts'
import type { Board } from './rules.ts'

/** The one period of a board that counts the whole campaign. */
export const WHOLE_CAMPAIGN = 'campaign'

type Cycle = Board['period']

/** 1970-01-01 was a Thursday: days since the last Monday. */
const daysSinceMonday = (day: number) => (day + 3) % 7

function nameOfDay(cycle: Cycle, day: number): string {
  return dateOfDay(cycle === 'week' ? day - daysSinceMonday(day) : day)
}

/** The name of the period in which a moment lies: `campaign`, or the date of its local day or of the Monday of its week. */
export function periodAt(cycle: Cycle, at: number, timezone: string): string {
  return cycle === WHOLE_CAMPAIGN ? WHOLE_CAMPAIGN : nameOfDay(cycle, dayNumberAt(at, timezone))
}

/** The name of the period in which a day lies. @param date YYYY-MM-DD; undefined is returned for what the calendar does not have */
export function periodOfDate(cycle: Cycle, date: string): string | undefined {
  const ms = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(ms)) return undefined
  const day = ms / DAY_MS
  if (dateOfDay(day) !== date) return undefined
  return cycle === WHOLE_CAMPAIGN ? WHOLE_CAMPAIGN : nameOfDay(cycle, day)
}

/** The moment at which a period is over by the calendar; infinite for the whole campaign. */
export function periodEnd(cycle: Cycle, period: string, timezone: string): number {
  if (cycle === WHOLE_CAMPAIGN) return Number.POSITIVE_INFINITY
  // a date is a day of the calendar, which no zone moves
  const first = dayOf(Date.parse(`${period}T00:00:00Z`), 'UTC')
  return momentAt(addDays(first, cycle === 'week' ? 7 : 1), 0, timezone)
}
