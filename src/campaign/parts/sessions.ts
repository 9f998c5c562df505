import { businessDays, type Calendar } from './calendar.ts'
import { addDays, compareDays, dayOf, type LocalDay, momentAt, numberOfDay } from './local-time.ts'

/** A session with its times in ms since 1970; `unitsPerUser` is 0 without such a limit. */
export interface PlannedSession {
  readonly id: string
  readonly opensAt: number
  readonly closesAt: number
  readonly stock: number
  readonly unitsPerUser: number
}

/** Days by the campaign's calendar: business days are workdays, all others are holidays, weekends among them. */
type DaysOn = 'every' | 'workdays' | 'holidays'

/** One entry of `daily`: `from` and `to` are wall clock times `HH:mm`, `to` at most `24:00`; every day where `on` is absent. */
export interface DailyEntry {
  readonly from: string
  readonly to: string
  readonly stock: number
  readonly unitsPerUser?: number
  readonly on?: DaysOn
}

export interface CampaignWindow {
  readonly timezone: string
  /** Monday to Friday are the business days where it is absent */
  readonly calendar?: Calendar
  readonly opensAt: number
  readonly closesAt: number
}

export function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number)
  return hours * 60 + minutes
}

function sessionId(day: LocalDay, from: string): string {
  const pad = (value: number) => String(value).padStart(2, '0')
  return `${day.year}${pad(day.month)}${pad(day.day)}-${from.replace(':', '')}`
}

function onDay(day: LocalDay, entry: DailyEntry, timezone: string): PlannedSession {
  const from = minutesOf(entry.from)
  const to = minutesOf(entry.to)
  const lastDay = to <= from ? addDays(day, 1) : day
  return {
    id: sessionId(day, entry.from),
    opensAt: momentAt(day, from, timezone),
    closesAt: momentAt(lastDay, to, timezone),
    stock: entry.stock,
    unitsPerUser: entry.unitsPerUser ?? 0
  }
}

/**
 * Daily entries as sessions, sorted by opening: one for each local day on which the whole session lies inside the
 * campaign's window. A session that the window would cut is left out, not shortened: ten promised minutes must be ten minutes.
 * If `to` is not after `from`, it means the next day (23:00 to 01:00). A session whole inside the hour that a clock change skips is left out.
 * An entry for workdays or holidays has a session on those days only: the day on which it opens counts.
 * Ids are `YYYYMMDD-HHMM` of the day and time on the wall clock, even for a time that the clock skips.
 * @param most the function stops after that many sessions
 */
export function expandDaily(daily: readonly DailyEntry[], window: CampaignWindow, most: number): PlannedSession[] {
  const sessions: PlannedSession[] = []
  const last = dayOf(window.closesAt, window.timezone)
  const isBusinessDay = businessDays(window.calendar)
  for (let day = dayOf(window.opensAt, window.timezone); compareDays(day, last) <= 0; day = addDays(day, 1)) {
    const dayOff = isBusinessDay(numberOfDay(day)) ? 'holidays' : 'workdays'
    for (const entry of daily) {
      if (entry.on === dayOff) continue
      const session = onDay(day, entry, window.timezone)
      const inside = session.opensAt >= window.opensAt && session.closesAt <= window.closesAt
      if (inside && session.opensAt < session.closesAt) sessions.push(session)
    }
    if (sessions.length > most) break
  }
  return sessions.sort((a, b) => a.opensAt - b.opensAt)
}
