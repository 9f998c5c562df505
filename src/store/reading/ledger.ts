import { placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { everyShard } from '../shard/every-shard.ts'
import { isStoredUpTo } from '../shard/marks.ts'

/** One movement of one balance. */
export interface LedgerEntry {
  /** the decision that caused it, `<shard>-<epoch>-<sequence>`; a decision may move several balances */
  readonly id: string
  /** entity.verb of that decision */
  readonly type: string
  /** campaign and activity of that decision, '' where it has none */
  readonly campaign: string
  readonly activity: string
  /** campaign that the balance belongs to, '' for a balance of the account */
  readonly scope: string
  /** `points` or another unit, or `chances:<draw>` */
  readonly unit: string
  readonly delta: number
  readonly at: Date
}

/** The entry after which the next page of a user's ledger begins. */
export interface LedgerPlace {
  /** ms since 1970 */
  readonly at: number
  readonly id: string
  readonly scope: string
  readonly unit: string
}

/**
 * Movements of a user's balances, newest first, at most `limit`; those of one decision are ordered by scope and unit.
 * @param page `campaign`: only movements by decisions in this campaign
 */
export async function ledgerOfUser(
  db: Queryable,
  user: string,
  page: { readonly campaign?: string | undefined; readonly before?: LedgerPlace | undefined; readonly limit: number }
): Promise<LedgerEntry[]> {
  const { campaign, before, limit } = page
  // one comparison of whole rows in the direction of the index, so that Postgres reads the page from where it begins
  const { rows } = await db.query<LedgerEntry>(
    `select shard || '-' || epoch || '-' || sequence as id, type, campaign_id as campaign, activity_id as activity, scope,
       unit, delta, at
     from ledger
     where user_id = $1 and ($2::text is null or campaign_id = $2)
       and ($3::timestamptz is null
         or (at, epoch, sequence, scope, unit) < ($3, $4::bigint, $5::bigint, $6::text, $7::text))
     order by at desc, epoch desc, sequence desc, scope desc, unit desc limit $8`,
    [issuedUser(user), campaign ?? null, ...placeValues(before), before?.scope ?? null, before?.unit ?? null, limit]
  )
  return rows
}

/** The balance of a user in one unit. */
interface StoredBalance {
  readonly scope: string
  readonly unit: string
  readonly balance: number
}

/** Balances of a user as Postgres has summed them, with those of zero. */
export async function balancesOfUser(db: Queryable, user: string): Promise<StoredBalance[]> {
  const { rows } = await db.query<StoredBalance>(
    'select scope, unit, balance from balances where user_id = $1 order by scope, unit',
    [issuedUser(user)]
  )
  return rows
}

const PAGE = 10_000

/** All balances of a shard, page by page along the primary key. */
export async function* readBalances(
  db: Queryable,
  shard: number
): AsyncGenerator<Array<StoredBalance & { readonly user: string }>> {
  let last = { user: '', scope: '', unit: '' }
  for (;;) {
    const { rows } = await db.query<StoredBalance & { readonly user: string }>(
      `select user_id as "user", scope, unit, balance from balances
       where shard = $1 and (user_id, scope, unit) > ($2, $3, $4)
       order by user_id, scope, unit limit ${PAGE}`,
      [shard, last.user, last.scope, last.unit]
    )
    const end = rows.at(-1)
    if (!end) return
    yield rows.map(inside)
    last = end
  }
}

/** What activities gave of a balance, or operators. */
interface Earned {
  readonly scope: string
  readonly unit: string
  readonly isGrant: boolean
  readonly amount: number
}

/** A decision of a user, by its place in the shard of that user. */
export interface DecisionPlace {
  readonly epoch: number
  readonly sequence: number
}

/**
 * What a campaign gave a user of each balance, whatever they spent of it since or whatever expired, less what operators took back: without wins and
 * without rewards for what others did, which are taken back by themselves, even before their rows say that they were given.
 * @param of.crediting how the keys of decisions begin that give such rewards
 * @param of.until only what was given up to then; absent: all
 */
export async function earnedIn(
  db: Queryable,
  of: {
    readonly user: string
    readonly campaign: string
    readonly crediting: string
    readonly until?: DecisionPlace | undefined
  }
): Promise<Earned[]> {
  const { user, campaign, crediting, until } = of
  const { rows } = await db.query<Earned>(
    `select scope, unit, activity_id = '' as "isGrant", sum(delta)::float8 as amount from ledger l
     where user_id = $1 and campaign_id = $2 and (type = 'balance.debited'
         or (delta > 0 and ($4::bigint is null or (epoch, sequence) <= ($4, $5::bigint))))
       and not exists (select 1 from wins w where w.win_id = l.shard || '-' || l.epoch || '-' || l.sequence)
       and not exists (select 1 from decisions d where d.shard = l.shard and d.epoch = l.epoch and d.sequence = l.sequence
         and starts_with(d.key, $3))
     group by scope, unit, activity_id = ''`,
    [issuedUser(user), campaign, crediting, until?.epoch ?? null, until?.sequence ?? null]
  )
  return rows
}

/** What a user got of a campaign's own balances after a decision. */
export async function gainedSince(
  db: Queryable,
  { user, campaign, after }: { readonly user: string; readonly campaign: string; readonly after: DecisionPlace }
): Promise<Array<Omit<Earned, 'isGrant'>>> {
  const { rows } = await db.query<Omit<Earned, 'isGrant'>>(
    `select scope, unit, sum(delta)::float8 as amount from ledger
     where user_id = $1 and scope = $2 and delta > 0 and (epoch, sequence) > ($3::bigint, $4::bigint) group by scope, unit`,
    [issuedUser(user), campaign, after.epoch, after.sequence]
  )
  return rows
}

/** How many of a unit, as activities of a campaign had given it, exclusions have voided for a user so far: what they say of it themselves. */
export async function voidedIn(
  db: Queryable,
  { user, campaign, unit }: { readonly user: string; readonly campaign: string; readonly unit: string }
): Promise<number> {
  const { rows } = await db.query<{ voided: number }>(
    `select coalesce(sum((request #>> array['earned', $3])::numeric), 0)::float8 as voided from decisions
     where shard = ${everyShard} and user_id = $1 and campaign_id = $2 and type = 'balance.debited'`,
    [issuedUser(user), campaign, unit]
  )
  return rows[0]?.voided ?? 0
}

/** A movement of a balance of the account, as far as it matters for what expires. */
export interface Movement {
  readonly campaign: string
  readonly delta: number
  /** whether something of that campaign's expired or was taken back; else what goes is spent */
  readonly isTakenBack: boolean
  /** ms since 1970 */
  readonly at: number
}

/** Decisions by which something of what their campaign gave goes, and is not spent. */
export const TAKES_BACK: readonly string[] = ['balance.expired', 'balance.debited', 'win.revoked', 'reward.taken-back']

/** All movements of a user's balance of the account, oldest first, each with its decision, `<shard>-<epoch>-<sequence>`. */
export async function movementsOf(
  db: Queryable,
  user: string,
  unit: string
): Promise<Array<Movement & { readonly id: string }>> {
  const { rows } = await db.query<Movement & { readonly id: string }>(
    `select shard || '-' || epoch || '-' || sequence as id, campaign_id as campaign, delta, type = any($3) as "isTakenBack",
       (extract(epoch from at) * 1000)::float8 as at
     from ledger where user_id = $1 and scope = '' and unit = $2 order by epoch, sequence`,
    [issuedUser(user), unit, TAKES_BACK]
  )
  return rows
}

/**
 * All movements of a user's balance of the account, oldest first, and what was there before they were read: the opening of the user's shard and the
 * user's newest decision, '' for none, and also while a frame before it is not stored: one of another gateway may come later. So a later decision may
 * be among the movements; none up to it, and none of an earlier opening, is missing.
 * @returns `opening`: its epoch, 0 while the shard is closed
 */
export async function movementsOfAccount(
  db: Queryable,
  user: string,
  unit: string
): Promise<{ opening: number; newest: string; movements: Awaited<ReturnType<typeof movementsOf>> }> {
  const known = await db.query<{ opening: number | null; newest: string | null }>(
    `select (select s.epoch::float8 from shards s where s.state = 'open'
         and s.shard = (select l.shard from ledger l where l.user_id = $1 limit 1)) as opening,
       (select e.shard || '-' || e.epoch || '-' || e.sequence
        from (select shard, epoch, batch, sequence from decisions where shard = ${everyShard} and user_id = $1
              order by epoch desc, sequence desc limit 1) e
        left join openings o on o.shard = e.shard and o.epoch = e.epoch
        where ${isStoredUpTo}) as newest`,
    [issuedUser(user)]
  )
  const { opening, newest } = known.rows[0] ?? {}
  return { opening: opening ?? 0, newest: newest ?? '', movements: await movementsOf(db, user, unit) }
}
