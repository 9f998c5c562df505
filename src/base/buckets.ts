/**
 * Counts of values by upper bounds, as a histogram of Prometheus shows them. One array of fixed size, so that counting makes nothing:
 * prom-client's own histogram makes an object for each value.
 */
export class Buckets {
  /** upper bounds, rising; one more bucket is of what is above them */
  readonly edges: readonly number[]
  /** by bucket, and the sum of all values behind them */
  readonly #counts: Float64Array

  constructor(edges: readonly number[]) {
    this.edges = edges
    this.#counts = new Float64Array(edges.length + 2)
  }

  /** How many values each bucket has. */
  get counts(): Float64Array {
    return this.#counts.subarray(0, this.edges.length + 1)
  }

  get sum(): number {
    return this.#counts[this.edges.length + 1] ?? 0
  }

  /** Counts a value as often as it was seen. @returns its bucket */
  add(value: number, times = 1): number {
    const { edges } = this
    const counts = this.#counts
    let bucket = 0
    while (bucket < edges.length && value > (edges[bucket] ?? 0)) bucket += 1
    counts[bucket] = (counts[bucket] ?? 0) + times
    counts[edges.length + 1] = (counts[edges.length + 1] ?? 0) + value * times
    return bucket
  }
}
