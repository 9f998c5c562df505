import type { Client, Pool, PoolClient } from 'pg'
import { inside } from '../connection/user-name.ts'
import { type DecisionPlace, type FoldedDecision, foldedColumns } from './restore.ts'

type Queryable = Pick<Client | Pool | PoolClient, 'query'>

/** A decision, and the frame that it is the last one of. */
export interface CheckpointPlace {
  readonly epoch: number
  readonly batch: number
  readonly sequence: number
}

/** A hash, and its fields as JSON text: a list of field, value, ... */
export interface CheckpointRow {
  /** logical key */
  readonly hash: string
  readonly fields: string
}

/** A shard's checkpoint. */
export interface Checkpoint extends CheckpointPlace {
  readonly layout: number
  /** its rows hold no replays of decisions up to here */
  readonly forgotten: DecisionPlace
  /** up to which Redis had forgotten them when the owner asked last: it may be behind, and a copy of Redis goes back */
  readonly inRedis: DecisionPlace
}

const NONE = { epoch: 0, batch: 0, sequence: 0, layout: 0 }
const NOTHING = { epoch: 0, sequence: 0 }

type RawCheckpoint = typeof NONE &
  Record<'forgot_epoch' | 'forgot_sequence' | 'redis_forgot_epoch' | 'redis_forgot_sequence', number>

/** Up to where a shard's decisions are folded; the place before the first decision where none are. */
export async function readCheckpoint(db: Queryable, shard: number): Promise<Checkpoint> {
  const { rows } = await db.query<RawCheckpoint>(
    `select epoch, batch, sequence, layout, forgot_epoch, forgot_sequence, redis_forgot_epoch, redis_forgot_sequence
     from checkpoints where shard = $1`,
    [shard]
  )
  const [row] = rows
  if (row === undefined) return { ...NONE, forgotten: NOTHING, inRedis: NOTHING }
  const { forgot_epoch, forgot_sequence, redis_forgot_epoch, redis_forgot_sequence, ...known } = row
  return {
    ...known,
    forgotten: { epoch: forgot_epoch, sequence: forgot_sequence },
    inRedis: { epoch: redis_forgot_epoch, sequence: redis_forgot_sequence }
  }
}

/**
 * The last decision that may be folded: all frames before it are stored. An epoch gets no more frames once a later one is open; of the
 * open one, those up to its `complete_batch` are there. Decisions of the last seconds are left out, because a comparison with Redis
 * looks at a moment that is a little older.
 */
export async function completePlace(
  db: Queryable,
  shard: number,
  youngestSeconds: number
): Promise<CheckpointPlace | undefined> {
  const { rows } = await db.query<CheckpointPlace>(
    `select f.epoch, f.batch, f.first_sequence + f.decisions - 1 as sequence
     from (select epoch, complete_batch from openings where shard = $1 and opened order by epoch desc limit 1) o
     join lateral (
       select epoch, batch, first_sequence, decisions from frames
       where frames.shard = $1 and (frames.epoch < o.epoch or (frames.epoch = o.epoch and frames.batch <= o.complete_batch))
         and decided_at < now() - make_interval(secs => $2)
       order by epoch desc, batch desc limit 1
     ) f on true
     where f.first_sequence is not null`,
    [shard, youngestSeconds]
  )
  return rows[0]
}

/** The decisions after one place up to another, in the order of the journal, at most so many. */
export async function decisionsBetween(
  db: Queryable,
  shard: number,
  { after, upTo, most }: { readonly after: CheckpointPlace; readonly upTo: CheckpointPlace; readonly most: number }
): Promise<FoldedDecision[]> {
  const { rows } = await db.query<FoldedDecision>({
    name: 'decisions-between',
    text: `select ${foldedColumns} from decisions
           where shard = $1 and (epoch, sequence) > ($2::bigint, $3::bigint) and (epoch, sequence) <= ($4::bigint, $5::bigint)
           order by epoch, sequence limit $6`,
    values: [shard, after.epoch, after.sequence, upTo.epoch, upTo.sequence, most]
  })
  return rows.map(inside)
}

/** Some rows of a checkpoint by the keys of their hashes. */
export async function readCheckpointRows(
  db: Queryable,
  shard: number,
  hashes: readonly string[]
): Promise<Map<string, string>> {
  const { rows } = await db.query<CheckpointRow>({
    name: 'checkpoint-rows',
    text: 'select hash, fields from checkpoint_rows where shard = $1 and hash = any($2)',
    values: [shard, hashes]
  })
  return new Map(rows.map(({ hash, fields }) => [hash, fields]))
}

const PAGE = 500

/** All rows of a shard's checkpoint, page by page; the next page is read while one is worked on. */
export async function* checkpointPages(db: Queryable, shard: number): AsyncGenerator<CheckpointRow[]> {
  const pageAfter = (hash: string) => {
    const page = db.query<CheckpointRow>({
      name: 'checkpoint-page',
      text: 'select hash, fields from checkpoint_rows where shard = $1 and hash > $2 order by hash limit $3',
      values: [shard, hash, PAGE]
    })
    // no code may wait for it any more when it fails
    page.catch(() => {})
    return page
  }
  let page = pageAfter('')
  for (;;) {
    const { rows } = await page
    const last = rows.at(-1)
    if (last === undefined) return
    page = pageAfter(last.hash)
    yield rows
  }
}

/** The fields of a hash that was removed. */
const GONE = '[]'

/**
 * Moves a checkpoint on, inside a transaction of the caller.
 * @param rows the hashes that changed, as they are at `to`
 * @returns false when another process has moved it since `from` was read: the caller rolls back
 */
export async function advanceCheckpoint(
  client: PoolClient,
  shard: number,
  move: {
    readonly from: Checkpoint
    readonly to: CheckpointPlace
    readonly layout: number
    readonly rows: readonly CheckpointRow[]
  }
): Promise<boolean> {
  const { from, to, layout, rows } = move
  const moved = await client.query(
    `insert into checkpoints as c (shard, epoch, batch, sequence, layout) values ($1, $2, $3, $4, $5)
     on conflict on constraint checkpoints_pkey
     do update set epoch = excluded.epoch, batch = excluded.batch, sequence = excluded.sequence, updated_at = now()
     where c.epoch = $6 and c.batch = $7 and c.layout = excluded.layout and c.forgot_epoch = $8 and c.forgot_sequence = $9`,
    [
      shard,
      to.epoch,
      to.batch,
      to.sequence,
      layout,
      from.epoch,
      from.batch,
      from.forgotten.epoch,
      from.forgotten.sequence
    ]
  )
  if (moved.rowCount !== 1) return false
  await writeCheckpointRows(client, shard, rows)
  return true
}

/** Writes rows of a checkpoint whose place the caller has moved, in the same transaction. */
export async function writeCheckpointRows(
  client: PoolClient,
  shard: number,
  rows: readonly CheckpointRow[]
): Promise<void> {
  await client.query({
    name: 'checkpoint-write',
    text: `insert into checkpoint_rows (shard, hash, fields)
           select $1, hash, fields from json_to_recordset($2::json) as r(hash text, fields text)
           on conflict on constraint checkpoint_rows_pkey do update set fields = excluded.fields`,
    values: [shard, JSON.stringify(rows.filter(({ fields }) => fields !== GONE))]
  })
  const gone = rows.filter(({ fields }) => fields === GONE).map(({ hash }) => hash)
  if (gone.length > 0)
    await client.query('delete from checkpoint_rows where shard = $1 and hash = any($2)', [shard, gone])
}
