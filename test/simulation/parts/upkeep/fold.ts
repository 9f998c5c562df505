import type { Bugs } from '../../bugs.ts'
import type { FakeRedis } from '../fake-redis.ts'
import type { Fields, Hashes } from '../frame.ts'
import { isReplay, userKey } from '../gate/gate-state.ts'
import type { StoredDecision } from '../rows.ts'

/** Adds decisions, in order, to hashes by key. `d`, the number of replays, is counted where these are written. */
export function foldInto(
  hashes: Hashes,
  decisions: Iterable<StoredDecision>,
  { bugs, version = 2 }: { bugs: Bugs; version?: number }
): Hashes {
  const hash = (key: string) => {
    const known = hashes.get(key) ?? new Map<string, number | string | null>()
    hashes.set(key, known)
    return known
  }
  for (const decision of decisions) {
    for (const [key, deltas] of Object.entries(decision.add)) {
      const fields = hash(key)
      for (const [field, delta] of Object.entries(deltas)) fields.set(field, Number(fields.get(field) ?? 0) + delta)
    }
    for (const [key, values] of Object.entries(decision.put ?? {})) {
      for (const [field, value] of Object.entries(values)) hash(key).set(field, value)
    }
    const user = hash(userKey(decision.user))
    user.set(decision.key, `${decision.hash};${decision.epoch}-${decision.seq};${decision.entry}`)
    if (decision.order !== undefined) user.set(`o:${decision.order}`, decision.record ?? '')
    if (countsDecisions(bugs, version)) user.set('d', Number(user.get('d') ?? 0) + 1)
    if (version === 1) continue
    for (const [key, gone] of Object.entries(decision.del ?? {})) {
      if (gone.includes('*')) hashes.set(key, new Map([['*', null]]))
      else for (const field of gone) hash(key).set(field, null)
    }
  }
  return hashes
}

/** An earlier version adds one for each decision, also where a key was used again. */
function countsDecisions(bugs: Bugs, version: number): boolean {
  return version === 1 || bugs.has('d-by-decision')
}

/** Takes away what is gone. */
export function withoutGone(hashes: Hashes): Hashes {
  for (const [key, fields] of hashes) {
    for (const [field, value] of fields) if (value === null) fields.delete(field)
    if (fields.size === 0) hashes.delete(key)
  }
  return hashes
}

/** Writes what was folded onto what a Redis has. */
export function writeFields(node: FakeRedis, [key, fields]: readonly [string, Fields], countsReplays: boolean): void {
  if (fields.has('*')) node.del(key)
  for (const [field, value] of fields) {
    if (value === null) {
      if (field !== '*') node.hdel(key, field)
    } else if (typeof value === 'number') node.hincrby(key, field, value)
    else {
      if (countsReplays && isReplay(field) && node.hget(key, field) === undefined) node.hincrby(key, 'd', 1)
      node.hset(key, field, value)
    }
  }
}
