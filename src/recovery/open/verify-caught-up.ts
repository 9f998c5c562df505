import type { Client } from 'pg'
import type { InRedis } from '../../gate/redis/outbox.ts'
import { logical } from '../../record/keys.ts'
import { readCheckpoint, readCheckpointRows } from '../../store/projection/checkpoint.ts'
import { stillToForget } from '../../store/projection/forgetting.ts'
import { countDecisions, decisionsOfUsers } from '../../store/projection/reconcile.ts'
import type { DecisionPlace } from '../../store/projection/restore.ts'
import type { StockDelta } from '../../store/projection/rows.ts'
import { Fold, parseFields } from './fold-users.ts'
import { compareHashes, compareStock, Differences } from './verify.ts'

interface Written {
  readonly session: Client
  readonly shard: number
  /** some of those whose hashes were just written */
  readonly users: readonly string[]
  /** up to which decision Redis has forgotten replays */
  readonly forgotten: DecisionPlace
}

/** Bounds how long the comparison takes: users with thousands of decisions are left to the one that follows while the shard is open. */
const MOST_DECISIONS = 20_000

/**
 * Step 6 after catching up: all stock, and some of the users who were just written, each against one fold of all their decisions.
 * @throws VerificationError listing the differences
 */
export async function verifyCaughtUp(
  target: InRedis,
  { session, shard, users, forgotten }: Written,
  stock: readonly StockDelta[]
): Promise<void> {
  const found = new Differences()
  await compareStock(target, stock, found)
  const after = await readCheckpoint(session, shard)
  const counts = await countDecisions(session, { shard, after }, users)
  const compared: string[] = []
  let decisions = 0
  for (const [user, count] of counts) {
    if (decisions + count > MOST_DECISIONS) continue
    decisions += count
    compared.push(user)
  }
  const wanted = new Set(compared.map(logical.user))
  const fold = new Fold((key) => wanted.has(key))
  for (const [hash, fields] of await readCheckpointRows(session, shard, [...wanted]))
    fold.seed(hash, parseFields(fields))
  const end = { shard, epoch: Number.MAX_SAFE_INTEGER, batch: 0 }
  for (const decision of await decisionsOfUsers(session, compared, { upTo: end, after })) fold.add(decision)
  const still = await stillToForget(session, { shard, after: forgotten, upTo: after.forgotten }, compared)
  const gone = new Map(Array.from(still, ([user, decisions]) => [logical.user(user), decisions]))
  await compareHashes(target, fold.hashes, { found, gone })
  found.check()
}
