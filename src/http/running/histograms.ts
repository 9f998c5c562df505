import type { Registry } from 'prom-client'
import type { GateFigures } from '../../gate/batch/figures.ts'
import { BucketMetric } from './bucket-metric.ts'
import type { SignalCounts } from './signals.ts'

/** Shows how long decisions took, and what the gate counts of its batches, in the figures of this process. */
export function showHistograms(registry: Registry, took: SignalCounts['took'], gate: GateFigures): void {
  const shown = [
    {
      name: 'floodgate_decision_seconds',
      help: 'From asking the gate to its answer, journaled if confirmed; about 256 a second are measured, and stand for all',
      label: 'outcome',
      buckets: took
    },
    {
      name: 'floodgate_gate_batch_commands',
      help: 'Commands of a batch that Redis decided in one call',
      buckets: { '': gate.batchCommands }
    },
    {
      name: 'floodgate_gate_call_seconds',
      help: 'From sending a batch to Redis to its reply',
      buckets: { '': gate.callSeconds }
    },
    {
      name: 'floodgate_journal_ack_seconds',
      help: 'From publishing a frame to the ack of the journal',
      buckets: { '': gate.ackSeconds }
    }
  ]
  for (const options of shown) registry.registerMetric(new BucketMetric(options))
}
