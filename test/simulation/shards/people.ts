import type { Process } from '../scheduler.ts'
import { type Steps, wait } from '../scheduler.ts'
import type { Command, Decision } from './decision.ts'
import { FACT_MS } from './shard.ts'
import type { Outcome, Part, ShardWorld } from './world.ts'

/** Users who buy, cancel and spin, each in a shard; every one asks until there is an answer. */
export class People {
  readonly #world: ShardWorld
  readonly #process: Process
  /** what users were told is done */
  readonly told: Decision[] = []
  /** how often they were told that nothing is left */
  soldOut = 0
  busy = 0

  constructor(world: ShardWorld) {
    this.#world = world
    this.#process = world.scheduler.process('people')
  }

  start(): void {
    const { parts } = this.#world
    for (const part of parts) {
      for (const nth of [0, 1]) {
        this.#spawn(this.#buyer(part, `buyer${part.shard.number}.${nth}`))
        this.#spawn(this.#spinner(part, `spinner${part.shard.number}.${nth}`))
      }
    }
  }

  /** Somebody in one shard buys until nothing is left. */
  demand(part: Part): void {
    const buy = function* (of: People): Steps {
      // what was true of the last second is over by then
      yield* wait(of.#world.scheduler.sleep(FACT_MS + 1))
      for (let nth = 0; nth < 100; nth += 1) {
        const outcome = yield* of.#ask(part, { type: 'bought', user: 'last', key: `u:${nth}`, item: 'unit', amount: 1 })
        if (outcome.kind !== 'confirmed') return
      }
    }
    this.#spawn(buy(this))
  }

  #spawn(steps: Steps): void {
    this.busy += 1
    const counted = function* (of: People): Steps {
      yield* steps
      of.busy -= 1
    }
    this.#world.scheduler.spawn(this.#process, counted(this))
  }

  *#buyer(part: Part, user: string): Steps {
    const { scheduler } = this.#world
    const wishes = 1 + scheduler.draw(3)
    for (let wish = 0; wish < wishes; wish += 1) {
      yield* wait(scheduler.sleep(scheduler.draw(900)))
      const amount = scheduler.pick([1, 1, 2, 3])
      const outcome = yield* this.#ask(part, { type: 'bought', user, key: `u:${wish}`, item: 'unit', amount })
      if (outcome.kind !== 'confirmed' || scheduler.chance(0.5)) continue
      yield* wait(scheduler.sleep(scheduler.draw(900)))
      yield* this.#ask(part, { type: 'cancelled', user, key: `c:${wish}`, item: 'unit', cause: outcome.decision.id })
    }
  }

  *#spinner(part: Part, user: string): Steps {
    const { scheduler } = this.#world
    const spins = 1 + scheduler.draw(5)
    for (let nth = 0; nth < spins; nth += 1) {
      yield* wait(scheduler.sleep(scheduler.draw(500)))
      yield* this.#ask(part, { type: 'spun', user, key: `u:${nth}` })
    }
  }

  *#ask(part: Part, command: Command): Steps<Outcome> {
    const { scheduler } = this.#world
    for (;;) {
      const outcome = yield* this.#world.insist(this.#process, part, command)
      if (outcome.kind === 'confirmed') this.told.push(outcome.decision)
      if (outcome.kind === 'refused' && outcome.code === 'SOLD_OUT') this.soldOut += 1
      if (outcome.kind === 'confirmed' || outcome.kind === 'refused') return outcome
      yield* wait(scheduler.sleep(30 + scheduler.draw(100)))
    }
  }
}
