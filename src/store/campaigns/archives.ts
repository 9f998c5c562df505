import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'

/** How far a shard has come with an archive, in their order. */
type ArchiveStep = 'asked' | 'comparing' | 'compared' | 'marking' | 'removing' | 'clearing' | 'forgetting' | 'done'

/** An operator's word that a campaign leaves. */
export interface ArchiveRow {
  readonly campaign: string
  /** of the lines of the file that the operator holds */
  readonly sha256: string
  readonly reason: string
  readonly operator: string
  readonly requestedAt: Date
  readonly comparedAt: Date | null
  /** why it goes no further */
  readonly stopped: string | null
  readonly doneAt: Date | null
}

interface Place {
  readonly epoch: number
  readonly sequence: number
}

/** What a shard has done of an archive. */
export interface ArchivePart {
  readonly campaign: string
  readonly shard: number
  readonly step: ArchiveStep
  /** the campaign's last decision when its file was begun to be compared */
  readonly last: Place
  /** number of the chain's next decision */
  readonly next: number
  /** of the last one that is stored */
  readonly chain: Place
  /** hash up to which users were looked for, with a field where only a part of it was removed */
  readonly walked: string
  readonly walkedField: string
  readonly users: number
  readonly cleared: Place
  /** how many rows have left the table of decisions */
  readonly decisions: number
  readonly waitsFor: string
}

export const archiveColumns = `campaign_id as campaign, sha256, reason, operator, requested_at as "requestedAt", compared_at as "comparedAt",
  stopped, done_at as "doneAt"`

const partColumns = `p.campaign_id as campaign, p.shard, p.step, p.last_epoch, p.last_sequence, p.next, p.chain_epoch, p.chain_sequence, p.walked,
  p.walked_field as "walkedField", p.users, p.cleared_epoch, p.cleared_sequence, p.decisions, p.waits_for as "waitsFor"`

type RawPart = Omit<ArchivePart, 'last' | 'chain' | 'cleared'> &
  Readonly<Record<`${'last' | 'chain' | 'cleared'}_${'epoch' | 'sequence'}`, number>>

function partOf(raw: RawPart): ArchivePart {
  const { last_epoch, last_sequence, chain_epoch, chain_sequence, cleared_epoch, cleared_sequence, ...part } = raw
  return {
    ...part,
    last: { epoch: last_epoch, sequence: last_sequence },
    chain: { epoch: chain_epoch, sequence: chain_sequence },
    cleared: { epoch: cleared_epoch, sequence: cleared_sequence }
  }
}

/**
 * Notes the wish, in the transaction that holds the campaign's lock. One that stopped begins anew, unless something was removed.
 * @returns false when somebody asked before
 */
export async function askArchive(
  client: Queryable,
  wish: Pick<ArchiveRow, 'campaign' | 'sha256' | 'reason' | 'operator'>,
  shards: readonly number[]
): Promise<boolean> {
  const { campaign, sha256, reason, operator } = wish
  const { rowCount } = await client.query(
    `insert into archives as a (campaign_id, sha256, reason, operator) values ($1, $2, $3, $4)
     on conflict on constraint archives_pkey do update set sha256 = excluded.sha256, reason = excluded.reason,
       operator = excluded.operator, requested_at = now(), compared_at = null, stopped = null
     where a.stopped is not null`,
    [campaign, sha256, reason, operator]
  )
  if (rowCount !== 1) return false
  await client.query(
    `insert into archive_parts as p (campaign_id, shard) select $1, unnest($2::integer[])
     on conflict on constraint archive_parts_pkey do update set step = 'asked', waits_for = '' where p.next <= 1`,
    [campaign, shards]
  )
  return true
}

export async function findArchive(db: Queryable, campaign: string): Promise<ArchiveRow | undefined> {
  const { rows } = await db.query<ArchiveRow>(`select ${archiveColumns} from archives where campaign_id = $1`, [
    campaign
  ])
  return rows[0]
}

/** Whether a campaign has left, or is leaving. */
export async function isArchived(db: Queryable, campaign: string): Promise<boolean> {
  const { rows } = await db.query('select 1 from archives where campaign_id = $1 and stopped is null', [campaign])
  return rows.length > 0
}

/** What each shard has done, by shard. */
export async function archiveParts(db: Queryable, campaign: string): Promise<ArchivePart[]> {
  const { rows } = await db.query<RawPart>(
    `select ${partColumns} from archive_parts p where p.campaign_id = $1 order by p.shard`,
    [campaign]
  )
  return rows.map(partOf)
}

/** What a shard has still to do, the campaign that was asked for first at first. */
export async function openParts(db: Queryable, shard: number): Promise<ArchivePart[]> {
  const { rows } = await db.query<RawPart>(
    `select ${partColumns} from archive_parts p join archives a using (campaign_id)
     where p.shard = $1 and p.step <> 'done' and a.stopped is null order by a.requested_at, p.campaign_id`,
    [shard]
  )
  return rows.map(partOf)
}

/** The columns of a part that a step writes; those left out keep their values. */
export type PartChange = Partial<Omit<ArchivePart, 'campaign' | 'shard'>>

/**
 * Moves a part on, from the step and the number at which it was read.
 * @param owned.ownerTerm a worker that stood still would write what it read before another one went on
 * @returns false when somebody else has moved it meanwhile, or owns the shard
 */
export async function movePart(
  db: Queryable,
  owned: { readonly part: ArchivePart; readonly ownerTerm: number },
  change: PartChange
): Promise<boolean> {
  const { part, ownerTerm } = owned
  const { campaign, shard, ...next } = { ...part, waitsFor: '', ...change }
  const { rowCount } = await db.query(
    `update archive_parts set step = $5, next = $6, chain_epoch = $7, chain_sequence = $8, walked = $9, walked_field = $10, users = $11,
       cleared_epoch = $12, cleared_sequence = $13, decisions = $14, waits_for = $15, last_epoch = $16, last_sequence = $17,
       updated_at = now()
     where campaign_id = $1 and shard = $2 and step = $3 and next = $4
       and exists (select from shards s where s.shard = $2 and s.owner_term = $18)`,
    [
      campaign,
      shard,
      part.step,
      part.next,
      next.step,
      next.next,
      next.chain.epoch,
      next.chain.sequence,
      next.walked,
      next.walkedField,
      next.users,
      next.cleared.epoch,
      next.cleared.sequence,
      next.decisions,
      next.waitsFor,
      next.last.epoch,
      next.last.sequence,
      ownerTerm
    ]
  )
  return rowCount === 1
}

/** Notes that the file is the one that was named: once for all shards, and not for who asked again after it was looked at. */
export async function noteCompared(
  db: Queryable,
  { campaign, sha256, requestedAt }: Pick<ArchiveRow, 'campaign' | 'sha256' | 'requestedAt'>
): Promise<void> {
  await db.query(
    `update archives set compared_at = now() where campaign_id = $1 and sha256 = $2 and stopped is null and compared_at is null
       and date_trunc('milliseconds', requested_at) = $3`,
    [campaign, sha256, requestedAt]
  )
}

/**
 * Notes why an archive goes no further.
 * @returns false when all shards have come too far for it: then something may be removed already
 */
export async function stopArchive(db: Queryable, campaign: string, reason: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update archives set stopped = $2 where campaign_id = $1 and stopped is null and exists (
       select 1 from archive_parts p where p.campaign_id = $1 and p.step in ('asked', 'comparing', 'compared', 'marking')
     )`,
    [campaign, reason]
  )
  return rowCount === 1
}

/** Marks an archive as done, once all shards are. @returns false when one is not, or it was marked before */
export async function closeArchive(client: Queryable, campaign: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update archives set done_at = now() where campaign_id = $1 and done_at is null and not exists (
       select 1 from archive_parts p where p.campaign_id = $1 and p.step not in ('forgetting', 'done')
     )`,
    [campaign]
  )
  return rowCount === 1
}

/** A decision of a chain as it is stored: its place, and what it said. */
interface ChainDecision extends Place {
  readonly request: Readonly<Record<string, unknown>>
}

/** The decision of a shard under a key of the system; undefined while it is not stored. @param user whose key it is */
export async function chainDecision(
  db: Queryable,
  shard: number,
  { user, key }: { readonly user: string; readonly key: string }
): Promise<ChainDecision | undefined> {
  const { rows } = await db.query<ChainDecision>(
    `select epoch, sequence, request from decisions where shard = $1 and user_id = $2 and key = $3
     order by epoch desc, sequence desc limit 1`,
    [shard, issuedUser(user), key]
  )
  return rows[0]
}

/** Which of some comments are of a campaign. */
export async function commentsAmong(db: Queryable, campaign: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const { rows } = await db.query<{ id: string }>(
    'select comment_id as id from comments where comment_id = any($2) and campaign_id = $1',
    [campaign, ids]
  )
  return new Set(rows.map(({ id }) => id))
}

/** How many decisions of the journal one statement looks at. */
const PAGE = 2000

/**
 * Deletes a campaign's decisions from one place up to another, a page at a time. The place up to which the table is cleared moves with
 * them, and so does the floor of the shard: a Redis that lacks one of these is written anew.
 * @param owned whose term it is: a worker that stood still deletes nothing beside a recovery
 * @returns the part as it is now; undefined when another worker owns the shard, or the place is not forgotten everywhere
 */
export async function clearPage(
  client: Queryable,
  part: ArchivePart,
  { ownerTerm, upTo, forgotten }: { readonly ownerTerm: number; readonly upTo: Place; readonly forgotten: Place }
): Promise<{ readonly cleared: Place; readonly deleted: number } | undefined> {
  const { campaign, shard, cleared } = part
  const owned = await client.query(
    `select 1 from shards s join checkpoints c using (shard) where s.shard = $1 and s.owner_term = $2
       and (c.epoch, c.sequence) >= ($3::bigint, $4::bigint) and (c.forgot_epoch, c.forgot_sequence) >= ($3::bigint, $4::bigint)
       and ($5::bigint, $6::bigint) >= ($3::bigint, $4::bigint) for update of s`,
    [shard, ownerTerm, upTo.epoch, upTo.sequence, forgotten.epoch, forgotten.sequence]
  )
  if (owned.rowCount !== 1) return undefined
  const { rows } = await client.query<
    Place & { count: number; deleted: number; last_epoch: number; last_sequence: number }
  >(
    `with page as (
       select epoch, sequence, campaign_id from decisions
       where shard = $1 and (epoch, sequence) > ($3::bigint, $4::bigint) and (epoch, sequence) <= ($5::bigint, $6::bigint)
       order by epoch, sequence limit ${PAGE}
     ), gone as (
       delete from decisions d using page p
       where d.shard = $1 and d.epoch = p.epoch and d.sequence = p.sequence and p.campaign_id = $2 returning d.epoch, d.sequence
     ), risen as (
       update shards s set floor_epoch = f.epoch, floor_sequence = f.sequence
       from (select epoch, sequence from gone order by epoch desc, sequence desc limit 1) f
       where s.shard = $1 and (s.floor_epoch, s.floor_sequence) < (f.epoch, f.sequence)
     )
     select (select count(*) from page) as count, (select count(*) from gone) as deleted, epoch, sequence
     from page order by epoch desc, sequence desc limit 1`,
    [shard, campaign, cleared.epoch, cleared.sequence, upTo.epoch, upTo.sequence]
  )
  const [last] = rows
  if (last === undefined || last.count < PAGE) return { cleared: upTo, deleted: last?.deleted ?? 0 }
  return { cleared: { epoch: last.epoch, sequence: last.sequence }, deleted: last.deleted }
}
