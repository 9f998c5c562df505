import { type Page, type Place, placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { everyShard } from '../shard/every-shard.ts'
import type { StoredOrder } from './orders.ts'
import type { StoredWin } from './wins.ts'

/** Which orders to find; a filter that is left out does not restrict. */
interface OrderSearch {
  readonly user?: string | undefined
  readonly activity?: string | undefined
  readonly status?: string | undefined
  /** the orders that have to be shipped by then */
  readonly shipBy?: Date | undefined
  /** when they were placed, UTC: from it on, and before `to` */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** of a unit, minor units */
  readonly price?: number | undefined
}

interface WinSearch {
  readonly user?: string | undefined
  readonly status?: string | undefined
  readonly type?: string | undefined
  /** how far it is handed over; `waiting`: it was claimed and nobody has begun */
  readonly fulfilment?: string | undefined
  /** `<campaign>/<activity>/<prize>` */
  readonly prizes?: readonly string[] | undefined
}

/**
 * Runs a list once for each campaign and merges the results, newest first: the index begins with the campaign, so a list over all
 * campaigns is merged from the newest few of each.
 */
const ofEachCampaign = (newest: string, order: string) =>
  `select f.* from campaigns c cross join lateral (${newest}) f where ($1::text is null or c.campaign_id = $1) order by ${order}`

/** Orders of a campaign that a page looks at at most, whether they are meant or not; fewer where it looks at every campaign. */
const LOOKED = 20_000
const LOOKED_EACH = 2000

/** Orders that were found, and where the search stopped before it had seen all: further ones may follow. */
interface FoundOrders {
  readonly orders: readonly StoredOrder[]
  readonly stoppedAt: Place | undefined
}

interface SearchedOrder extends Omit<StoredOrder, 'id'> {
  readonly order_id: string
  readonly accepted_at: Date
  readonly isFound: boolean
  readonly isLast: boolean
}

/**
 * Stored orders, newest first, at most `limit`. Few of many may be meant, so a page that does not begin with a user ends after a number of orders
 * that it looked at, too, and may be short, or empty.
 */
export async function searchOrders(db: Queryable, search: OrderSearch, page: Page): Promise<FoundOrders> {
  const newest = 'accepted_at desc, epoch desc, sequence desc, order_id desc'
  const isFound = `($2::text is null or user_id = $2) and ($3::text is null or activity_id = $3) and ($4::text is null or status = $4)
    and ($5::timestamptz is null or ship_by <= $5) and ($13::bigint is null or unit_price = $13)`
  const where = `($11::timestamptz is null or accepted_at >= $11) and ($12::timestamptz is null or accepted_at < $12)
    and ($6::timestamptz is null or (accepted_at, epoch, sequence, order_id) < ($6, $7::bigint, $8::bigint, $9))`
  const columns = 'order_id, user_id as "user", record, accepted_at, epoch, sequence'
  const looked = `select ${columns}, "isFound", "isLast" from (
      select o.*, ${isFound} as "isFound", row_number() over places = $14 as "isLast", count(*) filter (where ${isFound}) over places as nth
      from (select * from orders where campaign_id = c.campaign_id and ${where} order by ${newest} limit $14) o
      window places as (order by ${newest} rows unbounded preceding)
    ) looked where ("isFound" and nth <= $10) or ("isLast" and nth < $10)`
  const { user = null, activity = null, status = null, shipBy = null, from = null, to = null, price = null } = search
  const ofUser = `select ${columns}, true as "isFound", false as "isLast" from orders
    where ($1::text is null or campaign_id = $1) and ${isFound} and ${where} and $14::bigint > 0 order by ${newest} limit $10`
  const sql = user === null ? `${ofEachCampaign(looked, newest)} limit $10` : ofUser
  const isNarrow = [activity, status, shipBy, price].some((one) => one !== null)
  const most = isNarrow ? (page.campaign === undefined ? LOOKED_EACH : LOOKED) : page.limit
  const place = [...placeValues(page.before), page.before?.id ?? null]
  const asked = [page.campaign ?? null, user && issuedUser(user), activity, status, shipBy, ...place, page.limit]
  const { rows } = await db.query<SearchedOrder>(sql, [...asked, from, to, price, most])
  // of campaigns whose search stopped, the newest place counts: before it nothing is missing of any
  const stop = rows.findIndex(({ isLast }) => isLast)
  const seen = stop < 0 ? rows : rows.slice(0, stop + 1)
  const found = seen.filter((row) => row.isFound)
  const last = rows[stop]
  return {
    orders: found.map(({ order_id: id, user: owner, record }) => inside({ id, user: owner, record })),
    stoppedAt: last && { at: last.accepted_at.getTime(), id: last.order_id }
  }
}

/** Claimed wins that somebody has still to do something about have an index of their own, which its words must name. */
const toHandOver = "and status = 'claimed' and (fulfilment is null or fulfilment not in ('credited', 'delivered'))"
const isOver = (fulfilment: string | undefined) => fulfilment === 'credited' || fulfilment === 'delivered'

/** Stored wins, newest first, at most `limit`, with revoked ones. */
export async function searchWins(db: Queryable, search: WinSearch, page: Page): Promise<StoredWin[]> {
  const newest = 'won_at desc, epoch desc, sequence desc, id desc'
  const where = `($2::text is null or user_id = $2) and ($3::text is null or status = $3)
    and ($4::text is null or type = $4)
    ${search.fulfilment === undefined || isOver(search.fulfilment) ? '' : toHandOver}
    and ($10::text is null or (status = 'claimed' and coalesce(fulfilment, 'waiting') = $10))
    and ($11::text[] is null or campaign_id || '/' || activity_id || '/' || prize_id = any($11))
    and ($5::timestamptz is null or (won_at, epoch, sequence, win_id) < ($5, $6::bigint, $7::bigint, $8))
    order by ${newest} limit $9`
  const columns = 'win_id as id, user_id as "user", record, won_at, epoch, sequence'
  const sql =
    search.user === undefined
      ? `${ofEachCampaign(`select ${columns} from wins where campaign_id = c.campaign_id and ${where}`, newest)} limit $9`
      : `select ${columns} from wins where ($1::text is null or campaign_id = $1) and ${where}`
  const { user = null, status = null, type = null, fulfilment = null, prizes = null } = search
  const issued = user && issuedUser(user)
  const place = [...placeValues(page.before), page.before?.id ?? null]
  const values = [page.campaign ?? null, issued, status, type, ...place, page.limit, fulfilment, prizes]
  return (await db.query<StoredWin>(sql, values)).rows.map(inside)
}

/** What has the id, or is the code, that was searched for. */
interface Found {
  readonly type: 'user' | 'order' | 'win' | 'claim' | 'code'
  /** of a code: the claim or win that has it; null while it is free */
  readonly id: string | null
  readonly user: string | null
  readonly campaign: string | null
}

/** Everything that has exactly this id, or is this code; each is found by an index. */
export async function searchWord(db: Queryable, word: string): Promise<Found[]> {
  const { rows } = await db.query<Found>(
    `select 'user' as type, $1::text as id, $1::text as "user", null::text as campaign
       where exists (select 1 from decisions where shard = ${everyShard} and user_id = $1)
         or exists (select 1 from orders where user_id = $1) or exists (select 1 from ledger where user_id = $1)
     union all select 'order', order_id, user_id, campaign_id from orders where order_id = $1
     union all select 'win', win_id, user_id, campaign_id from wins where win_id = $1
     union all select 'claim', claim_id, user_id, campaign_id from claims where claim_id = $1
     union all select 'code', c.claim_id, coalesce(l.user_id, w.user_id), c.campaign_id from codes c
       left join claims l on l.claim_id = c.claim_id left join wins w on w.win_id = c.claim_id where c.code = $1`,
    [word]
  )
  return rows
}
