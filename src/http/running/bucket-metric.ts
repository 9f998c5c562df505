import { Histogram } from 'prom-client'
import type { Buckets } from '../../base/buckets.ts'

interface BucketMetricOptions {
  readonly name: string
  readonly help: string
  /** the name of a label with its values; absent: there is one histogram, by the value '' */
  readonly label?: string
  readonly buckets: Readonly<Record<string, Buckets>>
}

/** Shows counts that are taken elsewhere as a histogram of Prometheus; they are read only when somebody scrapes. */
export class BucketMetric extends Histogram {
  readonly #shown: BucketMetricOptions
  /** says name, help and type as prom-client does */
  readonly #empty: Histogram

  constructor(options: BucketMetricOptions) {
    const { name, help, label } = options
    const own = { name, help, labelNames: label === undefined ? [] : [label], registers: [] }
    super(own)
    this.#shown = options
    this.#empty = new Histogram(own)
  }

  override async get(): ReturnType<Histogram['get']> {
    const { label, buckets } = this.#shown
    const values = Object.entries(buckets).flatMap(([value, counted]) => {
      return this.#valuesOf(counted, label === undefined ? {} : { [label]: value })
    })
    return { ...(await this.#empty.get()), values }
  }

  /** What a registry calls for its text, and `get` for the sum over processes. */
  getForPromString(): ReturnType<Histogram['get']> {
    return this.get()
  }

  /** The lines of one histogram: each bucket with all below it, then the sum and how many values there were. */
  #valuesOf({ edges, counts, sum }: Buckets, labels: Record<string, string>) {
    let below = 0
    const lines = [...counts].map((count, bucket) => {
      below += count
      const le = edges[bucket] ?? '+Inf'
      return { metricName: `${this.#shown.name}_bucket`, labels: { le, ...labels }, value: below }
    })
    return [
      ...lines,
      { metricName: `${this.#shown.name}_sum`, labels, value: sum },
      { metricName: `${this.#shown.name}_count`, labels, value: below }
    ]
  }
}
