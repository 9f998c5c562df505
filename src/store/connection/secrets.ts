import { randomBytes } from 'node:crypto'
import type { Queryable } from './transaction.ts'

const BYTES = 32

/** The secret of this name. The first call makes it; all processes of a deployment then read the same one, for good. */
export async function readSecret(db: Queryable, name: string): Promise<Buffer> {
  const read = () => db.query<{ value: Buffer }>('select value from secrets where name = $1', [name])
  const known = (await read()).rows[0]
  if (known !== undefined) return known.value
  await db.query(
    'insert into secrets (name, value) values ($1, $2) on conflict on constraint secrets_pkey do nothing',
    [name, randomBytes(BYTES)]
  )
  const made = (await read()).rows[0]
  if (made === undefined) throw new Error(`The secret ${name} could not be kept.`)
  return made.value
}
