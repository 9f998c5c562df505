import type { Client, Pool, PoolClient } from 'pg'
import { KNOWS } from '../shard/shards.ts'

type Queryable = Pick<Client | Pool | PoolClient, 'query'>

/** Which of the given batches of one epoch are stored. Rows up to `complete_batch` may be gone: these are stored all the same. */
export async function storedBatches(
  db: Queryable,
  frames: { readonly shard: number; readonly epoch: number; readonly batches: readonly number[] }
): Promise<number[]> {
  const { rows } = await db.query<{ batch: number }>(
    `select asked.batch from unnest($3::bigint[]) as asked(batch)
     where asked.batch <= (select complete_batch from openings where shard = $1 and epoch = $2)
       or exists (select 1 from frames f where f.shard = $1 and f.epoch = $2 and f.batch = asked.batch)`,
    [frames.shard, frames.epoch, frames.batches]
  )
  return rows.map(({ batch }) => batch)
}

/** A frame that was read in the journal. */
interface ReadEntry {
  readonly epoch: number
  readonly batch: number
  /** of its first decision */
  readonly first: number
}

/** Which of some frames are there: as a row, or gone with the decisions of what was archived. @returns their places in the list */
export async function knownEntries(db: Queryable, shard: number, entries: readonly ReadEntry[]): Promise<number[]> {
  if (entries.length === 0) return []
  const { rows } = await db.query<{ place: number }>(
    `select a.place from json_to_recordset($2::json) as a(place integer, epoch bigint, batch bigint, first bigint)
     where exists (select 1 from frames f where f.shard = $1 and f.epoch = a.epoch and f.batch = a.batch)
       or (exists (select 1 from openings o where o.shard = $1 and o.epoch = a.epoch and a.batch <= o.complete_batch)
         and (a.epoch, a.first) <= (select floor_epoch, floor_sequence from shards where shard = $1))`,
    [shard, JSON.stringify(entries.map((entry, place) => ({ ...entry, place })))]
  )
  return rows.map(({ place }) => place)
}

/** The rows of frames by epoch and batch. */
export interface FrameRowPlace {
  readonly epoch: number
  readonly batch: number
}

interface Pruned {
  /** rows that may go */
  readonly found: number
  /** rows that are gone now: none while workers that would miss them may own the shard */
  readonly gone: number
  /** the last row that was looked at; undefined when no more follow */
  readonly last: FrameRowPlace | undefined
}

const prune = `
  with looked as (
    select f.epoch, f.batch, f.stream_epoch, f.stream_sequence, f.first_sequence, f.decisions
    from frames f where f.shard = $1 and (f.epoch, f.batch) > ($2::bigint, $3::bigint)
      and (f.epoch, f.batch) <= (select epoch, batch from checkpoints where shard = $1)
    order by f.epoch, f.batch limit $4
  ), found as (
    select l.epoch, l.batch from looked l
    join openings o on o.shard = $1 and o.epoch = l.epoch and l.batch <= o.complete_batch
    where l.first_sequence is not null
      and not exists (select 1 from json_to_recordset($5::json) as s(epoch bigint, first bigint)
        where s.epoch = l.stream_epoch and s.first <= l.stream_sequence)
      and not exists (select 1 from decisions d where d.shard = $1 and d.epoch = l.epoch
        and d.sequence >= l.first_sequence and d.sequence < l.first_sequence + l.decisions)
  ), pruned as (
    delete from frames f using found
    where f.shard = $1 and f.epoch = found.epoch and f.batch = found.batch
      and exists (select 1 from shards where shard = $1 and owner_term = $6 and least_version >= $7)
    returning 1
  )
  select epoch, batch, (select count(*) from found) as found, (select count(*) from pruned) as gone, count(*) over () as looked
  from looked order by epoch desc, batch desc limit 1`

/**
 * Deletes rows of frames that nobody counts or follows any more: the checkpoint has them, all before them are stored as well, their part of
 * the stream is gone, and no decision of theirs is in the table. (A listener that comes later reads the history of its campaign
 * by these rows, so they stay as long as their decisions.)
 * @param after where the look goes on @param most how many rows it takes
 * @param held the first sequence of each stream that there is @param ownerTerm nothing is deleted for another owner
 */
export async function pruneFrames(
  db: Queryable,
  shard: number,
  look: {
    readonly after: FrameRowPlace
    readonly most: number
    readonly held: ReadonlyArray<{ readonly epoch: number; readonly first: number }>
    readonly ownerTerm: number
  }
): Promise<Pruned> {
  const { after, most, held, ownerTerm } = look
  const { rows } = await db.query<FrameRowPlace & { found: number; gone: number; looked: number }>({
    name: 'prune-frames',
    text: prune,
    values: [shard, after.epoch, after.batch, most, JSON.stringify(held), ownerTerm, KNOWS.framesGone]
  })
  const [row] = rows
  if (row === undefined) return { found: 0, gone: 0, last: undefined }
  const { epoch, batch, found, gone, looked } = row
  return { found, gone, last: looked < most ? undefined : { epoch, batch } }
}
