import type { Bugs } from '../../bugs.ts'
import type { FakeRedis } from '../fake-redis.ts'
import { type Fields, type Give, type Place, placeText } from '../frame.ts'
import { count, decisionOf, shardKeys, userKey } from '../gate/gate-state.ts'
import type { Forgettable } from './checkpoint.ts'
import { writeFields } from './fold.ts'

export interface ForgetCall extends Forgettable {
  readonly from: Place
}

/** A hash as Postgres has it up to a batch. */
export interface RepairCall {
  readonly key: string
  readonly fields: Fields
  readonly batch: number
  readonly marker: Place
}

const { shard, outbox, marker } = shardKeys

function markerIs(node: FakeRedis, place: Place): boolean {
  return (node.hget(marker, 'value') ?? placeText({ epoch: 0, seq: 0 })) === placeText(place)
}

/** Takes replays away, moves the marker past them and lowers `d` by what left. A key that was used again keeps its newer record. */
export function forget(node: FakeRedis, { from, to, entries }: ForgetCall, bugs: Bugs): string {
  if (!markerIs(node, from)) return 'MOVED'
  for (const [user, key, id] of entries) {
    const record = node.hget(userKey(user), key)
    const isIts = record !== undefined && placeText(decisionOf(record)) === id
    if (record === undefined || !(isIts || bugs.has('forget-by-key'))) continue
    node.hdel(userKey(user), key)
    node.hincrby(userKey(user), 'd', -1)
  }
  node.hset(marker, 'value', placeText(to))
  return 'OK'
}

/** Writes one hash anew. What the outbox still gives to it is not in it yet, and Postgres has it already: then not now. */
export function repair(node: FakeRedis, { key, fields, batch, marker: place }: RepairCall, bugs: Bugs): string {
  if (count(node, shard, 'batch') !== batch || !markerIs(node, place)) return 'MOVED'
  const gives = node.xrange(outbox).flatMap((entry) => JSON.parse(entry.fields.g ?? '[]') as Give[])
  if (gives.some(([to]) => to === key) && !bugs.has('repair-with-gives')) return 'MOVED'
  node.del(key)
  writeFields(node, [key, fields], true)
  return 'OK'
}
