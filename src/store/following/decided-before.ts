import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'
import type { Followed } from './followed.ts'

/** A decision, and the keys under which its user may have decided something before it. */
type Asked = Pick<Followed, 'id' | 'user' | 'epoch' | 'sequence'> & { readonly keys: readonly string[] }

/** By the id of a decision: the request of what its user, in the same shard, had decided before under one of the keys. */
export async function decidedBefore(db: Queryable, decisions: readonly Asked[]): Promise<Map<string, unknown>> {
  if (decisions.length === 0) return new Map()
  const { rows } = await db.query<{ id: string; request: unknown }>(
    `select v.id, d.request
     from json_to_recordset($1::json) as v(id text, "user" text, key text, epoch bigint, sequence bigint)
     join decisions d on d.user_id = v."user" and d.key = v.key and (d.epoch, d.sequence) < (v.epoch, v.sequence)`,
    [
      JSON.stringify(
        decisions.flatMap(({ id, user, keys, epoch, sequence }) =>
          keys.map((key) => ({ id, user: issuedUser(user), key, epoch, sequence }))
        )
      )
    ]
  )
  return new Map(rows.map(({ id, request }) => [id, request]))
}
