import { createHmac } from 'node:crypto'
import type { Queryable } from '../../store/connection/transaction.ts'
import { secretOf } from './deployment-secret.ts'

const HASH_LENGTH = 11

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
