import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'
import { everyShard } from './every-shard.ts'

/** How far a shard had come at a moment, as its gate said: the last frame and decision of an opening. */
export interface ShardMark {
  readonly shard: number
  readonly epoch: number
  readonly batch: number
  readonly sequence: number
}

/**
 * Whether Postgres has all frames up to `e`, as far as they will ever be there, by the row `o` of its opening: once a later opening is open, the
 * journal is read to its end. A position in a later stream says less: where a journal was lost, older frames come in that one.
 */
export const isStoredUpTo = `(e.batch <= o.complete_batch
  or exists (select from openings n where n.shard = e.shard and n.epoch > e.epoch and n.opened)
  or e.batch - o.complete_batch = (
    select count(*) from frames f
    where f.shard = e.shard and f.epoch = e.epoch and f.batch > o.complete_batch and f.batch <= e.batch
  ))`

/** Whether Postgres has all that was decided up to some marks, as far as it will ever be there: what a lost Redis had not journaled is void. */
export async function haveStored(db: Queryable, marks: readonly ShardMark[]): Promise<boolean> {
  const { rows } = await db.query<{ stored: boolean }>(
    `select count(*) = $2 as stored from json_to_recordset($1::json) as e(shard integer, epoch bigint, batch bigint)
     left join openings o on o.shard = e.shard and o.epoch = e.epoch
     where ${isStoredUpTo}`,
    [JSON.stringify(marks), marks.length]
  )
  return rows[0]?.stored === true
}

/**
 * Whether Postgres has the newest decision of a user under a key, and all that their shard decided before it: its frame may be stored before an
 * earlier one, which another gateway did not get published.
 */
export async function hasAllBefore(
  db: Queryable,
  { user, key }: { readonly user: string; readonly key: string }
): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from (
       select shard, epoch, batch from decisions where shard = ${everyShard} and user_id = $1 and key = $2
       order by epoch desc, sequence desc limit 1
     ) e left join openings o on o.shard = e.shard and o.epoch = e.epoch
     where ${isStoredUpTo}`,
    [issuedUser(user), key]
  )
  return rowCount === 1
}

/** Whether a campaign has decisions after some marks whose keys begin with one of some texts, as far as they are stored. */
export async function hasDecisionsAfter(
  db: Queryable,
  marks: readonly ShardMark[],
  { campaign, keys }: { readonly campaign: string; readonly keys: readonly string[] }
): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from json_to_recordset($1::json) as m(shard integer, epoch bigint, sequence bigint)
     join decisions d on d.shard = m.shard and (d.epoch, d.sequence) > (m.epoch, m.sequence)
     where d.campaign_id = $2 and exists (select from unnest($3::text[]) k where starts_with(d.key, k)) limit 1`,
    [JSON.stringify(marks), campaign, keys]
  )
  return rowCount === 1
}
