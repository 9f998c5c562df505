import type { Client, Pool, PoolClient } from 'pg'

type Queryable = Pick<Client | Pool | PoolClient, 'query'>

/** What Postgres knows of an opening. */
interface OpeningRow {
  readonly epoch: number
  /** '' for one of a version that gave none */
  readonly token: string
  readonly opened: boolean
  /** all frames up to this batch are stored, with the decisions up to this sequence */
  readonly completeBatch: number
  readonly completeSequence: number
}

/** The openings of a shard from an epoch on, oldest first. */
export async function openingsFrom(db: Queryable, shard: number, epoch: number): Promise<OpeningRow[]> {
  const { rows } = await db.query<OpeningRow>(
    `select epoch, token, opened, complete_batch as "completeBatch", complete_sequence as "completeSequence"
     from openings where shard = $1 and epoch >= $2 order by epoch`,
    [shard, epoch]
  )
  return rows
}

/** The frames of an epoch that are stored beyond a batch, up to another one, and how many decisions they hold. */
export async function countFrames(
  db: Queryable,
  stretch: { readonly shard: number; readonly epoch: number; readonly after: number; readonly upTo: number }
): Promise<{ readonly frames: number; readonly decisions: number }> {
  const { rows } = await db.query<{ frames: number; decisions: number }>(
    `select count(*) as frames, coalesce(sum(decisions), 0)::bigint as decisions from frames
     where shard = $1 and epoch = $2 and batch > $3 and batch <= $4`,
    [stretch.shard, stretch.epoch, stretch.after, stretch.upTo]
  )
  return rows[0] ?? { frames: 0, decisions: 0 }
}

/** The epochs, from one on, of which Postgres has frames. */
export async function epochsWithFrames(db: Queryable, shard: number, from: number): Promise<number[]> {
  const { rows } = await db.query<{ epoch: number }>(
    `select epoch from openings o where shard = $1 and epoch >= $2
       and (o.complete_batch > 0 or exists (select 1 from frames f where f.shard = o.shard and f.epoch = o.epoch)) order by epoch`,
    [shard, from]
  )
  return rows.map(({ epoch }) => epoch)
}

/** Whether a message of one of these streams became a dead letter: then Redis may hold what no row says. */
export async function hasDeadLetters(db: Queryable, streams: readonly string[]): Promise<boolean> {
  const { rows } = await db.query('select 1 from dead_letters where stream = any($1) limit 1', [streams])
  return rows.length > 0
}

const STEP = 20_000

/**
 * Moves the batch up to which all frames of an opening are stored. Whatever counts frames begins behind it, so that no count grows
 * with what an opening has decided. Of two owners that do it at the same time, one that stood still among them, one counts.
 */
export async function advanceComplete(db: Queryable, shard: number, epoch: number): Promise<void> {
  await db.query(
    `update openings set complete_batch = found.batch, complete_sequence = complete_sequence + found.decisions
     from (select max(batch) as batch, sum(decisions) as decisions, min(complete_batch) as after from (
             select f.batch, f.decisions, o.complete_batch, o.complete_batch + row_number() over (order by f.batch) as expected
             from openings o join frames f on f.shard = o.shard and f.epoch = o.epoch and f.batch > o.complete_batch
             where o.shard = $1 and o.epoch = $2 order by f.batch limit ${STEP}
           ) following where batch = expected) found
     where shard = $1 and epoch = $2 and found.batch is not null and openings.complete_batch = found.after`,
    [shard, epoch]
  )
}

/** When the newest decision was made, in ms since 1970; 0 before the first. */
export async function newestDecisionAt(db: Queryable, shard: number): Promise<number> {
  const { rows } = await db.query<{ at_ms: number }>(
    `select round(extract(epoch from at) * 1000)::bigint as at_ms from decisions where shard = $1
     order by epoch desc, sequence desc limit 1`,
    [shard]
  )
  return rows[0]?.at_ms ?? 0
}

interface Demands {
  /** the place up to which rows may have left the table of decisions */
  readonly floor: { readonly epoch: number; readonly sequence: number }
  readonly rebuildAsked: boolean
}

/** What a recovery has to heed when it chooses between catching up and a rebuild. */
export async function readDemands(db: Queryable, shard: number): Promise<Demands> {
  const { rows } = await db.query<{ epoch: number; sequence: number; asked: boolean }>(
    'select floor_epoch as epoch, floor_sequence as sequence, rebuild_asked as asked from shards where shard = $1',
    [shard]
  )
  const { epoch = 0, sequence = 0, asked = false } = rows[0] ?? {}
  return { floor: { epoch, sequence }, rebuildAsked: asked }
}
