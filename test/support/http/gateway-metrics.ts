import pg from 'pg'
import type { Registry } from 'prom-client'
import { Buckets } from '../../../src/base/buckets.ts'
import { GateFigures } from '../../../src/gate/batch/figures.ts'
import { LiveFigures } from '../../../src/http/campaigns/live-figures.ts'
import { showHistograms } from '../../../src/http/running/histograms.ts'
import { createMetrics } from '../../../src/http/running/metrics.ts'
import { showTraces } from '../../../src/http/running/trace-metric.ts'
import { createShardMetrics } from '../../../src/http/server/shard-metrics.ts'
import { createStockMetrics } from '../../../src/http/server/stock-metrics.ts'
import { aCatalogue } from './http-app.ts'
import { ScriptedGate } from './scripted-gate.ts'

/** A metric as it is declared. */
interface ShownMetric {
  readonly name: string
  readonly help: string
  /** counter, gauge or histogram */
  readonly type: string
  readonly labels: readonly string[]
}

/** What /metrics is made of, without what libraries add; nothing is asked for. */
export function gatewayRegistries(): Registry[] {
  const { registry } = createMetrics()
  showHistograms(registry, { confirmed: new Buckets([1]), refused: new Buckets([1]) }, new GateFigures())
  showTraces(registry, { exported: 0, failed: 0, dropped: 0 })
  const gate = new ScriptedGate()
  const catalogue = aCatalogue()
  const report = async () => {
    throw new Error('nobody asks in this test')
  }
  return [
    registry,
    createShardMetrics({ gate, pool: new pg.Pool(), health: { report } }),
    createStockMetrics({ figures: new LiveFigures({ gate, catalogue }), catalogue })
  ]
}

function shown(registry: Registry): ShownMetric[] {
  return registry.getMetricsAsArray().map((metric) => {
    const { name, help, type } = metric
    const labels = 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : []
    return { name, help, type: String(type), labels }
  })
}

/** Every metric of /metrics, with those that prom-client has of each process of Node. */
export const allMetrics = (): ShownMetric[] => gatewayRegistries().flatMap(shown)

/** Every metric of Floodgate's own. */
export const gatewayMetrics = (): ShownMetric[] => allMetrics().filter(({ name }) => name.startsWith('floodgate_'))
