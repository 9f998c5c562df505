import { balanceField, balanceOf } from '../gate/user-fields.ts'
import type { StockDelta } from '../store/projection.ts'
import type { Fold } from './fold.ts'
import { HASHES_PER_CALL, type RestoreTarget, scanKeys } from './redis-state.ts'

/** What is in Redis is not what Postgres says: the shard stays closed. */
export class VerificationError extends Error {}

type Written = Pick<RestoreTarget, 'redis' | 'prefix'>

/** What Postgres summed frame by frame, which is another way than the fold. */
export interface SummedState {
  readonly stock: readonly StockDelta[]
  /** pages of balances */
  readonly balances: AsyncIterable<ReadonlyArray<{ user: string; scope: string; unit: string; balance: number }>>
}

const TOLD_MOST = 20

class Differences {
  readonly told: string[] = []
  count = 0

  add(difference: string): void {
    this.count += 1
    if (this.told.length < TOLD_MOST) this.told.push(difference)
  }
}

/** The stock in Redis is the one in Postgres. */
async function compareStock(target: Written, stock: readonly StockDelta[], found: Differences): Promise<void> {
  for (const row of stock) {
    const key = `${target.prefix}s:${row.campaign_id}:${row.activity_id}`
    const counters = ['total', 'remaining', 'held', 'paid'] as const
    const values = await target.redis.hmget(key, ...counters.map((counter) => `${row.session_id}:${counter}`))
    counters.forEach((counter, index) => {
      const value = Number(values[index] ?? 0)
      if (value === row[counter]) return
      found.add(`${key} ${row.session_id}:${counter} is ${value} in Redis, ${row[counter]} in Postgres`)
    })
  }
}

function foldedBalances(fold: Fold): number {
  let count = 0
  for (const [key, fields] of fold.hashes) {
    if (!key.startsWith('u:')) continue
    for (const [field, value] of fields) if (value !== 0 && balanceOf(field)) count += 1
  }
  return count
}

/** Every balance of the fold is the one in Postgres: none differs, none is missing on either side. */
async function compareBalances(fold: Fold, pages: SummedState['balances'], found: Differences): Promise<void> {
  let stored = 0
  for await (const page of pages) {
    for (const { user, scope, unit, balance } of page) {
      if (balance !== 0) stored += 1
      const folded = Number(fold.hashes.get(`u:${user}`)?.get(balanceField({ unit, scope })) ?? 0)
      if (folded !== balance)
        found.add(`${unit} of ${user} in "${scope}" are ${folded} in the fold, ${balance} in Postgres`)
    }
  }
  const folded = foldedBalances(fold)
  if (folded !== stored) found.add(`${folded} balances in the fold, ${stored} in Postgres`)
}

/** Every so many hashes one is read back, so that each call that wrote some is looked into twice. */
const SAMPLE_EVERY = HASHES_PER_CALL / 2
const READS_AT_ONCE = 100

async function compareSample({ redis, prefix }: Written, fold: Fold, found: Differences): Promise<void> {
  const sample = [...fold.hashes].filter((_, index) => index % SAMPLE_EVERY === 0)
  for (let from = 0; from < sample.length; from += READS_AT_ONCE) {
    const chunk = sample.slice(from, from + READS_AT_ONCE)
    await Promise.all(
      chunk.map(async ([key, fields]) => {
        const hash = await redis.hgetall(prefix + key)
        const same = [...fields].every(([field, value]) => hash[field] === String(value))
        if (!same || Object.keys(hash).length !== fields.size) found.add(`${key} in Redis is not what was folded`)
      })
    )
  }
}

/**
 * Step 6, against our own mistakes. As many keys in Redis as were folded, and stock as Postgres summed it. Balances are
 * many: the fold, in memory, is compared with all of them, which finds a fold or a projection that went wrong; and every
 * hundredth hash is read back from Redis, which finds one that was written wrong. (Reading all back would double the time
 * that writing takes.)
 * @throws VerificationError listing what differs
 */
export async function verify(target: Written, fold: Fold, summed: SummedState): Promise<void> {
  const found = new Differences()
  const keys = await scanKeys(target)
  if (keys.length !== fold.hashes.size) found.add(`${keys.length} keys in Redis, ${fold.hashes.size} folded`)
  await compareStock(target, summed.stock, found)
  await compareBalances(fold, summed.balances, found)
  await compareSample(target, fold, found)
  if (found.count > 0) {
    throw new VerificationError(
      `Redis differs from Postgres in ${found.count} places, the shard stays closed: ${found.told.join('; ')}`
    )
  }
}
