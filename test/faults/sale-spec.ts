/** The sale of a row and the crowd in front of it. */
export interface SaleSpec {
  /** units (400) */
  readonly stock?: number
  /** buyers at once (24), 0: no crowd, the row asks by itself */
  readonly buyers?: number
  /** pause of a buyer between purchases (30 ms), and while the fault lasts (1000 ms), so that units are left after it */
  readonly restMs?: number
  readonly restMeanwhileMs?: number
  /** all buyers belong to this shard of so many; to any without */
  readonly home?: { readonly shard: number; readonly count: number }
  /** of one exchange of a buyer (2000 ms) */
  readonly deadlineMs?: number
  /** seconds in which an order must be paid; none without */
  readonly payWithinSeconds?: number
  /** the campaign's token bucket; none without */
  readonly ratePerSecond?: number
}
