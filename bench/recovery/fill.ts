import type { Pool } from 'pg'

export interface Filling {
  readonly pool: Pool
  readonly shard: number
  /** the user of the order that is multiplied */
  readonly template: string
  readonly decisions: number
  /** among whom they are dealt in turn */
  readonly users: number
}

const AT_ONCE = 50_000

/** Frames of so many decisions each, as at the height of a sale. */
const FRAME = 64

/**
 * Orders as the projection stores them, multiplied from one that the gate made: what recovery reads (decisions, frames, stock), without
 * the minutes that it takes to sell them. Redis lacks them all afterwards.
 * @throws Error when the order is not stored
 */
export async function fillDecisions(filling: Filling): Promise<void> {
  const { pool, shard, template, decisions, users } = filling
  const found = await pool.query<{ epoch: number; sequence: number; batch: number; activity: string }>(
    `select epoch, sequence, batch, activity_id as activity from decisions where user_id = $1 and type = 'order.accepted'`,
    [template]
  )
  const [order] = found.rows
  if (order === undefined) throw new Error(`The order of ${template} is not stored.`)
  for (let from = 0; from < decisions; from += AT_ONCE) {
    const most = Math.min(AT_ONCE, decisions - from)
    await pool.query(
      `insert into decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id, session_id, entity, at,
         request, adds, puts, record, report)
       select d.shard, d.epoch, d.sequence + n, d.batch + (n + ${FRAME} - 1) / ${FRAME}, d.type, 'customer-' || n % $4, 'u:key-' || n,
         d.hash, d.campaign_id, d.activity_id, d.session_id, d.epoch || '-' || d.sequence + n, d.at, d.request,
         case when n <= $4 then d.adds else (d.adds::jsonb - 'c')::json end, d.puts,
         replace(d.record, d.epoch || '-' || d.batch, d.epoch || '-' || d.batch + (n + ${FRAME} - 1) / ${FRAME}), d.report
       from decisions d, generate_series($2::bigint, $3::bigint) n
       where d.shard = $1 and d.user_id = $5 and d.type = 'order.accepted'`,
      [shard, from + 1, from + most, users, template]
    )
  }
  await pool.query(
    `insert into frames (shard, epoch, batch, stream_epoch, stream_sequence, decided_at, decisions, first_sequence)
     select shard, epoch, batch, epoch, 1000000000 + batch, now() - interval '1 minute', count(*), min(sequence)
     from decisions where shard = $1 and epoch = $2 and batch > $3 group by shard, epoch, batch`,
    [shard, order.epoch, order.batch]
  )
  await pool.query(
    'update stock set remaining = remaining - $2, held = held + $2 where shard = $1 and activity_id = $3',
    [shard, decisions, order.activity]
  )
  await pool.query('vacuum analyze')
}
