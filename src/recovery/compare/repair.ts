import { setTimeout as delay } from 'node:timers/promises'
import type { OpeningScripts } from '../../gate/redis/opening-scripts.ts'
import { userField } from '../../record/fields.ts'
import { logical } from '../../record/keys.ts'
import { compareUsers, expectedOfUser, hasOpenGives } from './compare.ts'
import { comparisonOf, type ReconcileParts, snapshotOf } from './reconcile.ts'

const TRIES = 5
/** A gift that is not settled yet is settled by then. */
const PAUSE_MS = 200

type Scripts = Pick<OpeningScripts, 'repair'>

/**
 * Writes a hash until it is seen to be right: what an archive takes out of it meanwhile is no decision of the user, so the script cannot
 * tell, and would leave it there for good.
 * @returns whether the user's hash is what was decided now
 */
async function repairUser(parts: ReconcileParts, scripts: Scripts, user: string): Promise<boolean> {
  const key = logical.user(user)
  let isWritten = true
  for (let tried = 0; tried < TRIES; tried += 1) {
    if (!isWritten) await delay(PAUSE_MS)
    isWritten = false
    // read again: a difference that is seen once only is none
    const snapshot = await snapshotOf(parts, [key])
    const comparison = await comparisonOf(parts, snapshot, { users: [user], hashes: [key] })
    if (compareUsers(comparison, [user]).length === 0) return true
    // the checkpoint forgets first, and Redis a moment later: what is written now would be forgotten twice
    if (hasOpenGives(comparison, key) || comparison.isForgetting) continue
    const count = snapshot.hashes.get(key)?.[userField.decisions] ?? ''
    const { forgotten } = snapshot
    isWritten = await scripts.repair(key, { count, forgotten, fields: expectedOfUser(comparison, user) })
  }
  return false
}

/**
 * Writes the hashes of some users anew, each as the fold of what the user decided, unless the user decides something meanwhile.
 * @returns the users whose hashes still differ
 * @throws NotComparableError while the shard is closed; the error of a server that does not answer
 */
export async function repairUsers(
  parts: ReconcileParts,
  scripts: Scripts,
  users: readonly string[]
): Promise<string[]> {
  const left: string[] = []
  for (const user of users) if (!(await repairUser(parts, scripts, user))) left.push(user)
  return left
}
