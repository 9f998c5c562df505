import type pg from 'pg'
import { waitFor } from '../running/wait.ts'
import type { StackFile } from './stack.ts'
import { userOf } from './tokens.ts'

const ARRIVES_WITHIN_MS = 60_000

/**
 * Opening balances for the users of the load, as an operator imports them; resolves once every one is in Postgres.
 * @throws Error with the API's words when it refuses
 */
export async function grantPoints(
  stack: StackFile,
  database: pg.Pool,
  { reference, users, points }: { reference: string; users: number; points: number }
): Promise<void> {
  const lines = Array.from({ length: users }, (_, index) => `${userOf(index)},${points},${reference}-${index}`)
  const [token = ''] = Object.values(stack.operators)
  const response = await fetch(`${stack.adminUrl}/admin/v1/units/points/imports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/csv', 'idempotency-key': `import-${reference}` },
    body: `user,amount,reference\n${lines.join('\n')}\n`
  })
  if (!response.ok) throw new Error(`The import was refused: ${response.status} ${await response.text()}`)
  const arrived = async (): Promise<true | undefined> => {
    const { rows } = await database.query(
      "select count(*)::int as count from decisions where type = 'balance.credited' and key like $1",
      [`x:imp:points:${reference}-%`]
    )
    return rows[0]?.count === users ? true : undefined
  }
  await waitFor(arrived, { what: `${users} opening balances in Postgres`, withinMs: ARRIVES_WITHIN_MS })
}
