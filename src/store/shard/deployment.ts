import type { Pool } from 'pg'
import { FloodgateError } from '../../base/errors.ts'
import { inTransaction, type Queryable } from '../connection/transaction.ts'

/** This process was told of another number of shards than the deployment has. */
export class ShardsDifferError extends FloodgateError {
  readonly code = 'shards-differ'
  readonly meaning =
    'The shard of a user depends on their number: another one would find nobody, and sell everything once more.'
  readonly remedy: string

  constructor(known: number, wanted: number) {
    super(`SHARDS is ${wanted}, and this deployment has ${known}: it is fixed with the first start of a worker.`)
    this.remedy = `Set SHARDS to ${known}. Another number needs another deployment: a NAMESPACE of its own.`
  }
}

async function countShards(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ known: number }>('select count(*)::int as known from shards')
  return rows[0]?.known ?? 0
}

/** The shards of the deployment; the first one where no worker has fixed their number yet. */
export async function deployedShards(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ shard: number }>('select shard from shards order by shard')
  return rows.length === 0 ? [0] : rows.map(({ shard }) => shard)
}

/** @throws ShardsDifferError; not where no worker has fixed the number yet */
export async function requireShards(db: Queryable, wanted: number): Promise<void> {
  requireSame(await countShards(db), wanted)
}

/** @throws ShardsDifferError; not where `known` is 0 */
export function requireSame(known: number, wanted: number): void {
  if (known !== 0 && known !== wanted) throw new ShardsDifferError(known, wanted)
}

/**
 * Fixes the number of shards of a new deployment by a row for each of them, closed; their first epoch is the time of it in Unix
 * seconds, so no id is ever used twice.
 * @throws ShardsDifferError where another number is fixed
 */
export async function fixShards(pool: Pool, wanted: number): Promise<void> {
  // a worker starts also while Postgres takes no writes
  if ((await countShards(pool)) > 0) return requireShards(pool, wanted)
  await inTransaction(pool, async (client) => {
    await client.query("select pg_advisory_xact_lock(hashtextextended(current_schema() || ' shards', 2))")
    await client.query(
      `insert into shards (shard, epoch, state) select shard, extract(epoch from now())::bigint, 'closed'
       from generate_series(0, $1::int - 1) as shard where not exists (select 1 from shards)`,
      [wanted]
    )
    await requireShards(client, wanted)
  })
}
