import type { Client, Pool, PoolClient } from 'pg'
import { inside, issuedUser, storedUser } from '../connection/user-name.ts'
import { type Checkpoint, type CheckpointRow, writeCheckpointRows } from './checkpoint.ts'
import type { DecisionPlace } from './restore.ts'

type Queryable = Pick<Client | Pool | PoolClient, 'query'>

/** A decision whose replay is to be forgotten, or was. */
export interface OldDecision extends DecisionPlace {
  readonly user: string
  readonly key: string
  readonly campaign: string
  readonly activity: string
  /** by the clock of the shard */
  readonly at_ms: number
}

/** In the order of the journal. */
export function isBefore(one: DecisionPlace, other: DecisionPlace): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.sequence < other.sequence)
}

/** The decisions after one place up to another, oldest first, at most so many. */
export async function oldDecisions(
  db: Queryable,
  shard: number,
  { after, upTo, most }: { readonly after: DecisionPlace; readonly upTo: DecisionPlace; readonly most: number }
): Promise<OldDecision[]> {
  const { rows } = await db.query<OldDecision>({
    name: 'old-decisions',
    text: `select epoch, sequence, user_id as "user", key, campaign_id as campaign, activity_id as activity,
             round(extract(epoch from at) * 1000)::bigint as at_ms
           from decisions
           where shard = $1 and (epoch, sequence) > ($2::bigint, $3::bigint) and (epoch, sequence) <= ($4::bigint, $5::bigint)
           order by epoch, sequence limit $6`,
    values: [shard, after.epoch, after.sequence, upTo.epoch, upTo.sequence, most]
  })
  return rows.map(inside)
}

type KeyedPlace = Pick<OldDecision, 'key' | 'epoch' | 'sequence'>

/**
 * What some users decided after the place up to which Redis has forgotten, up to the one up to which the checkpoint has; by user.
 * @param after Redis' place: mostly the same as the checkpoint's, then nothing is read
 */
export async function stillToForget(
  db: Queryable,
  { shard, after, upTo }: { readonly shard: number; readonly after: DecisionPlace; readonly upTo: DecisionPlace },
  users: readonly string[]
): Promise<ReadonlyMap<string, readonly KeyedPlace[]>> {
  const found = new Map<string, KeyedPlace[]>()
  if (!isBefore(after, upTo) || users.length === 0) return found
  const { rows } = await db.query<KeyedPlace & { user: string }>(
    `select user_id as "user", key, epoch, sequence from decisions
     where shard = $1 and user_id = any($2) and (epoch, sequence) > ($3::bigint, $4::bigint)
       and (epoch, sequence) <= ($5::bigint, $6::bigint) order by epoch, sequence`,
    [shard, users.map(issuedUser), after.epoch, after.sequence, upTo.epoch, upTo.sequence]
  )
  for (const { user, ...decision } of rows) {
    const name = storedUser(user)
    const known = found.get(name)
    if (known) known.push(decision)
    else found.set(name, [decision])
  }
  return found
}

/**
 * Moves the place up to which a checkpoint has forgotten, inside a transaction of the caller.
 * @param from the checkpoint as it was read before its rows @param rows the hashes that changed
 * @returns false when another process has moved it meanwhile: nothing was written
 */
export async function moveForgotten(
  client: PoolClient,
  shard: number,
  move: { readonly from: Checkpoint; readonly to: DecisionPlace; readonly rows: readonly CheckpointRow[] }
): Promise<boolean> {
  const { from, to, rows } = move
  const moved = await client.query(
    `update checkpoints set forgot_epoch = $2, forgot_sequence = $3, updated_at = now()
     where shard = $1 and epoch = $4 and batch = $5 and forgot_epoch = $6 and forgot_sequence = $7`,
    [shard, to.epoch, to.sequence, from.epoch, from.batch, from.forgotten.epoch, from.forgotten.sequence]
  )
  if (moved.rowCount !== 1) return false
  await writeCheckpointRows(client, shard, rows)
  return true
}

/** Notes up to where Redis has forgotten: rows leave Postgres only once it has, because nobody could tell it afterwards. */
export async function noteForgottenInRedis(db: Queryable, shard: number, place: DecisionPlace): Promise<void> {
  await db.query('update checkpoints set redis_forgot_epoch = $2, redis_forgot_sequence = $3 where shard = $1', [
    shard,
    place.epoch,
    place.sequence
  ])
}
