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
  order by f.stream_epoch, f.stream_sequence, d.sequence`

const last = `
  with read as (${frames})
  select stream_epoch as epoch, stream_sequence as sequence, count(*) over () as frames from read
  order by stream_epoch desc, stream_sequence desc limit 1`

interface Wanted {
  readonly shard: number
  readonly after: Position
  readonly upTo: Position
  readonly campaigns: readonly string[]
  /** the most frames, 128 decisions each at most */
  readonly most: number
}

/**
 * The next decisions of some campaigns in the order in which the journal has them, and the place up to which they were read.
 * Frames up to `upTo` have to be stored, so that none comes in between later.
 */
export async function readFollowed(
  db: Queryable,
  { shard, after, upTo, campaigns, most }: Wanted
): Promise<{ readonly decisions: Followed[]; readonly place: Position }> {
  const values = [shard, after.epoch, after.sequence, upTo.epoch, upTo.sequence, most]
  const end = await db.query<{ epoch: number; sequence: number; frames: number }>({
    name: 'followed-end',
    text: last,
    values
  })
  const [found] = end.rows
  if (found === undefined) return { decisions: [], place: upTo }
  const { rows } = await db.query<Followed>({ name: 'followed', text: followed, values: [...values, campaigns] })
  const place = found.frames < most ? upTo : { epoch: found.epoch, sequence: found.sequence }
  return { decisions: rows.map(inside), place }
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
