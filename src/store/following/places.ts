import type { Queryable } from '../connection/transaction.ts'
import type { Position } from '../shard/shards.ts'

/** The reader that all listeners share which have read the history of their campaign. */
const TOGETHER = 'following'
const ALONE = `${TOGETHER}:`

/** A listener of a campaign: an activity, or what a campaign has once. */
export interface ListenerName {
  readonly campaign: string
  readonly name: string
}

/** Where the listeners of a shard stand. */
export interface FollowerPlaces {
  /** up to where the journal is projected */
  readonly projected: Position
  /** of those that are up to date; undefined before there was any listener */
  readonly together: Position | undefined
  /** of each that reads by itself, because it is new or failed */
  readonly alone: ReadonlyMap<string, Position>
}

/** The name of a listener in `FollowerPlaces.alone`. */
export function aloneName({ campaign, name }: ListenerName): string {
  return `${campaign}/${name}`
}

export async function readFollowerPlaces(db: Queryable, shard: number): Promise<FollowerPlaces> {
  const { rows } = await db.query<{ name: string | null; epoch: number; sequence: number }>(
    `select null as name, position_epoch as epoch, position_sequence as sequence from shards where shard = $1
     union all
     select name, epoch, sequence from reader_places where shard = $1 and (name = $2 or starts_with(name, $3))`,
    [shard, TOGETHER, ALONE]
  )
  const at = (name: string | null) => rows.find((row) => row.name === name)
  const projected = at(null) ?? { epoch: 0, sequence: 0 }
  const alone = rows.filter(({ name }) => name?.startsWith(ALONE))
  return {
    projected,
    together: at(TOGETHER),
    alone: new Map(alone.map(({ name, ...place }) => [(name ?? '').slice(ALONE.length), place]))
  }
}

/** Which reader a place belongs to: one listener alone, or all that are up to date. */
export type Reader = ListenerName | 'together'

const readerName = (reader: Reader) => (reader === 'together' ? TOGETHER : ALONE + aloneName(reader))

/**
 * Moves a place on, in the transaction that stores what was read. @param before undefined for a new place
 * @returns false when another process moved it meanwhile: then the transaction must be undone
 */
export async function movePlace(
  db: Queryable,
  { shard, reader }: { readonly shard: number; readonly reader: Reader },
  { before, after }: { readonly before: Position | undefined; readonly after: Position }
): Promise<boolean> {
  const place = [readerName(reader), shard, after.epoch, after.sequence]
  const { rowCount } =
    before === undefined
      ? await db.query(
          `insert into reader_places (name, shard, epoch, sequence) values ($1, $2, $3, $4)
           on conflict on constraint reader_places_pkey do nothing`,
          place
        )
      : await db.query(
          `update reader_places set epoch = $3, sequence = $4, updated_at = now()
           where name = $1 and shard = $2 and epoch = $5 and sequence = $6`,
          [...place, before.epoch, before.sequence]
        )
  return rowCount === 1
}

/** Locks the place that all share: nobody moves it, leaves it or joins it until the transaction ends. @returns it, if there is one */
export async function lockTogether(db: Queryable, shard: number): Promise<Position | undefined> {
  const { rows } = await db.query<Position>(
    'select epoch, sequence from reader_places where shard = $1 and name = $2 for update',
    [shard, TOGETHER]
  )
  return rows[0]
}

/**
 * Ends the place of a listener that has caught up: from now on it reads together with the others. One that they have left behind meanwhile
 * goes on by itself. The caller's transaction holds `lockTogether`.
 */
export async function joinTogether(db: Queryable, shard: number, listener: ListenerName): Promise<void> {
  await db.query(
    `delete from reader_places own using reader_places together
     where own.shard = $1 and own.name = $2 and together.shard = $1 and together.name = $3
       and (own.epoch, own.sequence) >= (together.epoch, together.sequence)`,
    [shard, readerName(listener), TOGETHER]
  )
}

/** Notes that a listener failed at the shared place, and reads by itself from there; unless another worker had it read on. */
export async function leaveTogether(
  db: Queryable,
  shard: number,
  { listener, at }: { readonly listener: ListenerName; readonly at: Position }
): Promise<void> {
  const together = await lockTogether(db, shard)
  if (together?.epoch !== at.epoch || together.sequence !== at.sequence) return
  await movePlace(db, { shard, reader: listener }, { before: undefined, after: at })
}

/** The listeners that a shard knows. */
export async function knownListeners(db: Queryable, shard: number): Promise<ListenerName[]> {
  const { rows } = await db.query<ListenerName>(
    'select campaign_id as campaign, name from listeners where shard = $1',
    [shard]
  )
  return rows
}

/** The place before everything that was decided in a campaign: a frame is older than the first version of its definition was saved. */
const beginning = `
  select f.stream_epoch as epoch, f.stream_sequence as sequence from frames f
  where f.shard = $1 and f.stream_epoch = (
      select max(stream_epoch) from frames older where older.shard = $1
        and older.decided_at < (select min(saved_at) - interval '1 hour' from campaign_versions where campaign_id = $2)
    ) and f.decided_at < (select min(saved_at) - interval '1 hour' from campaign_versions where campaign_id = $2)
  order by f.stream_sequence desc limit 1`

async function readBeginning(db: Queryable, shard: number, campaign: string): Promise<Position> {
  const { rows } = await db.query<Position>(beginning, [shard, campaign])
  return rows[0] ?? { epoch: 0, sequence: 0 }
}

/**
 * Has a listener read the history of its campaign again, by itself, in the transaction that forgets what it wrote. What others read
 * at this moment for it is undone: the place that they share is made anew, so that nobody moves it on from before.
 */
export async function readAgain(db: Queryable, shard: number, listener: ListenerName): Promise<void> {
  const { rows } = await db.query<Position>(
    'delete from reader_places where shard = $1 and name = $2 returning epoch, sequence',
    [shard, TOGETHER]
  )
  const [together] = rows
  if (together === undefined) return
  await movePlace(db, { shard, reader: 'together' }, { before: undefined, after: together })
  await db.query('delete from reader_places where name = $1 and shard = $2', [readerName(listener), shard])
  const after = await readBeginning(db, shard, listener.campaign)
  await movePlace(db, { shard, reader: listener }, { before: undefined, after })
}

/** Notes a listener that was not known, with a place of its own before the history of its campaign. */
export async function addListener(db: Queryable, shard: number, listener: ListenerName): Promise<void> {
  const { campaign, name } = listener
  const place = await readBeginning(db, shard, campaign)
  const { rowCount } = await db.query(
    'insert into listeners (shard, campaign_id, name) values ($1, $2, $3) on conflict on constraint listeners_pkey do nothing',
    [shard, campaign, name]
  )
  if (rowCount === 1) await movePlace(db, { shard, reader: listener }, { before: undefined, after: place })
}
