import pg from 'pg'

export interface Purchase {
  readonly campaign: string
  readonly sale: string
  readonly user: string
  readonly key: string
  readonly quantity: number
}

export type PeerRefusal = 'SOLD_OUT' | 'LIMIT_REACHED' | 'NOT_FOUND' | 'KEY_REUSED'

export type PeerOutcome =
  | { readonly kind: 'bought'; readonly sequence: number; readonly position: number }
  | { readonly kind: 'refused'; readonly code: PeerRefusal }

const peerSchema = `
  create schema bench_peer;
  create table bench_peer.stock (
    campaign text, sale text, total bigint not null, remaining bigint not null check (remaining >= 0),
    units_per_user bigint not null, primary key (campaign, sale)
  ) with (fillfactor = 10);
  create table bench_peer.bought (
    campaign text, user_id text, units bigint not null, primary key (campaign, user_id)
  ) with (fillfactor = 70);
  create table bench_peer.orders (
    sequence bigint generated always as identity primary key, campaign text not null, sale text not null,
    user_id text not null, key text not null, quantity bigint not null, position bigint not null,
    accepted_at timestamptz not null default now(), unique (user_id, key)
  );`

/** The user's units, if the limit allows them: the row is the user's own, so waiting here is rare. */
const countUnits = {
  name: 'count-units',
  text: `insert into bought as b (campaign, user_id, units)
         select $1, $2, $4 from stock where campaign = $1 and sale = $3 and $4 <= units_per_user
         on conflict (campaign, user_id) do update set units = b.units + excluded.units
           where b.units + excluded.units <= (select units_per_user from stock where campaign = $1 and sale = $3)
         returning units`
}

/**
 * Stock and order in one statement, right before the commit: the row that everybody wants is locked for two round trips
 * only. (Taking stock first and writing the order afterwards locks it for three.)
 */
const takeAndRecord = {
  name: 'take-and-record',
  text: `with taken as (
           update stock set remaining = remaining - $5
           where campaign = $1 and sale = $2 and remaining >= $5
           returning total - remaining - $5 + 1 as position)
         insert into orders (campaign, sale, user_id, key, quantity, position)
         select $1, $2, $3, $4, $5, position from taken
         returning sequence, position`
}

const findOrder = {
  name: 'find-order',
  text: 'select sequence, position, campaign, sale, quantity from orders where user_id = $1 and key = $2'
}

const UNIQUE_VIOLATION = '23505'

async function decide(client: pg.PoolClient, wanted: Purchase): Promise<PeerOutcome> {
  const { campaign, sale, user, key, quantity } = wanted
  await client.query('begin')
  const counted = await client.query({ ...countUnits, values: [campaign, user, sale, quantity] })
  if (counted.rowCount === 0) {
    const known = await client.query('select 1 from stock where campaign = $1 and sale = $2', [campaign, sale])
    return { kind: 'refused', code: known.rowCount === 0 ? 'NOT_FOUND' : 'LIMIT_REACHED' }
  }
  const taken = await client.query({ ...takeAndRecord, values: [campaign, sale, user, key, quantity] })
  const row = taken.rows[0]
  if (row === undefined) return { kind: 'refused', code: 'SOLD_OUT' }
  await client.query('commit')
  return { kind: 'bought', sequence: Number(row.sequence), position: Number(row.position) }
}

/** What the key got before, if it did; asked only when the order could not be made. */
async function replay(client: pg.PoolClient, wanted: Purchase): Promise<PeerOutcome | undefined> {
  const { rows } = await client.query({ ...findOrder, values: [wanted.user, wanted.key] })
  const row = rows[0]
  if (row === undefined) return undefined
  const same = row.campaign === wanted.campaign && row.sale === wanted.sale && Number(row.quantity) === wanted.quantity
  if (!same) return { kind: 'refused', code: 'KEY_REUSED' }
  return { kind: 'bought', sequence: Number(row.sequence), position: Number(row.position) }
}

/**
 * Buys in one transaction: limit, stock, order, and the idempotency key as a unique index, so that the ordinary case pays
 * no extra read for it. Only a repeated request meets the index and reads what it got.
 * @throws pg.DatabaseError when the database fails
 */
export async function buyInOneTransaction(pool: pg.Pool, wanted: Purchase): Promise<PeerOutcome> {
  const client = await pool.connect()
  try {
    const outcome = await decide(client, wanted)
    if (outcome.kind === 'bought') return outcome
    await client.query('rollback')
    return (await replay(client, wanted)) ?? outcome
  } catch (error) {
    await client.query('rollback')
    const repeated = error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION
    const answered = repeated ? await replay(client, wanted) : undefined
    if (answered === undefined) throw error
    return answered
  } finally {
    client.release()
  }
}

/** Adds a sale to the peer's schema, which is made with the first one. */
export async function setUpPeer(
  pool: pg.Pool,
  sale: { readonly campaign: string; readonly sale: string; readonly stock: number; readonly unitsPerUser: number }
): Promise<void> {
  const name = 'bench_peer.stock'
  const exists = await pool.query('select to_regclass($1) as found', [name])
  if (exists.rows[0]?.found === null) await pool.query(peerSchema)
  await pool.query(
    `insert into ${name} (campaign, sale, total, remaining, units_per_user) values ($1, $2, $3, $3, $4)`,
    [sale.campaign, sale.sale, sale.stock, sale.unitsPerUser]
  )
}
