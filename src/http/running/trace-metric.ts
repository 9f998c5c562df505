import { Counter, type Registry } from 'prom-client'
import type { SpanCounts } from '../../tracing/traces.ts'

/** Shows what became of the spans of this process. */
export function showTraces(registry: Registry, counts: Readonly<SpanCounts>): void {
  registry.registerMetric(
    new Counter({
      name: 'floodgate_spans_total',
      help: 'Spans of traced requests: exported, failed (the endpoint did not take them), or dropped (too many waited for it)',
      labelNames: ['result'],
      registers: [],
      collect() {
        this.reset()
        for (const [result, count] of Object.entries(counts)) this.inc({ result }, count)
      }
    })
  )
}
