/** What of a campaign's gifts to a user has expired (`userField.expired`), as far as others than the gate have to know. */
interface ExpiredRecord {
  /** not counted as taken back so far */
  readonly left: number
  /** counted by adjustments */
  readonly counted: number
}

/** Reads `<left>;<counted>;<place>;<frame>`; nothing has expired where there is none. */
export function decodeExpired(text: string | undefined): ExpiredRecord {
  const [left = 0, counted = 0] = (text ?? '').split(';').map(Number)
  return { left, counted }
}
