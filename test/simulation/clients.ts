import type { Command } from './parts/gate/gate-batch.ts'
import type { Outcome } from './parts/gate/gate-client.ts'
import { PAST, SALE } from './parts/gate/gate-state.ts'
import type { Gateway } from './parts/gate/gateway.ts'
import { Future, type Place, type Process, type Steps, wait } from './scheduler.ts'
import type { World } from './world.ts'

/** Who asked, as the oracle names it. */
export function nameOf({ user, key }: Command): string {
  return `${user} ${key}`
}

const ANSWER_MS = 2500

const wanted = ['buy', 'buy', 'earn', 'earn', 'claim'] as const
/** where points expire */
const wantedOfPoints = ['buy', 'earn', 'earn', 'claim', 'spend', 'spend', 'spend'] as const

/** Users that buy, pay, cancel, earn and claim through any gateway, and ask again until they know. */
export class Crowd {
  readonly #world: World
  readonly #gateways: readonly Gateway[]
  readonly #process: Process
  readonly #way: Place = { weight: 1, paused: false }
  /** every command that was ever asked, by who asked */
  readonly asked = new Map<string, Command>()
  busy = 0
  /** how much of what was earned is taken back */
  #takenBack = 0
  #latecomers = 0

  constructor(world: World, gateways: readonly Gateway[]) {
    this.#world = world
    this.#gateways = gateways
    this.#process = world.scheduler.process('clients')
  }

  start(users: number): void {
    const { scheduler } = this.#world
    if (this.#world.tables.state.lapses.size > 0) this.#takenBack = scheduler.pick([0, 0, 0.7])
    for (let user = 0; user < users; user += 1) this.#spawn(this.#live(`user${user}`, users))
    if (scheduler.chance(0.5)) this.#spawn(this.#operate())
    if (Number.isFinite(this.#world.retentionMs)) this.#spawn(this.#endOne())
  }

  /** Asks every key again until the answer is definite. */
  askAllAgain(): void {
    for (const command of this.asked.values()) this.#spawn(this.#insist(command))
  }

  /** New users, one unit each, one after the other, until the gate says sold out twice. */
  demand(): void {
    this.#spawn(this.#buyUp())
  }

  #spawn(steps: Steps<unknown>): void {
    this.busy += 1
    this.#world.scheduler.spawn(this.#process, this.#counted(steps))
  }

  *#counted(steps: Steps<unknown>): Steps {
    yield* steps
    this.busy -= 1
  }

  *#buyUp(): Steps {
    for (let refusals = 0; refusals < 2; ) {
      this.#latecomers += 1
      const outcome = yield* this.#insist(command('buy', SALE, [`late${this.#latecomers}`, 'buy']))
      if (outcome.kind === 'refused') refusals += 1
    }
  }

  *#live(user: string, users: number): Steps {
    const { scheduler } = this.#world
    yield* wait(scheduler.sleep(scheduler.draw(400)))
    const expires = this.#world.tables.state.lapses.size > 0
    const wishes = expires ? 8 + scheduler.draw(12) : 2 + scheduler.draw(7)
    for (let wish = 0; wish < wishes; wish += 1) {
      yield* wait(scheduler.sleep(scheduler.draw(expires ? 200 : 300)))
      const op = scheduler.pick(expires ? wantedOfPoints : wanted)
      const campaign = scheduler.chance(0.3) ? PAST : SALE
      const friend = `user${scheduler.draw(users)}`
      const asked = {
        ...command(op, campaign, [user, `${op}${wish}`]),
        ...(op === 'earn' && expires && { delta: 3 }),
        ...(op === 'earn' && scheduler.chance(0.5) && { creditTo: friend })
      }
      if (scheduler.chance(0.2)) this.#spawn(this.#try(asked))
      if (scheduler.chance(0.1)) this.#spawn(this.#try({ ...asked, hash: 'other' }))
      const outcome = yield* this.#try(asked)
      if (op === 'earn' && 'id' in outcome && scheduler.chance(this.#takenBack)) {
        const gift = { id: outcome.id, points: 3 }
        this.#spawn(this.#revoke({ ...command('revoke', campaign, [user, `revoke${wish}`]), gift }))
      }
      const order = op === 'buy' && 'id' in outcome ? outcome.id : undefined
      if (order !== undefined && scheduler.chance(0.7)) yield* this.#follow(user, campaign, order)
    }
  }

  /** What becomes of an order: sometimes two things at once. */
  *#follow(user: string, campaign: string, order: string): Steps {
    const { scheduler } = this.#world
    const pay = { ...command('pay', campaign, [user, 'pay']), key: `x:pay:${order}`, order }
    const cancel = { ...command('cancel', campaign, [user, `cancel-${order}`]), order }
    const [first, second] = scheduler.chance(0.5) ? [pay, cancel] : [cancel, pay]
    if (scheduler.chance(0.2)) this.#spawn(this.#try(second))
    yield* this.#try(first)
  }

  /** What was earned is taken back some time later: before it has expired, meanwhile, or after. */
  *#revoke(command: Command): Steps {
    const { scheduler } = this.#world
    yield* wait(scheduler.sleep(scheduler.draw(4000)))
    yield* this.#try(command)
  }

  *#operate(): Steps {
    const { scheduler } = this.#world
    for (let nth = 1; nth <= 2; nth += 1) {
      yield* wait(scheduler.sleep(300 + scheduler.draw(2000)))
      this.#world.ask(`later${nth}`, { op: 'adjust', campaign: SALE, delta: scheduler.chance(0.5) ? 1 : -1 })
    }
  }

  /** One campaign ends, and is final soon. */
  *#endOne(): Steps {
    const { scheduler } = this.#world
    yield* wait(scheduler.sleep(100 + scheduler.draw(500)))
    this.#world.ask('end', { op: 'end', campaign: PAST, delta: 0 })
    this.#world.ask('final', { op: 'final', campaign: PAST, delta: 0 })
  }

  /** Asks until the answer is definite, or gives up for now. */
  *#try(command: Command): Steps<Outcome> {
    const { scheduler } = this.#world
    let outcome: Outcome = { kind: 'unknown' }
    for (let attempt = 0; attempt < 12; attempt += 1) {
      outcome = yield* this.#request(command)
      if (outcome.kind === 'confirmed' && scheduler.chance(0.3)) continue
      if (outcome.kind === 'confirmed' || outcome.kind === 'refused') break
      if (outcome.kind === 'pending' && scheduler.chance(0.2)) break
      yield* wait(scheduler.sleep(20 + scheduler.draw(150)))
    }
    return outcome
  }

  *#insist(command: Command): Steps<Outcome> {
    const { scheduler } = this.#world
    for (;;) {
      const outcome = yield* this.#request(command)
      if (outcome.kind === 'confirmed' || outcome.kind === 'refused') return outcome
      yield* wait(scheduler.sleep(50))
    }
  }

  /** One request at some gateway; the status is asked for with the same key. */
  *#request(command: Command): Steps<Outcome> {
    const { scheduler, oracle, rates } = this.#world
    const who = nameOf(command)
    this.asked.set(`${who} ${command.hash}`, command)
    const before = oracle.confirmed.get(who)
    const asked: Command = scheduler.chance(0.1) ? { ...command, op: 'query', hash: '' } : command
    const gateway = scheduler.pick(this.#gateways)
    const future = new Future<Outcome>()
    const loss = rates.losses.gateway
    const answer = (outcome: Outcome) => {
      if (scheduler.chance(loss.reply)) return
      scheduler.send({ place: this.#way, deliver: () => future.resolve(outcome) })
    }
    if (!scheduler.chance(loss.request)) {
      scheduler.send({ place: gateway.process, deliver: () => gateway.receive(asked, answer) })
    }
    scheduler.at(scheduler.now + ANSWER_MS, () => future.resolve({ kind: 'unknown' }))
    const outcome = yield* wait(future)
    this.#world.trace(`client ${who} is told ${JSON.stringify(outcome)}`)
    if (outcome.kind === 'confirmed') oracle.confirm(who, { hash: asked.hash, ...outcome })
    else if (before?.hash === command.hash && outcome.kind === 'refused') oracle.refuse(who, before.id, outcome)
    else if (before !== undefined && outcome.kind === 'none') {
      oracle.refuse(who, before.id, { code: 'no decision', ...outcome })
    }
    return outcome
  }
}

function command(op: Command['op'], campaign: string, [user, key]: readonly [user: string, key: string]): Command {
  return { op, campaign, user, key: `u:${key}`, hash: op }
}
