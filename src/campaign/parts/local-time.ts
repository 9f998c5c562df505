import { DateTime, IANAZone } from 'luxon'
import { DAY_MS, dayNumber } from '../../base/day.ts'

const MINUTE_MS = 60_000

/** A calendar day without a zone. `month` and `day` count from 1. */
export interface LocalDay {
  readonly year: number
  readonly month: number
  readonly day: number
}

export function isTimezone(name: string): boolean {
  return IANAZone.isValidZone(name)
}

/** The calendar day on which a moment falls in a zone. */
export function dayOf(moment: number, timezone: string): LocalDay {
  const local = DateTime.fromMillis(moment, { zone: timezone })
  return { year: local.year, month: local.month, day: local.day }
}

export function addDays(day: LocalDay, days: number): LocalDay {
  const moved = new Date(Date.UTC(day.year, day.month - 1, day.day + days))
  return { year: moved.getUTCFullYear(), month: moved.getUTCMonth() + 1, day: moved.getUTCDate() }
}

/** Negative if `a` is before `b`, zero if they are equal, positive if `a` is after `b`. */
export function compareDays(a: LocalDay, b: LocalDay): number {
  return Date.UTC(a.year, a.month - 1, a.day) - Date.UTC(b.year, b.month - 1, b.day)
}

/** The number of a calendar day, days since 1970. */
export function numberOfDay(day: LocalDay): number {
  return Date.UTC(day.year, day.month - 1, day.day) / DAY_MS
}

function changeBetween(zone: IANAZone, from: number, to: number): number {
  const before = zone.offset(from)
  let low = from
  let high = to
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (zone.offset(middle) === before) low = middle
    else high = middle
  }
  return high
}

/**
 * The first moment at which clocks in the zone show this time of the day or have jumped past it. So a time that exists
 * twice means its first occurrence, a time that does not exist means the moment of the jump, and an earlier time of day is
 * never a later moment. (luxon alone would move 02:30 to 03:30, and a session 02:30-03:00 would end before it began.)
 * @param minutes since midnight, 0 to 1440 (the midnight that ends the day)
 */
export function momentAt(day: LocalDay, minutes: number, timezone: string): number {
  const zone = IANAZone.create(timezone)
  const wall = Date.UTC(day.year, day.month - 1, day.day) + minutes * MINUTE_MS
  const offsets = [zone.offset(wall - DAY_MS), zone.offset(wall + DAY_MS)]
  const candidates = offsets.map((offset) => wall - offset * MINUTE_MS)
  const real = candidates.filter((moment, index) => zone.offset(moment) === offsets[index])
  if (real.length > 0) return Math.min(...real)
  return changeBetween(zone, Math.min(...candidates), Math.max(...candidates))
}

/** The last millisecond of a calendar day in a zone. */
export function endOfDay(day: LocalDay, timezone: string): number {
  return momentAt(addDays(day, 1), 0, timezone) - 1
}

/** The number of the local day (days since 1970 on the zone's calendar) on which a moment falls. */
export function dayNumberAt(moment: number, timezone: string): number {
  return dayNumber(moment, IANAZone.create(timezone).offset(moment))
}

/** From the moment `from` on, clocks of a zone are `minutes` ahead of UTC (negative: behind it). */
export interface ZoneOffset {
  readonly from: number
  readonly minutes: number
}

/**
 * The offsets of a zone between two moments, sorted. The first is the one in force at `from` and holds from 1970 on, so
 * that every earlier moment has a local day too.
 */
export function zoneOffsets(timezone: string, from: number, to: number): ZoneOffset[] {
  const zone = IANAZone.create(timezone)
  const offsets: ZoneOffset[] = [{ from: 0, minutes: zone.offset(from) }]
  // No zone has changed its clocks twice within a day: a step of a day cannot pass over a change and its undoing.
  for (let start = from; start < to; start += DAY_MS) {
    const end = Math.min(start + DAY_MS, to)
    const minutes = zone.offset(end)
    if (minutes !== offsets.at(-1)?.minutes) offsets.push({ from: changeBetween(zone, start, end), minutes })
  }
  return offsets
}
