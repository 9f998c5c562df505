import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'
import type { Followed } from './followed.ts'

/** Ids of those decisions before which their user, in the same shard, had decided something under the key that stands in them. */
export async function decidedBefore(
  db: Queryable,
  decisions: ReadonlyArray<Pick<Followed, 'id' | 'user' | 'key' | 'epoch' | 'sequence'>>
): Promise<Set<string>> {
  if (decisions.length === 0) return new Set()
  const { rows } = await db.query<{ id: string }>(
    `select v.id from json_to_recordset($1::json) as v(id text, "user" text, key text, epoch bigint, sequence bigint)
     join decisions d on d.user_id = v."user" and d.key = v.key and (d.epoch, d.sequence) < (v.epoch, v.sequence)`,
    [
      JSON.stringify(
        decisions.map(({ id, user, key, epoch, sequence }) => ({ id, user: issuedUser(user), key, epoch, sequence }))
      )
    ]
  )
  return new Set(rows.map(({ id }) => id))
}
