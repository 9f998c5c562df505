import { createHmac } from 'node:crypto'
import { fromStore } from '../../base/deadline.ts'
import { readSecret } from '../../store/connection/secrets.ts'
import type { Queryable } from '../../store/connection/transaction.ts'

const HASH_LENGTH = 11

const known = new WeakMap<Queryable, Map<string, Promise<Buffer>>>()

function secretOf(pool: Queryable, name: string): Promise<Buffer> {
  const secrets = known.get(pool) ?? new Map<string, Promise<Buffer>>()
  known.set(pool, secrets)
  const before = secrets.get(name)
  if (before !== undefined) return before
  const reading = fromStore(readSecret(pool, name)).catch((error: unknown) => {
    secrets.delete(name)
    throw error
  })
  secrets.set(name, reading)
  return reading
}

/**
 * The hash that tells requests apart whose bodies are private. It goes into the journal, so it must not reveal them: it is keyed by a secret
 * that only Postgres holds. (Rejected: a hash without a key. It had to be slow, scrypt of 50 ms, and one winner who claimed again and again
 * kept all others waiting.)
 * @param name of the secret
 * @throws UnavailableError while its secret was never read and Postgres does not answer
 */
export async function keyedHash(pool: Queryable, name: string, text: string): Promise<string> {
  const secret = await secretOf(pool, name)
  return createHmac('sha256', secret).update(text).digest('base64url').slice(0, HASH_LENGTH)
}
