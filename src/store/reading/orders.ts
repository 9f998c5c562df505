import type pg from 'pg'
import { type Page, placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { everyShard } from '../shard/every-shard.ts'

/** An order as it is stored. */
export interface StoredOrder {
  readonly id: string
  readonly user: string
  /** the gate's record of the order after the last journaled decision about it */
  readonly record: string
}

/** A journaled decision. */
export interface StoredDecision {
  readonly id: string
  readonly sequence: number
  /** entity.verb, such as order.accepted */
  readonly type: string
  /** of the request */
  readonly hash: string
  readonly campaign: string
  readonly activity: string
  /** the id of the order or win that it is about; has no meaning for other decisions */
  readonly entity: string
  readonly at: Date
  /** the gate's record of the order or win right after this decision; '' when it is about none */
  readonly record: string
  readonly report: string
}

/** Orders of a user, newest first, at most `limit`. */
export async function ordersOfUser(pool: pg.Pool, user: string, page: Page): Promise<StoredOrder[]> {
  const { rows } = await pool.query<StoredOrder>(
    `select order_id as id, user_id as user, record from orders
     where user_id = $1 and ($2::text is null or campaign_id = $2)
       and ($3::timestamptz is null or (accepted_at, epoch, sequence) < ($3, $4::bigint, $5::bigint))
     order by accepted_at desc, epoch desc, sequence desc limit $6`,
    [issuedUser(user), page.campaign ?? null, ...placeValues(page.before), page.limit]
  )
  return rows.map(inside)
}

/** An order by its id, of any user. */
export async function findOrder(pool: pg.Pool, id: string): Promise<StoredOrder | undefined> {
  const { rows } = await pool.query<StoredOrder>(
    'select order_id as id, user_id as user, record from orders where order_id = $1',
    [id]
  )
  return rows[0] && inside(rows[0])
}

/** Orders by their ids. */
export async function ordersById(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, StoredOrder>> {
  if (ids.length === 0) return new Map()
  const { rows } = await db.query<StoredOrder>(
    'select order_id as id, user_id as "user", record from orders where order_id = any($1)',
    [ids]
  )
  return new Map(rows.map((row) => [row.id, inside(row)]))
}

/** The orders of a user in a campaign that are not shipped and not over, newest first; the money of a paid one would be due back. */
export async function openOrdersOfUser(
  db: Queryable,
  { user, campaign }: { readonly user: string; readonly campaign: string }
): Promise<Array<{ id: string; sale: string; status: string; refundDue: number }>> {
  const { rows } = await db.query<{ id: string; sale: string; status: string; refundDue: number }>(
    `select order_id as id, activity_id as sale, status,
       case when status = 'paid' then quantity * unit_price else 0 end::float8 as "refundDue"
     from orders where user_id = $1 and campaign_id = $2 and status in ('accepted', 'paid')
     order by accepted_at desc, epoch desc, sequence desc`,
    [issuedUser(user), campaign]
  )
  return rows
}

const decisionColumns = `shard || '-' || epoch || '-' || sequence as id, sequence, type, hash, campaign_id as campaign,
  activity_id as activity, shard || '-' || entity as entity, at, record, report`

/** The newest decision under a replay field of a user, such as `u:<Idempotency-Key>`. */
export async function findDecision(db: Queryable, user: string, key: string): Promise<StoredDecision | undefined> {
  const { rows } = await db.query<StoredDecision>(
    `select ${decisionColumns} from decisions where shard = ${everyShard} and user_id = $1 and key = $2
     order by epoch desc, sequence desc limit 1`,
    [issuedUser(user), key]
  )
  return rows[0]
}

/** A decision about an order with its request: carrier, reason, reference, who asked. */
export interface OrderDecision extends StoredDecision {
  readonly request: unknown
}

/** Decisions about an order, oldest first, at most 1,000. (Selected by user first, because decisions are indexed by user and key.) */
export async function decisionsOfOrder(pool: pg.Pool, user: string, id: string): Promise<OrderDecision[]> {
  const { rows } = await pool.query<OrderDecision>(
    `select ${decisionColumns}, request from decisions
     where shard = split_part($2, '-', 1)::integer and user_id = $1 and shard || '-' || entity = $2
     order by epoch, sequence limit 1000`,
    [issuedUser(user), id]
  )
  return rows
}

/** A replay field of a user. */
interface ReplayField {
  readonly user: string
  readonly key: string
}

/**
 * Which of many replay fields have a stored decision. A driver whose work may be older than the replays in Redis calls this first.
 * @returns ids of the newest decisions in the order of `fields`, undefined where none is stored
 */
export async function decisionsUnder(
  db: Pick<pg.Pool, 'query'>,
  fields: readonly ReplayField[]
): Promise<Array<string | undefined>> {
  if (fields.length === 0) return []
  const { rows } = await db.query<{ place: number; id: string }>(
    `select place, d.id from unnest($1::text[], $2::text[]) with ordinality as f("user", key, place), lateral (
       select shard || '-' || epoch || '-' || sequence as id from decisions
       where shard = ${everyShard} and user_id = f."user" and key = f.key order by epoch desc, sequence desc limit 1
     ) d`,
    [fields.map(({ user }) => issuedUser(user)), fields.map(({ key }) => key)]
  )
  const found = new Map(rows.map(({ place, id }) => [place, id]))
  return fields.map((_, index) => found.get(index + 1))
}
