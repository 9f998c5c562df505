import { gatewayMetrics } from '../support/http/gateway-metrics.ts'
import { code, table } from './markdown.ts'

/** Every metric of Floodgate's own. */
export function metricsTable(): string {
  const rows = gatewayMetrics().map(({ name, type, labels, help }) => [
    code(name),
    type,
    labels.map(code).join(', '),
    help
  ])
  return table(['metric', 'type', 'labels', 'what'], rows)
}
