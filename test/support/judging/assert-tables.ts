import type { Pool } from 'pg'
import type { Test } from 'tap'
import { balanceOf } from '../../../src/record/fields.ts'
import { decodeWin } from '../../../src/record/win.ts'
import type { Fold } from '../../../src/recovery/open/fold-users.ts'

/** What users have, by `<user> <scope> <unit>`, and the records of their wins by id, as their hashes say it. */
function folded(fold: Fold, shard: number) {
  const balances: Record<string, number> = {}
  const wins: Record<string, string> = {}
  for (const [key, fields] of fold.hashes) {
    if (!key.startsWith('u:')) continue
    for (const [field, value] of fields) {
      const balance = balanceOf(field)
      if (balance && value !== 0) balances[`${key.slice(2)} ${balance.scope} ${balance.unit}`] = Number(value)
      if (field.startsWith('w:')) wins[`${shard}-${field.slice(2)}`] = String(value)
    }
  }
  return { balances, wins }
}

/** Wins, balances and the sums of the ledger in Postgres are what the fold of the decisions says. */
export async function assertTables(
  t: Test,
  fold: Fold,
  place: { readonly pool: Pool; readonly shard: number }
): Promise<void> {
  const { pool, shard } = place
  const expected = folded(fold, shard)
  const sums = async (table: string) => {
    const { rows } = await pool.query<{ place: string; sum: number }>(
      `select user_id || ' ' || scope || ' ' || unit as place, sum(${table === 'ledger' ? 'delta' : 'balance'})::float8 as sum
       from ${table} where shard = $1 group by 1`,
      [shard]
    )
    return Object.fromEntries(rows.filter(({ sum }) => sum !== 0).map(({ place, sum }) => [place, sum]))
  }
  t.same(await sums('balances'), expected.balances, 'balances are summed alike')
  t.same(await sums('ledger'), expected.balances, 'the ledger comes to the same')
  const wins = await pool.query<{ id: string; status: string; record: string }>(
    'select win_id as id, status, record from wins where shard = $1',
    [shard]
  )
  t.same(
    Object.fromEntries(wins.rows.map(({ id, record }) => [id, record])),
    expected.wins,
    'wins are those of the users'
  )
  for (const { id, status, record } of wins.rows) t.equal(status, decodeWin(id, record).status)
}
