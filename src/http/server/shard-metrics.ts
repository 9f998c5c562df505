import type pg from 'pg'
import { Gauge, Registry } from 'prom-client'
import { fromStore } from '../../base/deadline.ts'
import type { Shards } from '../../gate/gate.ts'
import { readShardFigures } from '../../store/shard/figures.ts'
import type { HealthCheck, HealthReport } from './health.ts'

const levels: Readonly<Record<HealthReport['gate'], number>> = { ok: 2, degraded: 1, closed: 0 }

interface ShardMetricsOptions {
  readonly gate: Pick<Shards, 'depths' | 'health' | 'numbers'>
  readonly pool: pg.Pool
  readonly health: Pick<HealthCheck, 'report'>
}

/**
 * Metrics of the shard, the same from every process, because the worker has no port of its own. Figures of a part that is
 * away are left out, and its health is 0.
 */
export function createShardMetrics({ gate, pool, health: check }: ShardMetricsOptions): Registry {
  const registry = new Registry()
  const gauge = (name: string, help: string, label: 'shard' | 'part' | 'name' = 'shard') =>
    new Gauge({ name: `floodgate_${name}`, help, labelNames: [label], registers: [registry] })
  const parts = gauge('part_health', '2 ok, 1 degraded, 0 closed or away', 'part')
  const conditions = gauge('condition', '1 while it holds, 0 when it does not or nobody knows; see the runbook', 'name')
  const open = gauge('shard_open', '1 while Postgres says that the shard is open')
  const epoch = gauge('shard_epoch', 'Openings raise it; one that rises again and again is a recovery that fails')
  const outbox = gauge('outbox_frames', 'Decided and not known to be journaled')
  const kept = gauge('kept_frames', 'Journaled and not known to be in Postgres: the lag of the projection')
  const projected = gauge('projection_lag_seconds', 'How long the oldest frame that Postgres lacks has been journaled')
  const told = gauge('event_lag_seconds', 'How long the oldest frame whose events were not told has been journaled')
  const used = gauge(
    'journal_used_ratio',
    'Share of its bound that the open stream of the journal holds; at 0.9 the gate closes'
  )
  const alive = gauge('workers', 'Workers that were heard within five seconds: one owns the shard, the others stand by')
  const letters = gauge('dead_letters', 'Frames that could not be read')
  const missed = gauge('reminders_missed', 'Reminders that could not be told before the session opened')
  const lent = gauge(
    'loan_open_seconds',
    'How long the oldest loan of units to this shard has been on its way; 0: none is'
  )
  const differences = gauge(
    'reconciliation_differences',
    'Places in which Redis, journal and Postgres were found to differ'
  )
  const compared = gauge(
    'reconciliation_differed_seconds',
    'Unix time of the last comparison that found something, 0: none'
  )

  async function ofRedis(): Promise<void> {
    // all of them are waited for: one that is away at once would leave the others out
    await Promise.allSettled(
      gate.numbers.map(async (shard) => {
        const depths = await gate.depths(shard)
        outbox.set({ shard: String(shard) }, depths.outbox)
        kept.set({ shard: String(shard) }, depths.kept)
      })
    )
  }
  async function ofPostgres(): Promise<void> {
    for (const row of await fromStore(readShardFigures(pool))) {
      const shard = { shard: String(row.shard) }
      open.set(shard, row.state === 'open' ? 1 : 0)
      epoch.set(shard, row.epoch)
      letters.set(shard, row.deadLetters)
      missed.set(shard, row.remindersMissed)
      lent.set(shard, row.loanOpenSeconds)
      differences.set(shard, row.differences)
      compared.set(shard, row.differedAt)
      alive.set(shard, row.workers)
      if (row.projectionLagSeconds !== null) projected.set(shard, row.projectionLagSeconds)
      if (row.eventLagSeconds !== null) told.set(shard, row.eventLagSeconds)
    }
  }
  function ofNats(): void {
    for (const shard of gate.numbers) {
      const share = gate.health(shard).conditions['journal-room']?.figure
      if (share !== undefined) used.set({ shard: String(shard) }, share)
    }
  }
  const metrics = registry.metrics.bind(registry)
  registry.metrics = async () => {
    registry.resetMetrics()
    ofNats()
    const [report] = await Promise.allSettled([check.report(), ofRedis(), ofPostgres()])
    if (report.status === 'fulfilled') {
      for (const part of ['gate', 'journal', 'postgres', 'projection'] as const) {
        parts.set({ part }, levels[report.value[part]])
      }
      for (const { name, ok } of report.value.conditions) conditions.set({ name }, ok ? 1 : 0)
    }
    return metrics()
  }
  return registry
}
