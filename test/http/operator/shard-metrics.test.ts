import t from 'tap'
import { UnavailableError } from '../../../src/base/errors.ts'
import { HealthCheck } from '../../../src/http/server/health.ts'
import { createShardMetrics } from '../../../src/http/server/shard-metrics.ts'
import { saveWorkerReports } from '../../../src/store/shard/health.ts'
import { recordFound } from '../../../src/store/shard/reconciliations.ts'
import { ScriptedGate } from '../../support/http/scripted-gate.ts'
import { freshDatabase } from '../../support/servers/database.ts'
import { sharedServers } from '../../support/servers/servers.ts'

const { databaseUrl } = await sharedServers(t)

t.test('metrics describe the shard, and leave out parts that are away', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  const gate = new ScriptedGate()
  const metrics = createShardMetrics({ gate, pool, health: new HealthCheck({ gate, pool, now: () => 0 }) })
  await pool.query(
    `insert into shards (shard, epoch, state) values (0, 1700000000, 'open')
     on conflict (shard) do update set epoch = excluded.epoch, state = excluded.state`
  )
  await pool.query("insert into openings (shard, epoch, opened_at) values (0, 1700000000, now() - interval '1 hour')")
  await pool.query(
    `insert into dead_letters (shard, stream, sequence, reason, payload)
     values (0, 'J', 1, 'not JSON', 'x'), (0, 'J', 2, '', '')`
  )
  await recordFound(pool, 0, { differences: [{ key: 'a' }, { key: 'b' }] })
  await pool.query("update reconciliations set finished_at = now() - interval '2 hours'")
  await recordFound(pool, 0, { differences: [{ key: 'a' }] })
  gate.depths = async () => ({ outbox: 3, kept: 4 })
  const conditions = { 'projection-lag': { ok: true, detail: '2 s', figure: 2.25 } }
  for (const [worker, ownerTerm] of [['owner', 3] as const, ['other', 0] as const]) {
    await saveWorkerReports(pool, [{ worker, shard: 0, ownerTerm, conditions: ownerTerm > 0 ? conditions : {} }])
  }
  await pool.query("update worker_reports set seen_at = now() + interval '1 hour'")
  gate.health = () => ({
    gate: 'ok',
    journal: 'ok',
    conditions: { 'journal-room': { ok: true, detail: '', figure: 0.25 } }
  })
  const lines = (await metrics.metrics()).split('\n')
  for (const line of [
    'floodgate_part_health{part="postgres"} 2',
    'floodgate_shard_open{shard="0"} 1',
    'floodgate_shard_epoch{shard="0"} 1700000000',
    'floodgate_outbox_frames{shard="0"} 3',
    'floodgate_kept_frames{shard="0"} 4',
    'floodgate_dead_letters{shard="0"} 2',
    'floodgate_reconciliation_differences{shard="0"} 1',
    'floodgate_projection_lag_seconds{shard="0"} 2.25',
    'floodgate_journal_used_ratio{shard="0"} 0.25',
    'floodgate_workers{shard="0"} 2'
  ]) {
    t.ok(lines.includes(line), line)
  }
  t.notMatch(lines.join('\n'), /floodgate_event_lag_seconds\{/, 'what nobody said is not shown')
  gate.depths = async () => {
    throw new UnavailableError('Redis did not answer in time')
  }
  const away = await metrics.metrics()
  t.notMatch(away, /floodgate_outbox_frames\{/)
  t.match(away, /floodgate_shard_open\{shard="0"\} 1/)
})
