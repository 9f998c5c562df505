import type { Pool, PoolClient } from 'pg'
import { FloodgateError } from '../../base/errors.ts'

/** A shard's row: who may write, and up to which position the journal is projected. */
export interface ShardRow {
  readonly shard: number
  readonly epoch: number
  readonly state: 'closed' | 'open'
  readonly replid: string
  readonly shas: Readonly<Record<string, string>>
  readonly ownerTerm: number
  readonly position: Position
  /** what its owner waits for before it opens the shard, in words; '' for nothing */
  readonly waitingFor: string
}

/** A position in a shard's journal: the epoch of a stream and a sequence in it. */
export interface Position {
  readonly epoch: number
  readonly sequence: number
}

interface RawShard {
  shard: number
  epoch: number
  state: 'closed' | 'open'
  replid: string
  shas: Record<string, string>
  owner_term: number
  position_epoch: number
  position_sequence: number
  waiting_for: string
}

type Queryable = Pick<Pool | PoolClient, 'query'>

/** This process no longer owns the shard, or another recovery has begun: it must stop writing. */
export class OwnershipLostError extends FloodgateError {
  readonly code = 'ownership-lost'
  readonly meaning = 'What this process was about to write was not written.'
  readonly remedy = 'Nothing to do: the other worker goes on.'
}

const fromRaw = (row: RawShard): ShardRow => ({
  shard: row.shard,
  epoch: row.epoch,
  state: row.state,
  replid: row.replid,
  shas: row.shas,
  ownerTerm: row.owner_term,
  position: { epoch: row.position_epoch, sequence: row.position_sequence },
  waitingFor: row.waiting_for
})

export async function readShard(db: Queryable, shard: number): Promise<ShardRow | undefined> {
  const { rows } = await db.query<RawShard>('select * from shards where shard = $1', [shard])
  return rows[0] && fromRaw(rows[0])
}

/** A shard, and how many the deployment has, which is 0 where no worker has fixed it yet. */
export async function readShardOfAll(
  db: Queryable,
  shard: number
): Promise<{ readonly row: ShardRow | undefined; readonly known: number }> {
  const { rows } = await db.query<{ [Field in keyof RawShard]: RawShard[Field] | null } & { known: number }>(
    'select counted.known, s.* from (select count(*)::int as known from shards) counted left join shards s on s.shard = $1',
    [shard]
  )
  const [row] = rows
  return { row: row && row.shard !== null ? fromRaw(row as RawShard) : undefined, known: row?.known ?? 0 }
}

/**
 * What the truth of a shard may be made of, numbered as it came. A version that does not know something of it would read the shard
 * wrongly: it would leave out what decisions removed, and store a second time a frame that comes again after its row is gone.
 */
export const KNOWS = { removals: 1, framesGone: 2 } as const

/** How much this version knows. */
export const KNOWN_VERSION = KNOWS.framesGone

/** The shard holds what this version would read wrongly: it must not own it. */
class VersionTooOldError extends FloodgateError {
  readonly code = 'version-too-old'
  readonly meaning = 'This worker does not take the shard, so nothing is read wrongly or lost.'
  readonly remedy = 'Update this worker to the version of the worker that owned the shard last.'
}

/** From the end of the transaction on, only workers that know so much may own the shard. */
export async function demandVersion(session: Queryable, shard: number, version: number): Promise<void> {
  await session.query('update shards set least_version = greatest(least_version, $2) where shard = $1', [
    shard,
    version
  ])
}

/**
 * Takes a shard for this connection: the lock ends with the connection. The first epoch is the creation time in Unix seconds,
 * so no id is ever used twice.
 * @returns the owner's term, or undefined while another connection holds the shard
 * @throws VersionTooOldError, before anything is taken
 */
export async function takeShard(session: Queryable, namespace: string, shard: number): Promise<number | undefined> {
  const known = await session.query<{ least: number }>('select least_version as least from shards where shard = $1', [
    shard
  ])
  const least = known.rows[0]?.least ?? 0
  if (least > KNOWN_VERSION)
    throw new VersionTooOldError(`Shard ${shard} asks for workers that know ${least}; this one knows ${KNOWN_VERSION}.`)
  const lock = await session.query<{ taken: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 1)) as taken',
    [`${namespace} shard ${shard}`]
  )
  if (!lock.rows[0]?.taken) return undefined
  await session.query(
    `insert into shards (shard, epoch, state)
     values ($1, extract(epoch from now())::bigint, 'closed') on conflict on constraint shards_pkey do nothing`,
    [shard]
  )
  const { rows } = await session.query<{ owner_term: number }>(
    'update shards set owner_term = owner_term + 1, updated_at = now() where shard = $1 returning owner_term',
    [shard]
  )
  return rows[0]?.owner_term
}

interface Owned {
  readonly shard: number
  readonly ownerTerm: number
}

async function changeOwned(session: Queryable, sql: string, values: unknown[]): Promise<void> {
  const { rowCount } = await session.query(sql, values)
  if (rowCount !== 1)
    throw new OwnershipLostError('Another worker owns the shard by now, or another recovery has begun.')
}

/**
 * Recovery step 1: the next epoch, closed.
 * @param above an epoch that the journal knows: a Postgres that was restored from a backup would give its number again
 * @throws OwnershipLostError
 */
export async function beginEpoch(
  session: Queryable,
  { shard, ownerTerm, above }: Owned & { readonly above: number }
): Promise<number> {
  await changeOwned(
    session,
    `update shards set epoch = greatest(epoch, $3) + 1, state = 'closed', shas = '{}', updated_at = now()
     where shard = $1 and owner_term = $2`,
    [shard, ownerTerm, above]
  )
  const row = await readShard(session, shard)
  if (!row) throw new OwnershipLostError('The shard has no row any more.')
  return row.epoch
}

/** Notes what the owner waits for, '' for nothing. @throws OwnershipLostError */
export function noteWaiting(
  session: Queryable,
  { shard, ownerTerm, waitingFor }: Owned & { readonly waitingFor: string }
): Promise<void> {
  return changeOwned(
    session,
    'update shards set waiting_for = $3, updated_at = now() where shard = $1 and owner_term = $2',
    [shard, ownerTerm, waitingFor]
  )
}

/**
 * Asks the owner to open the shard again; the owner reads the state every second.
 * @param how rebuild: Redis is written anew, which mends what somebody else wrote there; otherwise it catches up
 */
export async function requestReopening(
  db: Queryable,
  shard: number,
  { rebuild = false }: { readonly rebuild?: boolean } = {}
): Promise<void> {
  await db.query(
    `update shards set state = 'closed', rebuild_asked = rebuild_asked or $2, updated_at = now() where shard = $1`,
    [shard, rebuild]
  )
}

interface OpenState extends Owned {
  readonly epoch: number
  /** a random text, which the data of Redis keep */
  readonly token: string
  readonly replid: string
  readonly shas: Readonly<Record<string, string>>
}

/** Recovery step 7: marks exactly one row as open, under this epoch. @throws OwnershipLostError */
export function markOpen(session: Queryable, state: OpenState): Promise<void> {
  return changeOwned(
    session,
    `with opening as (
       update shards set state = 'open', replid = $4, shas = $5, waiting_for = '', rebuild_asked = false, updated_at = now()
       where shard = $1 and owner_term = $2 and epoch = $3 returning shard, epoch
     )
     update openings set token = $6, opened = true from opening
     where openings.shard = opening.shard and openings.epoch = opening.epoch`,
    [state.shard, state.ownerTerm, state.epoch, state.replid, JSON.stringify(state.shas), state.token]
  )
}

/**
 * The openings of a shard whose streams should exist, oldest first. One is overtaken when it was never open and a later one was: what a
 * recovery that was paused published on its stream after that is void.
 */
export async function listOpenings(
  db: Queryable,
  shard: number
): Promise<Array<{ epoch: number; lastSequence: number | null; created: boolean; overtaken: boolean }>> {
  const { rows } = await db.query<{ epoch: number; last: number | null; created: boolean; overtaken: boolean }>(
    `select epoch, last_sequence as last, created, not opened and exists (
       select 1 from openings later where later.shard = o.shard and later.epoch > o.epoch and later.opened
     ) as overtaken
     from openings o where shard = $1 and not deleted order by epoch`,
    [shard]
  )
  return rows.map(({ last, ...row }) => ({ ...row, lastSequence: last }))
}

/** Notes a stream before it is made: a stream that Postgres names and that does not exist is a lost journal. */
export async function recordOpening(db: Queryable, shard: number, epoch: number): Promise<void> {
  await db.query(
    'insert into openings (shard, epoch) values ($1, $2) on conflict on constraint openings_pkey do nothing',
    [shard, epoch]
  )
}

/** Notes that the stream exists: if it is missing later, it was lost. */
export async function recordCreated(db: Queryable, shard: number, epoch: number): Promise<void> {
  await db.query('update openings set created = true where shard = $1 and epoch = $2', [shard, epoch])
}

export async function recordSealed(
  db: Queryable,
  opening: { shard: number; epoch: number; lastSequence: number }
): Promise<void> {
  await db.query('update openings set last_sequence = $3 where shard = $1 and epoch = $2', [
    opening.shard,
    opening.epoch,
    opening.lastSequence
  ])
}

export async function recordDeleted(db: Queryable, shard: number, epoch: number): Promise<void> {
  await db.query('update openings set deleted = true where shard = $1 and epoch = $2', [shard, epoch])
}

/** Name under which the position of the events' reader is stored. */
export const EVENTS_READER = 'events'

/** The position of a reader beside the projection, undefined before it was saved for the first time. */
export async function readReaderPosition(db: Queryable, name: string, shard: number): Promise<Position | undefined> {
  const { rows } = await db.query<Position>(
    'select epoch, sequence from reader_places where name = $1 and shard = $2',
    [name, shard]
  )
  return rows[0]
}

/** Moves a position forward only, because a reader that was paused may save an old one. */
export async function saveReaderPosition(
  db: Queryable,
  name: string,
  place: Position & { shard: number }
): Promise<void> {
  await db.query(
    `insert into reader_places (name, shard, epoch, sequence) values ($1, $2, $3, $4)
     on conflict on constraint reader_places_pkey
     do update set epoch = excluded.epoch, sequence = excluded.sequence, updated_at = now()
     where (reader_places.epoch, reader_places.sequence) < (excluded.epoch, excluded.sequence)`,
    [name, place.shard, place.epoch, place.sequence]
  )
}
