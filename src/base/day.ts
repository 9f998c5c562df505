const DAY_MS = 86_400_000

/** The number of the local day on which a moment falls. @param offsetMinutes of the zone at that moment, east positive */
export function dayNumber(ms: number, offsetMinutes: number): number {
  return Math.floor((ms + offsetMinutes * 60_000) / DAY_MS)
}

/** A local day by its number, as a date: YYYY-MM-DD. */
export function dateOfDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
