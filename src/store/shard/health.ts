import type { StoreFacts } from '../../health/store-verdicts.ts'
import type { Queryable } from '../connection/transaction.ts'
import { works } from '../operators/operators.ts'

/** A worker that was silent for so long does not count as alive, and its last report is ignored. */
export const ALIVE_SECONDS = 5

/** Everything in Postgres that conditions are made of, in one statement. */
export async function readStoreFacts(db: Queryable, shard: number): Promise<StoreFacts> {
  const { rows } = await db.query<StoreFacts>(
    `select pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as "readOnly",
       (select jsonb_build_object('state', state, 'epoch', epoch, 'waitingFor', waiting_for) from shards where shard = $1) as shard,
       (select count(*) from openings where shard = $1 and opened_at > now() - interval '5 minutes')::float8 as openings,
       (select coalesce(jsonb_agg(jsonb_build_object(
            'worker', worker, 'term', owner_term,
            'silentSeconds', extract(epoch from clock_timestamp() - seen_at),
            'alive', clock_timestamp() - seen_at < make_interval(secs => $2), 'conditions', conditions)
          order by owner_term desc), '[]')
        from worker_reports where shard = $1) as workers,
       has_table_privilege('audit', 'insert') as "mayAudit",
       -- the newest ones alone: this is asked every second, and results may be long
       (select coalesce(sum(jsonb_array_length(result -> 'differences')), 0) from (
          select result from reconciliations where shard = $1 and state = 'done'
            and finished_at >= coalesce((select max(opened_at) from openings where shard = $1), '-infinity')
          order by reconciliation_id desc limit 20) newest
       )::float8 as differences,
       (select count(*) from operators where role <> 'service' and ${works})::float8 as people`,
    [shard, ALIVE_SECONDS]
  )
  const [facts] = rows
  if (!facts) throw new Error('Postgres answered without a row')
  return facts
}

interface WorkerReport {
  readonly worker: string
  readonly shard: number
  readonly ownerTerm: number
  readonly conditions: object
}

/** Reports that a worker lives, with its conditions of shards. Deletes reports of workers that ended an hour ago. */
export async function saveWorkerReports(db: Queryable, reports: readonly WorkerReport[]): Promise<void> {
  const rows = reports.map(({ worker, shard, ownerTerm, conditions }) => ({
    ...{ worker, shard, conditions },
    owner_term: ownerTerm
  }))
  await db.query(
    `with said as (select * from json_to_recordset($1::json) as r(worker text, shard int, owner_term bigint, conditions jsonb)),
       gone as (delete from worker_reports where seen_at < now() - interval '1 hour' and worker not in (select worker from said))
     insert into worker_reports (worker, shard, owner_term, conditions) select worker, shard, owner_term, conditions from said
     on conflict on constraint worker_reports_pkey
     do update set seen_at = now(), owner_term = excluded.owner_term, conditions = excluded.conditions`,
    [JSON.stringify(rows)]
  )
}

/** Deletes the report of a worker that stops in order, so that it does not count as missing. */
export async function removeWorkerReport(db: Queryable, worker: string): Promise<void> {
  await db.query('delete from worker_reports where worker = $1', [worker])
}
