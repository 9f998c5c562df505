import { Lots } from '../support/judging/lots.ts'
import type { Crowd } from './clients.ts'
import { nameOf } from './clients.ts'
import {
  comparePlaces,
  epochOf,
  type Fields,
  journalStream,
  type Place,
  PUBLIC_STREAM,
  placeOf,
  streamEpoch
} from './parts/frame.ts'
import { campaigns, decisionOf, isReplay, ownKeys, shardKeys, stockKey, userKey } from './parts/gate/gate-state.ts'
import { movementOf } from './parts/lapses.ts'
import { foldInto, withoutGone } from './parts/upkeep/fold.ts'
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
  if ([...tables.state.due.values()].some(({ closed }) => !closed)) return 'a credit is due'
  if ([...tables.state.intents.values()].some(({ closed }) => !closed)) return 'an adjustment is open'
  if ([...tables.state.lapses.values()].some(({ closed }) => !closed)) return 'points are still to expire'
  return eventsAreTold(world) ? undefined : 'events are not told'
}

function eventsAreTold({ nats, tables }: World): boolean {
  const place = tables.state.eventsPlace ?? { epoch: 0, sequence: 0 }
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
  const { keys, everFrames, deadLetters } = tables.state
  for (const [who, { id }] of oracle.confirmed) {
    const stored = keys.get(who) ?? []
    if (stored.length === 0) oracle.fail(`I1: ${who} was told ${id}, which is not in Postgres`)
    else if (!stored.some((each) => each.id === id)) {
      oracle.fail(`I6: ${who} was told ${id}, Postgres has ${stored.map((each) => each.id).join()}`)
    }
  }
  for (const command of crowd.asked.values()) {
    const stored = keys.get(nameOf(command))?.at(-1)?.id
    const told = oracle.confirmed.get(nameOf(command))
    if (stored !== undefined && told === undefined && !oracle.isForgotten(stored)) {
      oracle.fail(`I7: ${nameOf(command)} never heard of ${stored}`)
    }
  }
  for (const entry of oracle.journaled) {
    if (!everFrames.has(entry) && !deadLetters.has(entry)) {
      oracle.fail(`I1: frame ${entry} was journaled and is not in Postgres`)
    }
  }
  for (const entry of everFrames) {
    if (!oracle.journaled.has(entry)) oracle.fail(`I9: frame ${entry} is in Postgres and was never journaled`)
  }
  compareRedis(world)
  checkPoints(world)
  checkTakenBack(world)
  checkOrder(world)
  checkEvents(world)
}

const nothing: Fields = new Map()

/** I4, I8: Redis is what all decisions there ever were fold to, but for replays that it may have forgotten. */
function compareRedis({ redis, tables, oracle, bugs, postgres }: World): void {
  const { node } = redis
  const folded = withoutGone(foldInto(new Map(), tables.everInOrder(), { bugs }))
  const marker = placeOf(node.hget(shardKeys.marker, 'value') ?? '')
  const isNew = postgres.read().opening.version === 2
  for (const key of new Set([...folded.keys(), ...node.keys()])) {
    if (ownKeys.has(key)) continue
    const expected = folded.get(key) ?? nothing
    const found = node.hgetall(key)
    const differs = (field: string) => String(expected.get(field) ?? '0') !== (found.get(field) ?? '0')
    let replays = 0
    for (const field of new Set([...expected.keys(), ...found.keys()])) {
      if (field === 'd') continue
      const what = `${key} ${field} is ${found.get(field)} in Redis, ${expected.get(field)} by Postgres`
      if (!isReplay(field)) {
        if (differs(field)) oracle.fail(`I4: ${what}`)
        continue
      }
      const record = found.get(field)
      if (record !== undefined) replays += 1
      const decision = decisionOf(record ?? String(expected.get(field)))
      const isForgotten = comparePlaces(decision, marker) <= 0
      // a hash that was written anew has only what the checkpoint has, and a lagging Redis has forgotten less
      const mayMiss = isForgotten || comparePlaces(decision, tables.state.checkpoint.marker) <= 0
      if (record === undefined ? !mayMiss : differs(field)) oracle.fail(`I4: ${what}`)
      if (record !== undefined && isForgotten) oracle.fail(`replays: ${key} ${field} is forgotten and stays for ever`)
    }
    const counted = Number(found.get('d') ?? 0)
    if (isNew && replays !== counted) oracle.fail(`replays: ${key} has ${replays}, and d is ${counted}`)
  }
  for (const campaign of tables.state.archived) {
    if (node.exists(stockKey(campaign))) oracle.fail(`archive: ${campaign} is back in Redis`)
  }
}

/** What was earned first is spent first; at its moment just what is left of a campaign's goes, and nothing of it is spent afterwards. */
function checkPoints({ tables, oracle, clockWentBackAt, redis }: World): void {
  const users = new Map<string, Lots>()
  const { lapses } = tables.state
  for (const decision of tables.everInOrder()) {
    const { user, campaign, type, at, epoch, seq } = decision
    const lots = users.get(user) ?? new Lots()
    users.set(user, lots)
    const { moment = Number.POSITIVE_INFINITY } = lapses.get(campaign) ?? {}
    const left = lots.leftOf(campaign, moment)
    const missing = lots.add(movementOf(decision))
    if (missing > 0) oracle.fail(`points: ${epoch}-${seq} of ${user} takes ${missing} that were spent or expired`)
    if (type !== 'lapsed') continue
    const taken = -(decision.add[userKey(user)]?.points ?? 0)
    if (at <= moment) oracle.fail(`points: ${epoch}-${seq} of ${user} comes ${moment - at} ms before its moment`)
    if (taken !== left) oracle.fail(`points: ${epoch}-${seq} takes ${taken} of ${user}, and ${left} were left`)
  }
  for (const [campaign, { moment, mark }] of lapses) {
    // a gate whose clock went back since decides for moments that are over, and so does the next Redis where that is behind
    const wasExchanged = redis.node.skewMs < 0 && (mark?.epoch ?? 0) < oracle.newestJournaled()
    if (wasExchanged || clockWentBackAt > (mark?.at ?? 0)) continue
    for (const [user, lots] of users) {
      const left = lots.leftOf(campaign, moment)
      if (left > 0) oracle.fail(`points: ${left} of ${user} have expired and are still there`)
    }
  }
}

/** What has expired is not taken back again: of what was given up to the moment and is taken back later, only the rest, once. */
function checkTakenBack({ tables, oracle }: World): void {
  const given = new Map<string, { readonly at: number; readonly points: number }>()
  const sums = new Map<string, { readonly expired: number; points: number; taken: number }>()
  for (const { user, campaign, type, at, epoch, seq, add, gift } of tables.everInOrder()) {
    const delta = add[userKey(user)]?.points ?? 0
    const name = `${user} of ${campaign}`
    if (type === 'earned') given.set(`${epoch}-${seq}`, { at, points: delta })
    if (type === 'lapsed') sums.set(name, { expired: -delta, points: 0, taken: 0 })
    const [sum, earned] = [sums.get(name), given.get(gift?.id ?? '')]
    if (type !== 'taken-back' || !earned) continue
    const { moment = 0 } = tables.state.lapses.get(campaign) ?? {}
    const taken = (gift?.missing ?? 0) - delta
    if (sum && earned.at <= moment) {
      sum.points += earned.points
      sum.taken += taken
    } else if (taken !== earned.points) {
      oracle.fail(`points: ${epoch}-${seq} takes back ${taken} of ${earned.points}, and nothing of them had expired`)
    }
  }
  for (const [name, { expired, points, taken }] of sums) {
    const due = Math.max(0, points - expired)
    if (taken !== due) {
      oracle.fail(`points: ${taken} of ${points} were taken back from ${name}, ${expired} had expired: not ${due}`)
    }
  }
}

/** Positions are unique, each spin names the one before it, and shard time does not go back. */
function checkOrder({ tables, oracle }: World): void {
  const positions = new Set<string>()
  const chains = new Map(campaigns.map((campaign) => [campaign as string, { last: '', isKnown: true }]))
  let before: Place & { at: number } = { epoch: 0, seq: 0, at: 0 }
  for (const decision of tables.everInOrder()) {
    const { epoch, seq, campaign, position, previous, at } = decision
    // decisions that were never journaled: nobody was told them, and the next spin names one of them
    const first = epoch === before.epoch ? before.seq + 1 : 1
    if (seq !== first) for (const chain of chains.values()) chain.isKnown = false
    else if (seq === 1) for (const chain of chains.values()) chain.isKnown = true
    if (at < before.at) oracle.fail(`I10: ${epoch}-${seq} was decided before the one before it`)
    before = { epoch, seq, at }
    if (position !== undefined) {
      const name = `${campaign} ${position}`
      if (positions.has(name)) oracle.fail(`I2: two units are number ${name}, the second one is ${epoch}-${seq}`)
      positions.add(name)
    }
    const chain = chains.get(campaign)
    if (previous === undefined || !chain) continue
    if (chain.isKnown && previous !== chain.last) {
      oracle.fail(`chain: ${epoch}-${seq} names ${previous} as the spin before it, and it was ${chain.last}`)
    }
    Object.assign(chain, { last: `${epoch}-${seq}`, isKnown: true })
  }
}

/** Each decision is told once by its id, causes before effects, epochs only rise; nothing is told that did not happen. */
function checkEvents({ nats, tables, oracle }: World): void {
  const told = new Set<string>()
  let newest = 0
  for (const { id, payload } of nats.pull(PUBLIC_STREAM, 1, Number.POSITIVE_INFINITY)) {
    if (told.has(id)) continue
    told.add(id)
    if (!tables.has(id)) oracle.fail(`I9: event ${id} has no decision`)
    const { type, order } = JSON.parse(payload) as { type: string; order?: string }
    const known = order === undefined || type === 'accepted' || told.has(order)
    if (!known && !oracle.journalWasLost) oracle.fail(`I10: ${id} ${type} was told before order ${order}`)
    const epoch = epochOf(id)
    // a reader that stood still over the loss tells again what the lost stream had told
    if (epoch < newest && !oracle.journalWasLost) oracle.fail(`I10: event ${id} was told after epoch ${newest}`)
    newest = epoch
  }
  if (oracle.journalWasLost) return
  for (const { epoch, seq } of tables.everInOrder()) {
    if (!told.has(`${epoch}-${seq}`)) oracle.fail(`decision ${epoch}-${seq} was not told as an event`)
  }
}

/** I3 at every sample. */
export function sample({ redis, oracle }: World): void {
  for (const stock of campaigns.map(stockKey)) {
    for (const field of ['remaining', 'held', 'paid']) {
      const value = Number(redis.node.hget(stock, field) ?? 0)
      if (value < 0) oracle.fail(`I3: ${field} of ${stock} is ${value} in Redis`)
    }
  }
}
