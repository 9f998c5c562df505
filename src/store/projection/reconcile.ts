import type { Client, Pool, PoolClient } from 'pg'
import { inside, issuedUser, storedUser } from '../connection/user-name.ts'
import { type CheckpointPlace, readCheckpoint, readCheckpointRows } from './checkpoint.ts'
import { stillToForget } from './forgetting.ts'
import { storedBatches } from './frame-rows.ts'
import { type DecisionPlace, type FoldedDecision, foldedColumns } from './restore.ts'
import type { StockDelta } from './rows.ts'

type Queryable = Pick<Client | Pool | PoolClient, 'query'>

/** The last frame of a shard that counts in a comparison. */
interface FramePlace {
  readonly shard: number
  readonly epoch: number
  readonly batch: number
}

/**
 * Decisions of some users up to a frame, and those that removed anything, in the order of the journal.
 * @param after absent: all of them
 */
export async function decisionsOfUsers(
  db: Queryable,
  users: readonly string[],
  { upTo, after = { epoch: 0, sequence: 0 } }: { readonly upTo: FramePlace; readonly after?: DecisionPlace | undefined }
): Promise<FoldedDecision[]> {
  const { rows } = await db.query<FoldedDecision>({
    name: 'decisions-of-users',
    text: `select ${foldedColumns} from decisions
           where user_id = any($1) and shard = $2 and (epoch, batch) <= ($3::bigint, $4::bigint)
             and (epoch, sequence) > ($5::bigint, $6::bigint)
           union all
           select ${foldedColumns} from decisions
           where dels is not null and user_id <> all($1) and shard = $2 and (epoch, batch) <= ($3::bigint, $4::bigint)
             and (epoch, sequence) > ($5::bigint, $6::bigint) order by epoch, sequence`,
    values: [users.map(issuedUser), upTo.shard, upTo.epoch, upTo.batch, after.epoch, after.sequence]
  })
  return rows.map(inside)
}

/** How many decisions some users have after a place, the fewest first. */
export async function countDecisions(
  db: Queryable,
  { shard, after }: { readonly shard: number; readonly after: DecisionPlace },
  users: readonly string[]
): Promise<Array<readonly [user: string, count: number]>> {
  const { rows } = await db.query<{ user: string; count: number }>(
    `select user_id as "user", count(*) as count from decisions where user_id = any($1) and shard = $2
       and (epoch, sequence) > ($3::bigint, $4::bigint) group by user_id order by count(*)`,
    [users.map(issuedUser), shard, after.epoch, after.sequence]
  )
  return rows.map(({ user, count }) => [storedUser(user), count])
}

/** Decisions of frames after a given one. */
async function decisionsAfter(db: Queryable, place: FramePlace): Promise<FoldedDecision[]> {
  const { rows } = await db.query<FoldedDecision>(
    `select ${foldedColumns} from decisions where shard = $1 and epoch = $2 and batch > $3 order by epoch, sequence`,
    [place.shard, place.epoch, place.batch]
  )
  return rows.map(inside)
}

/** What Postgres has of some users up to a frame of an open epoch. */
interface UsersAt {
  /** rows of the checkpoint by the key of the hash */
  readonly begun: ReadonlyMap<string, string>
  /** the decisions that are not in these rows, in order */
  readonly decisions: readonly FoldedDecision[]
  /** by user: decisions whose replays these rows have forgotten and Redis has not, in order */
  readonly gone: Awaited<ReturnType<typeof stillToForget>>
  /** which of the held batches are stored */
  readonly stored: ReadonlySet<number>
}

const isBeyond = (place: CheckpointPlace, { epoch, batch }: FramePlace): boolean =>
  place.epoch > epoch || (place.epoch === epoch && place.batch > batch)

interface WantedUsers {
  readonly users: readonly string[]
  readonly hashes: readonly string[]
  readonly held: readonly number[]
  readonly forgotten: DecisionPlace
}

/**
 * What Postgres has of some users up to a frame, all of one instant.
 * @param wanted hashes: logical keys of the users, empty where the checkpoint is left out; held: batches of frames that Redis holds;
 *   forgotten: up to which decision Redis has forgotten replays
 * @returns undefined when the checkpoint has come further than the frame
 */
export async function usersAt(
  db: Pool,
  place: FramePlace,
  { users, hashes, held, forgotten }: WantedUsers
): Promise<UsersAt | undefined> {
  return atOneInstant(db, async (client) => {
    const checkpoint = await readCheckpoint(client, place.shard)
    const after = hashes.length > 0 ? checkpoint : undefined
    if (after && isBeyond(after, place)) return undefined
    return {
      begun: await readCheckpointRows(client, place.shard, hashes),
      decisions: users.length > 0 ? await decisionsOfUsers(client, users, { upTo: place, after }) : [],
      gone: await stillToForget(
        client,
        { shard: place.shard, after: forgotten, upTo: checkpoint.forgotten },
        after ? users : []
      ),
      stored: await batchesAmong(client, place, held)
    }
  })
}

async function batchesAmong(db: Queryable, { shard, epoch }: FramePlace, batches: readonly number[]) {
  return new Set(await storedBatches(db, { shard, epoch, batches }))
}

/** Reads several things of one instant of Postgres. */
export async function atOneInstant<T>(db: Pool, read: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await db.connect()
  let broken = true
  try {
    await client.query('begin isolation level repeatable read read only')
    const result = await read(client)
    await client.query('commit')
    broken = false
    return result
  } finally {
    client.release(broken)
  }
}

/** Stock, the decisions after a frame, and which of some held frames are stored, all of one instant of Postgres. */
export async function stockAt(
  db: Pool,
  { place, held }: { readonly place: FramePlace; readonly held: readonly number[] },
  read: (db: Queryable) => Promise<StockDelta[]>
): Promise<{ readonly stock: StockDelta[]; readonly later: FoldedDecision[]; readonly frames: ReadonlySet<number> }> {
  return atOneInstant(db, async (client) => ({
    stock: await read(client),
    later: await decisionsAfter(client, place),
    frames: await batchesAmong(client, place, held)
  }))
}

/** What Postgres knows of a range of a journal stream: the sequences of frames and of dead letters. */
export async function knownSequences(
  db: Queryable,
  stretch: {
    readonly shard: number
    readonly epoch: number
    readonly stream: string
    readonly from: number
    readonly to: number
  }
): Promise<{ readonly frames: ReadonlySet<number>; readonly deadLetters: ReadonlySet<number> }> {
  const { shard, epoch, stream, from, to } = stretch
  const frames = await db.query<{ sequence: number }>(
    `select stream_sequence as sequence from frames
     where shard = $1 and stream_epoch = $2 and stream_sequence between $3 and $4`,
    [shard, epoch, from, to]
  )
  const dead = await db.query<{ sequence: number }>(
    'select sequence from dead_letters where stream = $1 and sequence between $2 and $3',
    [stream, from, to]
  )
  return {
    frames: new Set(frames.rows.map(({ sequence }) => sequence)),
    deadLetters: new Set(dead.rows.map(({ sequence }) => sequence))
  }
}
