import { AggregatorRegistry, Registry } from 'prom-client'
import { test } from 'tap'
import { Buckets } from '../../../src/base/buckets.ts'
import { GateFigures } from '../../../src/gate/batch/figures.ts'
import { showHistograms } from '../../../src/http/running/histograms.ts'

function shown() {
  const took = { confirmed: new Buckets([0.025, 0.25]), refused: new Buckets([0.025, 0.25]) }
  const gate = new GateFigures()
  const registry = new Registry()
  showHistograms(registry, took, gate)
  return { took, gate, registry }
}

test('counts are shown as histograms, with the goals as edges', async (t) => {
  const { took, gate, registry } = shown()
  t.equal(took.confirmed.add(0.025, 3), 0, 'an edge belongs to its bucket')
  t.equal(took.confirmed.add(0.2), 1)
  t.equal(took.confirmed.add(5), 2)
  gate.answered(40, 3)
  const lines = (await registry.metrics()).split('\n')
  for (const line of [
    '# TYPE floodgate_decision_seconds histogram',
    'floodgate_decision_seconds_bucket{le="0.025",outcome="confirmed"} 3',
    'floodgate_decision_seconds_bucket{le="0.25",outcome="confirmed"} 4',
    'floodgate_decision_seconds_bucket{le="+Inf",outcome="confirmed"} 5',
    'floodgate_decision_seconds_sum{outcome="confirmed"} 5.275',
    'floodgate_decision_seconds_count{outcome="confirmed"} 5',
    'floodgate_decision_seconds_count{outcome="refused"} 0',
    'floodgate_gate_batch_commands_bucket{le="32"} 0',
    'floodgate_gate_batch_commands_bucket{le="64"} 1',
    'floodgate_gate_batch_commands_sum 40',
    'floodgate_gate_call_seconds_bucket{le="0.003"} 1',
    'floodgate_journal_ack_seconds_count 0'
  ]) {
    t.ok(lines.includes(line), line)
  }
})

test('histograms of several processes are summed', async (t) => {
  const processes = [shown(), shown()]
  for (const { took } of processes) took.refused.add(0.01)
  const all = await Promise.all(processes.map(({ registry }) => registry.getMetricsAsJSON()))
  const text = await AggregatorRegistry.aggregate(all).metrics()
  t.match(text, 'floodgate_decision_seconds_bucket{le="0.025",outcome="refused"} 2')
  t.match(text, 'floodgate_decision_seconds_count{outcome="refused"} 2')
})
