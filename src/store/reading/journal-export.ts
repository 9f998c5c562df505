import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser, storedUser } from '../connection/user-name.ts'

/** The epoch and sequence of a decision of a shard. */
export interface JournalPlace {
  readonly epoch: number
  readonly sequence: number
}

/** A decision as it is exported; of campaigns other than the one asked for only its place, user, deltas and report. */
export interface JournalRow extends JournalPlace {
  readonly batch: number
  readonly at_ms: number
  readonly mine: boolean
  readonly type: string
  readonly user: string
  readonly key: string
  /** of the request */
  readonly hash: string
  readonly campaign: string
  readonly activity: string
  readonly session: string
  readonly entity: string
  readonly request: unknown
  readonly adds: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly puts: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly record: string
  readonly report: string
  /** fields that it removed by logical key, none for a whole hash; null for nearly all decisions */
  readonly dels: Readonly<Record<string, readonly string[]>> | null
}

interface JournalRange {
  readonly shard: number
  /** the first decision to export; undefined: from the beginning */
  readonly from?: JournalPlace | undefined
  /** the last decision to export */
  readonly through: JournalPlace
  /** '' for all campaigns */
  readonly campaign: string
}

const PAGE = 2000

/** The newest stored decision of a shard; undefined before the first. */
export async function lastDecision(db: Queryable, shard: number): Promise<JournalPlace | undefined> {
  const { rows } = await db.query<JournalPlace>(
    'select epoch, sequence from decisions where shard = $1 order by epoch desc, sequence desc limit 1',
    [shard]
  )
  return rows[0]
}

/**
 * Decisions of a shard in the order in which they were made, page by page along the primary key. Each page is a statement of its
 * own, so that a slow reader, such as a pipe, holds no transaction open.
 */
export async function* readJournal(db: Queryable, range: JournalRange): AsyncGenerator<JournalRow[]> {
  const { shard, from, through, campaign } = range
  let { epoch, sequence } = from === undefined ? { epoch: 0, sequence: 0 } : { ...from, sequence: from.sequence - 1 }
  for (;;) {
    const { rows } = await db.query<JournalRow>({
      name: 'read-journal',
      text: `select epoch, sequence, batch, round(extract(epoch from at) * 1000)::bigint as at_ms,
               $6 in ('', campaign_id) as mine, type, user_id as "user", key, campaign_id as campaign,
               activity_id as activity, session_id as session, entity, adds, report,
               case when $6 in ('', campaign_id) then request end as request,
               case when $6 in ('', campaign_id) then puts end as puts,
               case when $6 in ('', campaign_id) then dels end as dels, hash,
               case when $6 in ('', campaign_id) then record else '' end as record
             from decisions
             where shard = $1 and (epoch, sequence) > ($2::bigint, $3::bigint)
               and (epoch, sequence) <= ($4::bigint, $5::bigint)
             order by epoch, sequence limit ${PAGE}`,
      values: [shard, epoch, sequence, through.epoch, through.sequence, campaign]
    })
    const last = rows.at(-1)
    if (!last) return
    yield rows.map(inside)
    epoch = last.epoch
    sequence = last.sequence
  }
}

/** What a user had on the account: balances by unit. */
export interface AccountBalances {
  readonly user: string
  readonly units: Readonly<Record<string, number>>
}

/**
 * What those who took part in a campaign had on their accounts before one of its decisions, page by page in the order of users. The
 * ledger says it, which loses no rows.
 */
export async function* balancesBefore(
  db: Queryable,
  { shard, campaign, before }: { readonly shard: number; readonly campaign: string; readonly before: JournalPlace }
): AsyncGenerator<AccountBalances[]> {
  let after = ''
  for (;;) {
    const { rows } = await db.query<{ user: string; units: Record<string, number> | null }>({
      name: 'balances-before',
      text: `with page as (
               select distinct user_id from balances where shard = $1 and scope = '' and user_id > $5 order by user_id limit ${PAGE}
             )
             select user_id as "user", case when exists (
                 select from decisions d where d.shard = $1 and d.user_id = page.user_id and d.campaign_id = $2
               ) then (
                 select json_object_agg(unit, balance order by unit) from (
                   select unit, sum(delta) as balance from ledger l where l.user_id = page.user_id and l.scope = '' and l.shard = $1
                     and (l.epoch, l.sequence) < ($3::bigint, $4::bigint) group by unit having sum(delta) <> 0
                 ) held
               ) end as units
             from page order by user_id`,
      values: [shard, campaign, before.epoch, before.sequence, issuedUser(after)]
    })
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows.flatMap(({ user, units }) => (units === null ? [] : [{ user: storedUser(user), units }]))
    after = storedUser(last.user)
  }
}
