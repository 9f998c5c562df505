export const DAY_MS = 86_400_000

/** The number of the local day that contains a moment. @param offsetMinutes of the zone at that moment, east positive */
export function dayNumber(ms: number, offsetMinutes: number): number {
  return Math.floor((ms + offsetMinutes * 60_000) / DAY_MS)
}

/** The date of a local day by its number: YYYY-MM-DD. */
export function dateOfDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
