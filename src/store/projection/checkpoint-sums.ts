import type { Client, Pool, PoolClient } from 'pg'
import { inside, issuedUser, storedUser } from '../connection/user-name.ts'
import { type CheckpointPlace, readCheckpoint, readCheckpointRows } from './checkpoint.ts'
import { atOneInstant, decisionsOfUsers } from './reconcile.ts'
import { type FoldedDecision, foldedColumns, readStock } from './restore.ts'
import type { StockDelta } from './rows.ts'

type Queryable = Pick<Client | Pool | PoolClient, 'query'>

/** A balance as Postgres summed it. */
interface SummedBalance {
  readonly user: string
  readonly scope: string
  readonly unit: string
  readonly balance: number
}

/** What a checkpoint holds of some users, and what else Postgres has of them, all of one instant. */
interface SummedUsers {
  /** rows by the key of the hash */
  readonly begun: ReadonlyMap<string, string>
  /** what the users decided after the checkpoint's place, in order */
  readonly decisions: readonly FoldedDecision[]
  readonly balances: readonly SummedBalance[]
  /** campaigns that are being removed: a user may lose what he has of one in several decisions, and all its balances with the first */
  readonly leaving: ReadonlySet<string>
  /** orders that may still be paid */
  readonly payable: ReadonlyArray<{ readonly id: string; readonly user: string }>
}

const FAR = { epoch: Number.MAX_SAFE_INTEGER, batch: 0 }

/** @param hashes logical keys of the users */
export async function summedUsers(
  db: Pool,
  shard: number,
  { users, hashes }: { readonly users: readonly string[]; readonly hashes: readonly string[] }
): Promise<SummedUsers> {
  const names = users.map(issuedUser)
  return atOneInstant(db, async (client) => {
    const after = await readCheckpoint(client, shard)
    const begun = await readCheckpointRows(client, shard, hashes)
    const decisions = await decisionsOfUsers(client, users, { upTo: { shard, ...FAR }, after })
    const balances = await client.query<SummedBalance>(
      `select user_id as "user", scope, unit, balance from balances where shard = $1 and user_id = any($2)`,
      [shard, names]
    )
    const payable = await client.query<{ id: string; user: string }>(
      `select order_id as id, user_id as "user" from orders
       where shard = $1 and status = 'accepted' and pay_by is not null and user_id = any($2)`,
      [shard, names]
    )
    const leaving = await client.query<{ id: string }>(
      `select campaign_id as id from archive_parts where shard = $1 and step in ('marking', 'removing')`,
      [shard]
    )
    return {
      begun,
      decisions,
      balances: balances.rows.map(inside),
      leaving: new Set(leaving.rows.map(({ id }) => id)),
      payable: payable.rows.map(inside)
    }
  })
}

/** Stock as Postgres summed it, and the rows of the checkpoint about it with what was decided since, all of one instant. */
export async function summedStock(
  db: Pool,
  shard: number,
  { hashOf, most }: { readonly hashOf: (row: StockDelta) => string; readonly most: number }
): Promise<{
  readonly stock: readonly StockDelta[]
  readonly begun: ReadonlyMap<string, string>
  /** undefined when the checkpoint is so many decisions behind */
  readonly decisions: readonly FoldedDecision[] | undefined
}> {
  return atOneInstant(db, async (client) => {
    const after = await readCheckpoint(client, shard)
    const stock = await readStock(client, shard)
    const begun = await readCheckpointRows(client, shard, [...new Set(stock.map(hashOf))])
    const decisions = await decisionsSince(client, shard, { after, most })
    return { stock, begun, decisions: decisions.length < most ? decisions : undefined }
  })
}

async function decisionsSince(
  db: Queryable,
  shard: number,
  { after, most }: { readonly after: CheckpointPlace; readonly most: number }
): Promise<FoldedDecision[]> {
  const { rows } = await db.query<FoldedDecision>(
    `select ${foldedColumns} from decisions where shard = $1 and (epoch, sequence) > ($2::bigint, $3::bigint)
     order by epoch, sequence limit $4`,
    [shard, after.epoch, after.sequence, most]
  )
  return rows.map(inside)
}

/** The keys of a checkpoint's rows after one, at most so many. */
export async function checkpointHashes(
  db: Queryable,
  shard: number,
  { after, most }: { readonly after: string; readonly most: number }
): Promise<string[]> {
  const { rows } = await db.query<{ hash: string }>(
    'select hash from checkpoint_rows where shard = $1 and hash > $2 order by hash limit $3',
    [shard, after, most]
  )
  return rows.map(({ hash }) => hash)
}

interface Naming {
  /** the page begins with this hash */
  readonly from: string
  readonly most: number
  readonly texts: readonly string[]
}

/**
 * A page of a checkpoint's rows from a hash on, and of these the ones whose fields hold one of some texts.
 * @returns last: the last hash that was looked at, undefined at the end
 */
export async function rowsNaming(
  db: Queryable,
  shard: number,
  { from, most, texts }: Naming
): Promise<{
  readonly rows: ReadonlyArray<{ readonly hash: string; readonly fields: string }>
  readonly last?: string
}> {
  const { rows } = await db.query<{ hash: string; fields: string | null }>(
    `select hash, case when exists (select 1 from unnest($4::text[]) as t(text) where strpos(fields, t.text) > 0) then fields end as fields
     from checkpoint_rows where shard = $1 and hash >= $2 order by hash limit $3`,
    [shard, from, most, texts]
  )
  const found = rows.flatMap(({ hash, fields }) => (fields === null ? [] : [{ hash, fields }]))
  const last = rows.at(-1)?.hash
  return last === undefined ? { rows: found } : { rows: found, last }
}

/** Users with a balance, the next ones by name. */
export async function usersWithBalances(
  db: Queryable,
  shard: number,
  { after, most }: { readonly after: string; readonly most: number }
): Promise<string[]> {
  const { rows } = await db.query<{ user: string }>(
    `select distinct user_id as "user" from (
       select user_id from balances where shard = $1 and user_id > $2 order by user_id limit $3
     ) page order by user_id`,
    [shard, issuedUser(after), most]
  )
  return rows.map(({ user }) => storedUser(user))
}

/** Users with an order that may still be paid, by the order: the next ones. */
export async function usersWithPayableOrders(
  db: Queryable,
  shard: number,
  { after, most }: { readonly after: { readonly payBy: Date | null; readonly order: string }; readonly most: number }
): Promise<ReadonlyArray<{ readonly user: string; readonly order: string; readonly payBy: Date }>> {
  const { rows } = await db.query<{ user: string; order: string; payBy: Date }>(
    `select user_id as "user", order_id as "order", pay_by as "payBy" from orders
     where shard = $1 and status = 'accepted' and pay_by is not null
       and ($2::timestamptz is null or (pay_by, order_id) > ($2::timestamptz, $3))
     order by pay_by, order_id limit $4`,
    [shard, after.payBy, after.order, most]
  )
  return rows.map(inside)
}

/** The keys of a checkpoint's rows that begin with one of some texts. */
export async function hashesLike(db: Queryable, shard: number, beginnings: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ hash: string }>(
    `select c.hash from unnest($2::text[]) as b(beginning)
       join checkpoint_rows c on c.shard = $1 and c.hash >= b.beginning and c.hash < b.beginning || chr(1114111) collate "C"
     order by c.hash`,
    [shard, beginnings]
  )
  return rows.map(({ hash }) => hash)
}
