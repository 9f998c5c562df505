import { FloodgateError } from '../../base/errors.ts'
import type { InRedis } from '../../gate/redis/outbox.ts'
import { countKeys, readFields, readHash, readOfEach } from '../../gate/redis/state.ts'
import { balanceField, balanceOf, isRing } from '../../record/fields.ts'
import { isUserKey, logical, SHARD_HASH, scopeKey } from '../../record/keys.ts'
import type { FoldedDecision } from '../../store/projection/restore.ts'
import type { StockDelta } from '../../store/projection/rows.ts'
import { Fold, type FoldedFields, parseFields } from './fold-users.ts'
import { evenCounts, type ForgottenDecision, withoutReplays } from './forget-in.ts'

/** Redis does not hold what Postgres says: the shard stays closed. */
class VerificationError extends FloodgateError {
  readonly code = 'verification'
  readonly meaning = 'Nothing is decided until Redis holds what Postgres says.'
  readonly remedy =
    "Wait: the worker tries again. If it fails again, keep the worker's log and restore Postgres from a backup."
}

/** What Postgres summed frame by frame, independently of the fold. */
interface SummedState {
  readonly stock: readonly StockDelta[]
  /** pages of balances */
  readonly balances: AsyncIterable<ReadonlyArray<{ user: string; scope: string; unit: string; balance: number }>>
}

const LISTED_MOST = 20

export class Differences {
  readonly listed: string[] = []
  count = 0

  add(difference: string): void {
    this.count += 1
    if (this.listed.length < LISTED_MOST) this.listed.push(difference)
  }

  /** @throws VerificationError when there are some */
  check(): void {
    if (this.count === 0) return
    throw new VerificationError(
      `Redis differs from Postgres in ${this.count} places, the shard stays closed: ${this.listed.join('; ')}`
    )
  }
}

/** Compares the stock in Redis with that in Postgres. */
export async function compareStock(target: InRedis, stock: readonly StockDelta[], found: Differences): Promise<void> {
  for (const row of stock) {
    const key = logical.stock(row.campaign_id, row.activity_id)
    const counters = ['total', 'remaining', 'held', 'paid'] as const
    const fields = counters.map((counter) => `${row.session_id}:${counter}`)
    const values = await readFields(target, key, fields)
    counters.forEach((counter, index) => {
      const value = Number(values[index] ?? 0)
      if (value === row[counter]) return
      found.add(`${target.prefix}${key} ${row.session_id}:${counter} is ${value} in Redis, ${row[counter]} in Postgres`)
    })
  }
}

/** One user of so many is folded as a whole, and compared with the hash that Redis summed page by page. */
const SAMPLE_EVERY = 100

/** Every hundredth user, chosen by a hash of the name; and all hashes of rules and stock, because they are few. */
function isSampled(key: string): boolean {
  if (key === SHARD_HASH) return false
  if (!isUserKey(key)) return true
  let hash = 0
  for (let index = 2; index < key.length; index += 1) hash = (hash * 31 + key.charCodeAt(index)) | 0
  return hash % SAMPLE_EVERY === 0
}

/** Whether a row of the checkpoint may name a balance: most of a sale do not, and need not be taken apart. */
const BALANCES = /"(?:b|ch):/

/** What is kept of all decisions for the comparison: some hashes as a whole, and the sums of all balances. */
export class Sample {
  readonly #fold = new Fold(isSampled)
  /** campaigns of which something was removed since what these sums began with: how much it was is in no decision */
  readonly reduced = new Set<string>()
  /** over all users, by field of their hash */
  readonly sums = new Map<string, number>()

  get hashes(): ReadonlyMap<string, FoldedFields> {
    return this.#fold.hashes
  }

  /** Begins with a hash of the checkpoint. @param text its fields */
  seed(key: string, text: string): void {
    const sampled = isSampled(key)
    if (!sampled && !BALANCES.test(text)) return
    const fields = parseFields(text)
    if (sampled) this.#fold.seed(key, fields)
    if (!isUserKey(key)) return
    for (const [field, value] of fields) if (balanceOf(field)) this.#addBalance(field, Number(value))
  }

  #addBalance(field: string, delta: number): void {
    this.sums.set(field, (this.sums.get(field) ?? 0) + delta)
  }

  add(decision: FoldedDecision): void {
    // a copy: texts of a decision are parts of the page that it came in, and would keep all pages in memory
    const isKept = isSampled(logical.user(decision.user))
    this.#fold.add(isKept ? (JSON.parse(JSON.stringify(decision)) as FoldedDecision) : decision)
    if (decision.dels) this.reduced.add(decision.campaign)
    for (const scope in decision.adds) {
      if (!isUserKey(scopeKey(scope, decision))) continue
      const deltas = decision.adds[scope]
      for (const field in deltas) {
        if (balanceOf(field)) this.#addBalance(field, deltas[field] ?? 0)
      }
    }
  }
}

/**
 * Compares every balance in Redis with that in Postgres, and the sum of all balances of a unit with the sum by the decisions:
 * so neither side lacks one.
 */
async function compareBalances(
  target: InRedis,
  { sums, reduced }: Pick<Sample, 'sums' | 'reduced'>,
  { pages, found }: { pages: SummedState['balances']; found: Differences }
): Promise<void> {
  const stored = new Map<string, number>()
  for await (const page of pages) {
    const fields = page.map((row) => balanceField(row))
    const values = await readOfEach(
      target,
      page.map(({ user }, index) => [logical.user(user), fields[index] ?? ''])
    )
    page.forEach(({ user, scope, unit, balance }, index) => {
      const value = values[index]
      const field = fields[index] ?? ''
      stored.set(field, (stored.get(field) ?? 0) + balance)
      if (Number(value ?? 0) === balance) return
      found.add(`${unit} of ${user} in "${scope}" are ${Number(value ?? 0)} in Redis, ${balance} in Postgres`)
    })
  }
  for (const field of new Set([...stored.keys(), ...sums.keys()])) {
    if (reduced.has(balanceOf(field)?.scope ?? '')) continue
    const [folded, summed] = [sums.get(field) ?? 0, stored.get(field) ?? 0]
    if (folded !== summed)
      found.add(`all balances ${field} together are ${folded} by the decisions, ${summed} in Postgres`)
  }
}

const READS_AT_ONCE = 100

const asCompared = (key: string, fields: ReadonlyArray<readonly [string, string]>) =>
  isUserKey(key) ? evenCounts(fields) : new Map(fields)

/** @param gone by key: decisions that are forgotten in what was folded, and in Redis may not be */
export async function compareHashes(
  target: InRedis,
  folded: ReadonlyMap<string, FoldedFields>,
  {
    found,
    gone = new Map()
  }: { readonly found: Differences; readonly gone?: ReadonlyMap<string, readonly ForgottenDecision[]> }
): Promise<void> {
  const hashes = [...folded]
  for (let from = 0; from < hashes.length; from += READS_AT_ONCE) {
    const chunk = hashes.slice(from, from + READS_AT_ONCE)
    await Promise.all(
      chunk.map(async ([key, fields]) => {
        const read = Object.entries(withoutReplays(await readHash(target, key), gone.get(key) ?? []))
        const hash = asCompared(key, read)
        const expected = asCompared(
          key,
          [...fields].flatMap(([field, value]) => (value === null ? [] : [[field, String(value)] as const]))
        )
        const same = [...expected].every(([field, value]) => hash.get(field) === value)
        const count = [...hash.keys()].filter((field) => !isRing(field)).length
        if (!same || count !== expected.size) found.add(`${key} in Redis is not what was folded`)
      })
    )
  }
}

/**
 * Step 6, against mistakes in this code. Redis must hold as many keys as were made, and the stock and balances that Postgres summed
 * independently of the fold; and every hundredth user must equal one fold of all its decisions, which finds pages that were
 * summed wrong. (Reading everything back would double the time that writing takes.)
 * @param written how many hashes were made, and what was kept of the decisions
 * @throws VerificationError listing the differences
 */
export async function verify(
  target: InRedis,
  { hashes, sample }: { hashes: number; sample: Sample },
  summed: SummedState
): Promise<void> {
  const found = new Differences()
  const keys = await countKeys(target, hashes)
  if (keys !== hashes) found.add(`${keys} keys in Redis, ${hashes} folded`)
  await compareStock(target, summed.stock, found)
  await compareBalances(target, sample, { pages: summed.balances, found })
  await compareHashes(target, sample.hashes, { found })
  found.check()
}
