import type { Crowd } from './clients.ts'
import { nameOf } from './clients.ts'
import { journalStream, PUBLIC_STREAM, streamEpoch } from './parts/frame.ts'
import { STOCK, shardKeys } from './parts/gate-script.ts'
import type { World } from './world.ts'

/** What is still under way; undefined at rest: the shard is open, and everybody has read everything. */
export function unrest(world: World): string | undefined {
  const { postgres, redis, nats, tables } = world
  const { state, epoch, position } = postgres.read()
  const { node } = redis
  if (state !== 'open' || node.hget(shardKeys.shard, 'open') !== String(epoch)) return 'the shard is closed'
  if (node.xrange(shardKeys.outbox).length > 0) return 'the outbox is not empty'
  if (node.hgetall(shardKeys.kept).size > 0) return 'kept is not empty'
  const info = nats.info(journalStream(epoch))
  if (!info) return 'the stream of the opening is gone'
  if (info.lastSequence > 0 && (position.epoch !== epoch || position.sequence < info.lastSequence))
    return 'Postgres lags'
  if ([...tables.due.values()].some(({ closed }) => !closed)) return 'a credit is due'
  if ([...tables.intents.values()].some(({ closed }) => !closed)) return 'an adjustment is open'
  return eventsAreTold(world) ? undefined : 'events are not told'
}

function eventsAreTold({ nats, tables }: World): boolean {
  const place = tables.eventsPlace ?? { epoch: 0, sequence: 0 }
  return nats.names().every((name) => {
    const epoch = streamEpoch(name)
    const last = nats.info(name)?.lastSequence ?? 0
    if (epoch === undefined || last === 0 || epoch < place.epoch) return true
    return epoch === place.epoch && place.sequence >= last
  })
}

/** What must hold after every run, by the names of test/faults/README.md. */
export function checkAtRest(world: World, crowd: Crowd): void {
  const { oracle, tables } = world
  const keys = new Map([...tables.decisions].map(([id, { user, key }]) => [`${user} ${key}`, id]))
  for (const [who, { id }] of oracle.confirmed) {
    const stored = keys.get(who)
    if (stored === undefined) oracle.fail(`I1: ${who} was told ${id}, which is not in Postgres`)
    else if (stored !== id) oracle.fail(`I6: ${who} was told ${id}, Postgres has ${stored}`)
  }
  for (const command of crowd.asked.values()) {
    const stored = keys.get(nameOf(command))
    const told = oracle.confirmed.get(nameOf(command))
    if (stored !== undefined && told === undefined) oracle.fail(`I7: ${nameOf(command)} never heard of ${stored}`)
  }
  for (const entry of oracle.journaled) {
    if (!tables.frames.has(entry)) oracle.fail(`I1: frame ${entry} was journaled and is not in Postgres`)
  }
  for (const entry of tables.frames) {
    if (!oracle.journaled.has(entry)) oracle.fail(`I9: frame ${entry} is in Postgres and was never journaled`)
  }
  compareRedis(world)
  checkEvents(world)
}

/** I4, I8: Redis is what the decisions in Postgres fold to. */
function compareRedis({ redis, tables, oracle }: World): void {
  const folded = tables.fold()
  const keys = new Set([...folded.keys(), ...redis.node.keys()])
  for (const key of [shardKeys.shard, shardKeys.outbox, shardKeys.kept, shardKeys.origin]) keys.delete(key)
  for (const key of keys) {
    const expected = folded.get(key) ?? new Map<string, number | string>()
    const found = redis.node.hgetall(key)
    for (const field of new Set([...expected.keys(), ...found.keys()])) {
      if (String(expected.get(field) ?? '0') !== (found.get(field) ?? '0')) {
        const what = `${found.get(field)} in Redis, ${expected.get(field)} by Postgres`
        oracle.fail(`I4: ${key} ${field} is ${what}`)
      }
    }
  }
}

/** Each decision is told once by its id, causes before effects, epochs only rise; nothing is told that did not happen. */
function checkEvents({ nats, tables, oracle }: World): void {
  const told = new Set<string>()
  let newest = 0
  for (const { id, payload } of nats.pull(PUBLIC_STREAM, 1, Number.POSITIVE_INFINITY)) {
    if (told.has(id)) continue
    told.add(id)
    if (!tables.decisions.has(id)) oracle.fail(`I9: event ${id} has no decision`)
    const { type, order } = JSON.parse(payload) as { type: string; order?: string }
    const known = order === undefined || type === 'accepted' || told.has(order)
    if (!known && !oracle.journalWasLost) oracle.fail(`I10: ${id} ${type} was told before order ${order}`)
    const epoch = Number(id.slice(0, id.indexOf('-')))
    if (epoch < newest) oracle.fail(`I10: event ${id} was told after epoch ${newest}`)
    newest = epoch
  }
  if (oracle.journalWasLost) return
  for (const id of tables.decisions.keys()) if (!told.has(id)) oracle.fail(`decision ${id} was not told as an event`)
}

/** I3 at every sample. */
export function sample({ redis, oracle }: World): void {
  for (const field of ['remaining', 'held', 'paid']) {
    const value = Number(redis.node.hget(STOCK, field) ?? 0)
    if (value < 0) oracle.fail(`I3: ${field} is ${value} in Redis`)
  }
}
