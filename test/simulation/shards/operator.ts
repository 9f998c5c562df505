import { type Process, type Steps, wait } from '../scheduler.ts'
import { type Command, type Item, items } from './decision.ts'
import type { Intent } from './rows.ts'
import type { Outcome, ShardWorld } from './world.ts'

/** What each shard gets of a number: as much as the others, the rest to the first; fewer than shards all to the home shard. */
export function split(units: number, shards: number, home = 0): number[] {
  const each = Math.floor(units / shards)
  if (each === 0) return Array.from({ length: shards }, (_, shard) => (shard === home ? units : 0))
  return Array.from({ length: shards }, (_, shard) => each + (shard < units % shards ? 1 : 0))
}

/** Publishes, changes stock, ends; and drives what of that is open, in each worker. */
export class Operator {
  readonly #world: ShardWorld
  busy = false
  removed = false
  readonly #process: Process

  constructor(world: ShardWorld) {
    this.#world = world
    this.#process = world.scheduler.process('operator')
  }

  /** Stock as published: before anything goes wrong. */
  publish(units: number, prizes: number): void {
    const { parts, scheduler } = this.#world
    this.#intend('unit', units, split(units, parts.length))
    this.#intend('prize', prizes, split(prizes, parts.length, scheduler.draw(parts.length)))
  }

  start(): void {
    this.busy = true
    this.#world.scheduler.spawn(this.#process, this.#live())
  }

  *#live(): Steps {
    const { scheduler, parts } = this.#world
    for (let nth = scheduler.draw(5); nth > 0; nth -= 1) {
      yield* wait(scheduler.sleep(100 + scheduler.draw(900)))
      const units = 1 + scheduler.draw(6)
      const isTaken = scheduler.chance(0.6)
      if (!isTaken) this.#intend('unit', units, split(units, parts.length))
      else
        this.#intend(
          'unit',
          -units,
          this.#world.bug === 'taken-evenly' ? split(units, parts.length).map((part) => -part) : undefined
        )
    }
    if (scheduler.chance(0.4)) yield* this.#end()
    this.busy = false
  }

  #intend(item: Item, delta: number, parts: readonly number[] | undefined): void {
    const { rows, scheduler, parts: shards } = this.#world
    const applied = shards.map(() => undefined)
    rows.intents.push({ id: rows.intents.length, item, delta, parts, applied, open: true, sinceMs: scheduler.now })
  }

  /** No sale any more; open spins are finished; no loan is begun any more; those that are open are awaited; then all is removed. */
  *#end(): Steps {
    const { scheduler, parts, rows } = this.#world
    yield* wait(scheduler.sleep(scheduler.draw(2000)))
    for (const { shard } of parts) yield* this.#insist(shard.number, { type: 'ended', user: '$system', key: 'end' })
    const areSpinsOver = () =>
      parts.every(({ shard }) => shard.outbox.length === 0 && shard.stored === shard.journal.length) &&
      [...rows.state.spins.values()].every(({ open }) => !open)
    while (!(yield* this.#look('spins', areSpinsOver))) yield* wait(scheduler.sleep(60))
    yield* this.#world.ask(this.#process, 'close', () => {
      rows.closing = true
    })
    rows.closing = true
    while (!(yield* this.#remove())) yield* wait(scheduler.sleep(60))
    this.removed = true
  }

  /** Openings first, loans then, and what is removed is asked for with these openings. */
  *#remove(): Steps<boolean> {
    const { parts, rows, bug } = this.#world
    const looks = yield* this.#world.lookAtAll(this.#process)
    const isQuiet = () =>
      rows.intents.every(({ open }) => !open) &&
      (bug === 'removed-beside-loans' || items.every((item) => rows.loansOf(item).open.length === 0))
    if (looks.size < parts.length || !(yield* this.#look('loans', isQuiet))) return false
    for (const part of parts) {
      const epoch = looks.get(part.shard.number)?.epoch ?? 0
      for (const item of items) {
        const command = { type: 'removed', user: '$system', key: `x:arc:${item}`, item, epoch } as const
        const outcome = yield* this.#world.decide(this.#process, part, command)
        if (outcome.kind !== 'confirmed') return false
      }
    }
    return true
  }

  *#look(name: string, run: () => boolean): Steps<boolean> {
    const reply = yield* this.#world.ask(this.#process, name, run)
    return reply.ok && reply.value
  }

  *#insist(shard: number, command: Command): Steps<Outcome> {
    for (;;) {
      const outcome = yield* this.#world.decide(this.#process, this.#world.part(shard), command)
      if (outcome.kind === 'confirmed' || outcome.kind === 'refused') return outcome
      yield* wait(this.#world.scheduler.sleep(30))
    }
  }
}

/** Carries out intents: an addition in all shards as they come, a removal in one after the other. */
export function* carryIntents(world: ShardWorld, process: Process): Steps {
  const { scheduler, rows } = world
  for (;;) {
    yield* wait(scheduler.sleep(30 + scheduler.draw(60)))
    const list = () =>
      rows.intents.filter(({ open }) => open).map((intent) => ({ ...intent, applied: [...intent.applied] }))
    const listed = yield* world.ask(process, 'intents.list', list)
    if (!listed.ok) continue
    for (const intent of listed.value) yield* carryIntent(world, process, intent)
  }
}

function* carryIntent(world: ShardWorld, process: Process, intent: Intent): Steps {
  const { rows, bug, parts } = world
  // as for loans: openings first
  const looks = intent.parts ? undefined : yield* world.lookAtAll(process)
  if (looks && bug !== 'taken-beside-loans') {
    const quiet = yield* world.ask(process, 'loans.of', () => rows.loansOf(intent.item).open.length === 0)
    if (looks.size < parts.length || !quiet.ok || !quiet.value) return
  }
  let left = intent.delta
  for (const { shard } of parts) {
    const { number } = shard
    const done = intent.applied[number]
    if (done === undefined) {
      const amount = intent.parts?.[number] ?? left
      const command = {
        type: 'adjusted',
        user: '$system',
        key: `x:adj:${intent.id}`,
        cause: String(intent.id)
      } as const
      const epoch = looks?.get(number)?.epoch
      const of = { item: intent.item, amount, ...(epoch !== undefined && { epoch }) }
      const outcome = yield* world.decide(process, world.part(number), { ...command, ...of })
      const isKnown = outcome.kind === 'confirmed' || (outcome.kind === 'pending' && bug === 'taken-by-pending')
      if (isKnown) left -= outcome.decision.amount
      else if (intent.parts === undefined) return
    } else left -= done
  }
}
