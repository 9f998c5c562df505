import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'
import type { Followed } from './followed.ts'

/** A decision, and the keys under which its user may have decided something before it. */
type Asked = Pick<Followed, 'id' | 'shard' | 'user' | 'epoch' | 'sequence'> & { readonly keys: readonly string[] }

/** By the id of a decision: the request of what its user, in the same shard, had decided before under one of the keys. */
export async function decidedBefore(db: Queryable, decisions: readonly Asked[]): Promise<Map<string, unknown>> {
  if (decisions.length === 0) return new Map()
  const { rows } = await db.query<{ id: string; request: unknown }>(
    `select v.id, d.request
     from json_to_recordset($1::json) as v(id text, shard integer, "user" text, key text, epoch bigint, sequence bigint), lateral (
       select request from decisions where shard = v.shard and user_id = v."user" and key = v.key
         and (epoch, sequence) < (v.epoch, v.sequence) order by epoch desc, sequence desc limit 1
     ) d`,
    [
      JSON.stringify(
        decisions.flatMap(({ id, shard, user, keys, epoch, sequence }) =>
          keys.map((key) => ({ id, shard, user: issuedUser(user), key, epoch, sequence }))
        )
      )
    ]
  )
  return new Map(rows.map(({ id, request }) => [id, request]))
}

/** When decisions were made, ms since 1970, by their ids; without those that Postgres does not have. @param ids `<shard>-<epoch>-<sequence>` */
export async function decidedAt(db: Queryable, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map()
  const { rows } = await db.query<{ id: string; at: number }>(
    `select asked.id, (extract(epoch from d.at) * 1000)::float8 as at
     from unnest($1::text[]) as asked(id) join decisions d on d.shard = split_part(asked.id, '-', 1)::integer
       and d.epoch = split_part(asked.id, '-', 2)::bigint and d.sequence = split_part(asked.id, '-', 3)::bigint`,
    [ids]
  )
  return new Map(rows.map(({ id, at }) => [id, at]))
}
