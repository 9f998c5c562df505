import { fromStore } from '../../base/deadline.ts'
import { readSecret } from '../../store/connection/secrets.ts'
import type { Queryable } from '../../store/connection/transaction.ts'

const known = new WeakMap<Queryable, Map<string, Promise<Buffer>>>()

/**
 * A secret of the deployment that only Postgres holds, read once for each process.
 * @throws UnavailableError while it was never read and Postgres does not answer
 */
export function secretOf(pool: Queryable, name: string): Promise<Buffer> {
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
