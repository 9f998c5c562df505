import type { Queryable } from '../connection/transaction.ts'
import { ALIVE_SECONDS } from './health.ts'

interface ShardFigures {
  readonly shard: number
  readonly state: string
  readonly epoch: number
  readonly deadLetters: number
  /** how many all comparisons found since the last opening of the shard: an opening writes Redis anew */
  readonly differences: number
  /** users who were not reminded before a session opened that they had reserved */
  readonly remindersMissed: number
  /** of the oldest loan of units to it that is not over, 0 without one */
  readonly loanOpenSeconds: number
  /** Unix time in seconds of the last comparison that found one, 0 without one */
  readonly differedAt: number
  /** of the workers that were heard lately */
  readonly workers: number
  /** as the owner of the shard said lately; null while nobody does */
  readonly projectionLagSeconds: number | null
  readonly eventLagSeconds: number | null
}

/** Figures from Postgres for metrics, by shard. */
export async function readShardFigures(db: Queryable): Promise<ShardFigures[]> {
  const { rows } = await db.query<ShardFigures>(
    `select shard, state, epoch::float8 as epoch,
       (select count(*) from dead_letters d where d.shard = s.shard)::float8 as "deadLetters",
       (select coalesce(sum(missed), 0) from reminder_sessions m where m.shard = s.shard and missed > 0)::float8 as "remindersMissed",
       (select coalesce(max(extract(epoch from now() - l.asked_at)), 0) from loans l
         where l.to_shard = s.shard and l.closing is null)::float8 as "loanOpenSeconds",
       coalesce(r.differences, 0)::float8 as differences,
       coalesce(extract(epoch from r.differed_at), 0)::float8 as "differedAt",
       w.workers, w."projectionLagSeconds", w."eventLagSeconds"
     from shards s
     left join lateral (
       select sum(jsonb_array_length(result -> 'differences')) as differences, max(finished_at) as differed_at
       from reconciliations
       where reconciliations.shard = s.shard and state = 'done' and jsonb_array_length(result -> 'differences') > 0
         and finished_at >= coalesce((select max(opened_at) from openings o where o.shard = s.shard), '-infinity')
     ) r on true
     cross join lateral (
       select count(*)::float8 as workers,
         max((conditions -> 'projection-lag' ->> 'figure')::float8) filter (where owner_term > 0) as "projectionLagSeconds",
         max((conditions -> 'events-lag' ->> 'figure')::float8) filter (where owner_term > 0) as "eventLagSeconds"
       from worker_reports o where o.shard = s.shard and clock_timestamp() - o.seen_at < make_interval(secs => $1)
     ) w
     order by shard`,
    [ALIVE_SECONDS]
  )
  return rows
}
