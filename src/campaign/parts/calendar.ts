import { type Static, Type } from 'typebox'
import { DAY_MS } from '../../base/day.ts'
import { shown } from './explain.ts'
import { Id } from './shapes.ts'

const closed = { additionalProperties: false }

const DateText = Type.String({
  pattern: '^20\\d\\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
  description: 'must be a date of the years 2000 to 2099, such as "2026-10-01"'
})

const Dates = Type.Array(DateText, { maxItems: 1000, description: 'must be a list of at most 1,000 dates' })

/** Days that are not what their weekday says: free weekdays, and weekend days on which people work. */
export const CalendarLists = Type.Object({ holidays: Type.Optional(Dates), workdays: Type.Optional(Dates) }, closed)

/** The calendar of a campaign: lists of its own, or the id of a calendar of the deployment. */
export const CampaignCalendar = Type.Union([Id, CalendarLists], {
  description: 'must be the id of a calendar, or {"holidays": [...], "workdays": [...]} with dates'
})

export type CalendarLists = Static<typeof CalendarLists>

/** Both lists in order, each date once. */
export interface Calendar {
  readonly holidays: readonly string[]
  readonly workdays: readonly string[]
}

/** As `Add` of the checks, which import this file. */
type AddError = (pointer: string, detail: string) => void

/** Adds an error for each date that does not exist, stands twice, or stands in both lists. */
export function checkCalendar({ holidays = [], workdays = [] }: CalendarLists, pointer: string, add: AddError): void {
  const free = new Set(holidays)
  for (const [name, dates] of Object.entries({ holidays, workdays })) {
    const seen = new Set<string>()
    for (const [index, date] of dates.entries()) {
      const here = `${pointer}/${name}/${index}`
      if (!isDate(date)) add(here, `there is no day ${shown(date)}`)
      if (seen.has(date)) add(here, `${shown(date)} is listed twice`)
      if (name === 'workdays' && free.has(date))
        add(here, `${shown(date)} is in holidays too: a day is one or the other`)
      seen.add(date)
    }
  }
}

function isDate(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`)
  // some days that do not exist are read as a day of the next month
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

export function calendarOf({ holidays = [], workdays = [] }: CalendarLists): Calendar {
  return { holidays: holidays.toSorted(), workdays: workdays.toSorted() }
}

/** The last date that a calendar lists: what comes after it goes by the weekday alone. Undefined for empty lists. */
export function lastDate({ holidays, workdays }: Calendar): string | undefined {
  return [...holidays, ...workdays].toSorted().at(-1)
}

/** 1970-01-01, the day 0, was a Thursday. */
const isWeekend = (day: number) => (day + 3) % 7 >= 5

const numberOf = (date: string) => Date.parse(`${date}T00:00:00Z`) / DAY_MS

/**
 * The days that are not what their weekday says, as numbers since 1970 in order: free ones from Monday to Friday, worked
 * ones of a weekend. A holiday on a Sunday is not among them.
 */
export function exceptionsOf(calendar: Calendar | undefined): number[] {
  const { holidays, workdays } = calendar ?? { holidays: [], workdays: [] }
  const free = holidays.map(numberOf).filter((day) => !isWeekend(day))
  const worked = workdays.map(numberOf).filter(isWeekend)
  return [...free, ...worked].sort((a, b) => a - b)
}

/** Tells business days, by their number since 1970: Monday to Friday where there is no calendar. */
export function businessDays(calendar: Calendar | undefined): (day: number) => boolean {
  const exceptions = new Set(exceptionsOf(calendar))
  return (day) => isWeekend(day) === exceptions.has(day)
}
