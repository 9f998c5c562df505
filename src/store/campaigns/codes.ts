import type { Pool, PoolClient } from 'pg'
import { copyRows } from '../connection/copy.ts'
import { inTransaction, type Queryable } from '../connection/transaction.ts'

/** A pool of unique codes. */
interface CodePool {
  readonly campaign: string
  readonly pool: string
}

interface CodeLoad extends CodePool {
  /** one code each, in the form that users see; checked by the caller */
  readonly codes: AsyncIterable<string> | Iterable<string>
  /**
   * Called in each transaction that stores some of the codes, with the number of those that are new. It writes the adjustment that
   * makes them available in the same transaction, so the adjustments cover exactly the stored codes, wherever the load ends.
   */
  readonly announce?: (client: PoolClient, loaded: number) => Promise<void>
}

/** Codes stored in one transaction: a load may take as long as its sender takes, a transaction may not. */
const CODES_PER_TRANSACTION = 20_000

/**
 * Loads codes in their order. A code that the pool already has, given out or not, is a duplicate and changes nothing, so a
 * load that ended half-way is sent again as a whole.
 * @throws the error of Postgres, the source or `announce`; the codes stored before it stay, announced
 */
export async function loadCodes(db: Pool, load: CodeLoad): Promise<{ loaded: number; duplicates: number }> {
  const total = { loaded: 0, duplicates: 0 }
  let chunk: string[] = []
  const store = async () => {
    const codes = chunk
    chunk = []
    const loaded = await inTransaction(db, (client) => storeCodes(client, load, codes))
    total.loaded += loaded
    total.duplicates += codes.length - loaded
  }
  for await (const code of load.codes) {
    chunk.push(code)
    if (chunk.length === CODES_PER_TRANSACTION) await store()
  }
  if (chunk.length > 0) await store()
  return total
}

async function storeCodes(client: PoolClient, load: CodeLoad, codes: readonly string[]): Promise<number> {
  const { campaign, pool, announce } = load
  await client.query(
    'create temporary table if not exists incoming_codes (line integer, code text) on commit delete rows'
  )
  await copyRows(
    client,
    'incoming_codes (line, code)',
    codes.map((code, line) => [line, code])
  )
  // without this lock two loads with the same codes in a different order would deadlock
  await client.query('select pg_advisory_xact_lock(hashtext(current_schema()), hashtext($1))', [
    `codes of ${campaign}/${pool}`
  ])
  const { rowCount } = await client.query(
    `insert into codes (campaign_id, pool, code)
     select $1, $2, code from incoming_codes order by line on conflict on constraint codes_pkey do nothing`,
    [campaign, pool]
  )
  const loaded = rowCount ?? 0
  if (announce && loaded > 0) await announce(client, loaded)
  return loaded
}

export interface CodeAssignment extends CodePool {
  /** id of the claim or win */
  readonly claim: string
  readonly quantity: number
}

/**
 * Gives claims and wins their codes: the lowest free ones of each pool. A second call, also at the same time, returns the same codes.
 * @param assignments of different claims
 * @returns the codes by claim, in the order in which they were given; fewer than `quantity` only when the pool has no more, which
 *   the gate prevents, or while another connection that took some of them fails
 */
export async function assignCodesOfAll(
  db: Queryable,
  assignments: readonly CodeAssignment[]
): Promise<Map<string, string[]>> {
  // the function locks each claim: two connections that work on the same claims must lock them in the same order
  const wanted = [...assignments].sort((one, other) => (one.claim < other.claim ? -1 : 1))
  const { rows } = await db.query<{ claim: string; codes: string[] }>({
    name: 'assign-codes',
    text: `select claim, array(select assign_codes(claim, campaign, pool, quantity)) as codes
      from unnest($1::text[], $2::text[], $3::text[], $4::integer[]) as wanted (claim, campaign, pool, quantity)`,
    values: [
      wanted.map(({ claim }) => claim),
      wanted.map(({ campaign }) => campaign),
      wanted.map(({ pool }) => pool),
      wanted.map(({ quantity }) => quantity)
    ]
  })
  return new Map(rows.map(({ claim, codes }) => [claim, codes]))
}

/** The codes of one claim or win, as `assignCodesOfAll` gives them. */
export async function assignCodes(db: Queryable, assignment: CodeAssignment): Promise<string[]> {
  return (await assignCodesOfAll(db, [assignment])).get(assignment.claim) ?? []
}

/** The codes of a claim or a win, in the order in which they were given. For its owner only. */
export async function codesOf(db: Queryable, claim: string): Promise<string[]> {
  const { rows } = await db.query<{ code: string }>('select code from codes where claim_id = $1 order by nth', [claim])
  return rows.map(({ code }) => code)
}

/** The codes of many claims or wins, by claim, each list in the order in which they were given. For their owner only. */
export async function codesOfAll(db: Queryable, claims: readonly string[]): Promise<Map<string, string[]>> {
  if (claims.length === 0) return new Map()
  const { rows } = await db.query<{ claim: string; codes: string[] }>(
    'select claim_id as claim, array_agg(code order by nth) as codes from codes where claim_id = any ($1) group by claim_id',
    [claims]
  )
  return new Map(rows.map(({ claim, codes }) => [claim, codes]))
}

/** How many codes of a pool are loaded, and how many of them are given out. It counts rows: for operators, not for every request. */
export async function countCodes(
  db: Queryable,
  { campaign, pool }: CodePool
): Promise<{ loaded: number; given: number }> {
  const { rows } = await db.query<{ loaded: number; given: number }>(
    'select count(*) as loaded, count(claim_id) as given from codes where campaign_id = $1 and pool = $2',
    [campaign, pool]
  )
  return rows[0] ?? { loaded: 0, given: 0 }
}
