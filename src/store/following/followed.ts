import type { Queryable } from '../connection/transaction.ts'
import { inside } from '../connection/user-name.ts'
import type { Position } from '../shard/shards.ts'

/** A decision as those who follow see it. */
export interface Followed {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  readonly shard: number
  readonly epoch: number
  readonly sequence: number
  readonly type: string
  readonly user: string
  readonly key: string
  readonly campaign: string
  readonly activity: string
  readonly session: string
  /** id of the order or win that it is about, '' for none */
  readonly entity: string
  /** ms since 1970, by the clock of the shard */
  readonly at: number
  readonly request: unknown
  /** by scope: what sums, and what replaces the value before it */
  readonly adds: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly puts: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly record: string
  readonly report: string
}

/** Frames in the order of the journal's streams; an earlier worker noted no first sequence. */
const frames = `
  select epoch, batch, stream_epoch, stream_sequence, decisions, coalesce(first_sequence, (
    select min(sequence) from decisions d where d.shard = f.shard and d.epoch = f.epoch and d.batch = f.batch
  )) as first_sequence
  from frames f
  where shard = $1 and (stream_epoch, stream_sequence) > ($2::bigint, $3::bigint)
    and (stream_epoch, stream_sequence) <= ($4::bigint, $5::bigint)
  order by stream_epoch, stream_sequence limit $6`

const followed = `
  with read as (${frames})
  select d.shard || '-' || d.epoch || '-' || d.sequence as id, d.shard, d.epoch, d.sequence, d.type, d.user_id as "user", d.key,
    d.campaign_id as campaign, d.activity_id as activity, d.session_id as session,
    case when d.entity = '' then '' else d.shard || '-' || d.entity end as entity,
    (extract(epoch from d.at) * 1000)::float8 as at, d.request, d.adds, d.puts, d.record, d.report
  from read f join decisions d on d.shard = $1 and d.epoch = f.epoch and d.sequence >= f.first_sequence
    and d.sequence < f.first_sequence + f.decisions
  where d.campaign_id = any($7)
  order by d.epoch, d.sequence`

// What an opening lost, its Redis having been lost, never comes: the next opening says so. Rows of frames that are complete may be gone.
const inPlace = `
  with read as (${frames})
  select r.epoch, r.batch, r.stream_epoch as "streamEpoch", r.stream_sequence as "streamSequence",
    case when r.batch = 1 or (p.stream_epoch, p.stream_sequence) < (r.stream_epoch, r.stream_sequence) then ''
      when p.batch is not null and (p.stream_epoch, p.stream_sequence) <= ($4::bigint, $5::bigint) then 'later'
      when p.batch is null and (r.batch - 1 <= o.complete_batch
        or exists (select from openings n where n.shard = $1 and n.epoch > r.epoch and n.opened)) then ''
      else 'missing' end as before
  from read r left join lateral (
    select batch, stream_epoch, stream_sequence from frames f
    where f.shard = $1 and f.epoch = r.epoch and f.batch = r.batch - 1 limit 1
  ) p on true
  left join openings o on o.shard = $1 and o.epoch = r.epoch
  order by r.stream_epoch, r.stream_sequence`

/** A frame that may be read, and where the one that was decided before it is: read earlier (''), later, or not to be read yet. */
interface PlacedFrame {
  readonly epoch: number
  readonly batch: number
  readonly streamEpoch: number
  readonly streamSequence: number
  readonly before: '' | 'later' | 'missing'
}

/** How many of some frames, in the order of the streams, can be read so that none that was decided before them is left. */
function wholeOf(placed: readonly PlacedFrame[]): number {
  const awaited = new Set<string>()
  let whole = 0
  for (const [index, { epoch, batch, before }] of placed.entries()) {
    awaited.delete(`${epoch}-${batch}`)
    if (before !== '') awaited.add(`${epoch}-${batch - 1}`)
    if (awaited.size === 0) whole = index + 1
  }
  return whole
}

interface Wanted {
  readonly shard: number
  readonly after: Position
  readonly upTo: Position
  readonly campaigns: readonly string[]
  /** the most frames, 128 decisions each at most */
  readonly most: number
}

/**
 * The next frames up to one behind which nothing is left that was decided before it. Where the first ones wait for one far behind
 * them, more are looked at than were asked for.
 */
async function nextWhole(
  db: Queryable,
  values: readonly number[],
  most: number
): Promise<{ readonly frames: readonly PlacedFrame[]; readonly isAll: boolean }> {
  for (let look = most; ; look *= 2) {
    const { rows } = await db.query<PlacedFrame>({ name: 'frames-in-place', text: inPlace, values: [...values, look] })
    const frames = rows.slice(0, wholeOf(rows))
    const isAll = rows.length < look
    if (frames.length > 0 || isAll || rows.some(({ before }) => before === 'missing'))
      return { frames, isAll: isAll && frames.length === rows.length }
  }
}

/**
 * The next decisions of some campaigns in the order in which they were decided, and the place up to which they were read. The journal may
 * have a frame after later ones, because its gateway did not get it published: these are read once it is there, and not before, so the
 * place may be `after`. Frames up to `upTo` have to be stored, so that none comes in between later.
 */
export async function readFollowed(
  db: Queryable,
  { shard, after, upTo, campaigns, most }: Wanted
): Promise<{ readonly decisions: Followed[]; readonly place: Position }> {
  const from = [shard, after.epoch, after.sequence]
  const { frames, isAll } = await nextWhole(db, [...from, upTo.epoch, upTo.sequence], most)
  const last = frames.at(-1)
  if (last === undefined) return { decisions: [], place: isAll ? upTo : after }
  const read = { epoch: last.streamEpoch, sequence: last.streamSequence }
  const values = [...from, read.epoch, read.sequence, frames.length, campaigns]
  const { rows } = await db.query<Followed>({ name: 'followed', text: followed, values })
  return { decisions: rows.map(inside), place: isAll ? upTo : read }
}

/** Frames of a tail that are looked at: a follower that is further behind has at least one left. */
const TAIL = 500

const unmet = `
  with read as (${frames})
  select count(*)::integer as all, count(*) filter (where exists (
    select from decisions d where d.shard = $1 and d.epoch = f.epoch and d.sequence >= f.first_sequence
      and d.sequence < f.first_sequence + f.decisions and d.campaign_id = $7
  ))::integer as own from read f`

/** How many stored frames with decisions of a campaign come after a place. A follower that is far behind has at least one. */
export async function unmetFrames(
  db: Queryable,
  { shard, after, upTo, campaign }: Pick<Wanted, 'shard' | 'after' | 'upTo'> & { readonly campaign: string }
): Promise<number> {
  const { rows } = await db.query<{ all: number; own: number }>({
    name: 'followed-unmet',
    text: unmet,
    values: [shard, after.epoch, after.sequence, upTo.epoch, upTo.sequence, TAIL, campaign]
  })
  const { all = 0, own = 0 } = rows[0] ?? {}
  return all < TAIL ? own : Math.max(1, own)
}
