/** The number of the local day on which a moment falls. @param offsetMinutes of the zone at that moment, east positive */
export function dayNumber(ms: number, offsetMinutes: number): number {
  return Math.floor((ms + offsetMinutes * 60_000) / 86_400_000)
}
