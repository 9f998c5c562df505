const REMEMBERED_MAX = 1000
const remembered = new Map<number, string>()

/**
 * Milliseconds since 1970 as UTC text with milliseconds. All orders of a batch share their times, so a few texts are remembered.
 * @throws RangeError for a time that no date can have
 */
export function isoTime(ms: number): string {
  const known = remembered.get(ms)
  if (known !== undefined) return known
  const text = new Date(ms).toISOString()
  if (remembered.size >= REMEMBERED_MAX) remembered.clear()
  remembered.set(ms, text)
  return text
}

/** As isoTime; null stays null. */
export function isoTimeOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms)
}
