import { type Process, type Steps, wait } from '../scheduler.ts'
import type { Command } from './shard.ts'
import { type CreditWorld, type Outcome, type Part, users } from './world.ts'

/** Users who do something for others, operators who void it, change the rules, end the campaign and settle it. */
export class People {
  readonly #world: CreditWorld
  readonly #process: Process
  /** what users were told is done */
  readonly #done: string[] = []
  busy = 0

  constructor(world: CreditWorld) {
    this.#world = world
    this.#process = world.scheduler.process('people')
  }

  start(): void {
    for (const user of users) this.#spawn(this.#live(user))
    this.#spawn(this.#operate())
    this.#spawn(this.#end())
  }

  #spawn(steps: Steps): void {
    this.busy += 1
    const counted = function* (of: People): Steps {
      yield* steps
      of.busy -= 1
    }
    this.#world.scheduler.spawn(this.#process, counted(this))
  }

  *#live(user: string): Steps {
    const { scheduler } = this.#world
    const wishes = 1 + scheduler.draw(4)
    for (let wish = 0; wish < wishes; wish += 1) {
      yield* wait(scheduler.sleep(scheduler.draw(600)))
      const outcome = yield* this.#insist({
        type: 'did',
        user,
        key: `u:${wish}`,
        creditTo: scheduler.pick(users.filter((other) => other !== user))
      })
      if (outcome.kind === 'confirmed') this.#done.push(outcome.decision.id)
    }
  }

  /** Voids at any time, also after the end; who is disqualified gets nothing more; another listener comes. */
  *#operate(): Steps {
    const { scheduler, parts } = this.#world
    for (let nth = 0; nth < 4; nth += 1) {
      yield* wait(scheduler.sleep(scheduler.draw(900)))
      const act = scheduler.draw(5)
      if (act === 0) this.#add()
      if (act === 1) scheduler.pick(parts).shard.disqualified.add(scheduler.pick(users))
      if (act < 2 || this.#done.length === 0) continue
      // in whatever shard: its follower may come to it before the other one comes to the cause
      const user = `operator${scheduler.draw(2)}`
      yield* this.#insist({ type: 'voided', user, key: `void${nth}`, cause: scheduler.pick(this.#done) })
    }
  }

  /** A change of the rules, before the end. */
  #add(): void {
    const { parts } = this.#world
    if (parts.every(({ shard }) => shard.outbox.every(({ type }) => type !== 'ended') && shard.endsAt() < 0))
      this.#world.listeners = ['first', 'second']
  }

  *#end(): Steps {
    const { scheduler } = this.#world
    yield* wait(scheduler.sleep(200 + scheduler.draw(2000)))
    for (const nth of [0, 1]) yield* this.#insist({ type: 'ended', user: `operator${nth}`, key: 'end' })
    while (!(yield* this.#isSettled())) yield* wait(scheduler.sleep(60))
  }

  /** The steps of a settlement in their order, each a look of its own. */
  *#isSettled(): Steps<boolean> {
    const world = this.#world
    const { bug, parts, rows } = world
    const looks: Array<() => boolean> = [
      () => parts.every(({ shard }) => shard.endsAt() >= 0 && shard.endsAt() < shard.stored),
      () => bug === 'follower-not-awaited' || parts.every(isFollowed),
      () => bug === 'credits-not-awaited' || rows.open() === 0
    ]
    for (const look of looks) {
      const reply = yield* world.ask(this.#process, 'settlement.look', look)
      if (!reply.ok || !reply.value) return false
    }
    const done = yield* world.ask(this.#process, 'settlement.settle', () => {
      world.settled = true
      checkNothingOwed(world)
    })
    return done.ok
  }

  *#insist(command: Command): Steps<Outcome> {
    const { scheduler } = this.#world
    for (;;) {
      const outcome = yield* this.#world.decide(this.#process, this.#world.partOf(command.user), command)
      if (outcome.kind === 'confirmed' || outcome.kind === 'refused') return outcome
      yield* wait(scheduler.sleep(30))
    }
  }
}

/** Whether a shard is followed to its end. The shared place passes it by the rules in force only, so no listener is unknown by then. */
function isFollowed({ shard, postgres }: Part): boolean {
  const { together, alone } = postgres.read()
  return together > shard.endsAt() && Object.keys(alone).length === 0
}

/** What a settlement promises: nothing from before the end is owed to anybody, and nothing void is kept. */
function checkNothingOwed(world: CreditWorld): void {
  const { parts, listeners, rows } = world
  const before = parts.flatMap(({ shard }) => shard.journal.slice(0, shard.endsAt()))
  for (const { id } of before.filter(({ type }) => type === 'did')) {
    for (const role of listeners) {
      const row = rows.credits.get(`${id} ${role}`)
      if (!row || row.state === 'due') world.fail(`settled while ${id} ${role} is ${row?.state ?? 'not noted'}`)
    }
  }
  for (const { cause } of before.filter(({ type }) => type === 'voided')) {
    for (const role of listeners) {
      const state = rows.credits.get(`${cause} ${role}`)?.state
      if (state === 'done') world.fail(`settled while ${cause} ${role} is void and not taken back`)
    }
  }
}
