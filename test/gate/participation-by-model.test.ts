import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Command } from '../../src/gate/batch/commands.ts'
import type { Outcome } from '../../src/gate/batch/outcomes.ts'
import { anySetup, anySteps, type FairStep, userNames } from '../support/model/arbitrary.ts'
import { dayOf } from '../support/model/deal.ts'
import {
  type FairAnswer,
  FairModel,
  type FairOp,
  grantField,
  hashOf,
  randomOf
} from '../support/model/participation.ts'
import { type FairSetup, specsOf } from '../support/model/setup.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { insist, type ShopGate } from '../support/shop/core.ts'
import { changeWin, credit, openActivity, setClock, takePart } from '../support/shop/participation.ts'
import { assertWhole, decisionOf, openShop, readFolded, type Shop, winsHeld } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

t.setTimeout(300_000)
const urls = await sharedServers(t)

const DAY = 86_400_000
// what a record says of the frame that wrote it; a card says which decision gave it
const CARD = /;(\d{9,})-\d+;(\d+)(?=,|$)/g
const FRAME = /(^|;)\d{9,}-\d+(?=,|$)/g

/** The gate and the model side by side on one campaign. */
class Pair {
  readonly #shop: Shop
  readonly #other: ShopGate
  readonly #setup: FairSetup
  #model: FairModel | undefined

  constructor(shop: Shop, other: ShopGate, setup: FairSetup) {
    this.#shop = shop
    this.#other = other
    this.#setup = setup
  }

  get model(): FairModel {
    if (!this.#model) throw new Error('The campaign is not open.')
    return this.#model
  }

  async open(now: number): Promise<void> {
    let id = ''
    for (const spec of specsOf(this.#setup)) {
      const opening = { ...openActivity(spec), key: `x:adj:${spec.campaign}/${spec.activity}` }
      id = decisionOf(await insist(() => this.#shop.gate.submit(opening))).id
    }
    const [, epoch = '', sequence] = id.split('-')
    this.#model = new FairModel(this.#setup, { now, epoch, sequence: Number(sequence) })
    await this.#moveTo(now)
  }

  async #quiet(): Promise<void> {
    const { redis, prefix } = this.#shop
    await waitFor(async () => (await redis.xlen(`${prefix}outbox`)) === 0, { everyMs: 2 })
  }

  async #moveTo(now: number): Promise<void> {
    await this.#quiet()
    this.model.now = now
    await setClock(this.#shop, now)
  }

  #named(user: string): string {
    return `${this.#setup.campaign}-${user}`
  }

  #command(op: FairOp): Command | undefined {
    const { campaign } = this.#setup
    const hash = hashOf(op)
    if ('win' in op) {
      const win = this.model.winOf(op)
      if (!win) return undefined
      const key = `x:${op.op}:${win.entity}:${op.key}`
      const change = op.op === 'take' ? 'claim' : 'revoke'
      return changeWin({ campaign, activity: 'wheel' }, change, {
        user: win.user,
        win: `0-${win.entity}`,
        key,
        hash,
        pool: 'codes'
      })
    }
    const key = `u:${op.key}`
    switch (op.op) {
      case 'spin':
        return takePart({ campaign, activity: 'wheel' }, op.user, {
          key,
          hash,
          level: op.level,
          random: randomOf(op),
          pool: 'codes'
        })
      case 'claim':
        return takePart({ campaign, activity: 'mall' }, op.user, { key, hash, quantity: op.quantity, pool: 'codes' })
      case 'task': {
        const activity = this.#setup.tasks[op.task]?.id ?? ''
        const day = op.system ? dayOf(this.#setup, this.model.now) - op.back : undefined
        return takePart({ campaign, activity }, op.user, { key, hash, by: op.system ? 'system' : 'user', day })
      }
      case 'grant': {
        const grant = credit(op.user, grantField(this.#setup, op.unit), op.amount)
        return { ...grant, campaign, key: `x:grant:${op.key}`, hash }
      }
    }
  }

  /** What an operation means is fixed before its batch, in the model and here. */
  #meant(ops: readonly FairOp[]): FairOp[] {
    const wins = this.model.wins.length
    const fixed = ops.map((op): FairOp => {
      if ('win' in op) return { ...op, win: op.win % Math.max(wins, 1) }
      return { ...op, user: this.#named(op.user) }
    })
    return fixed.filter((op) => wins > 0 || 'user' in op)
  }

  async step(step: FairStep): Promise<void> {
    const { now } = this.model
    if ('batch' in step) await this.#batch(this.#meant(step.batch))
    else if ('raced' in step) await this.#race(this.#meant([step.raced]))
    else if ('later' in step) await this.#moveTo(now + step.later)
    else await this.#moveTo(Math.max(now, this.#around(step.around) + step.by))
  }

  #around(what: 'midnight' | 'change'): number {
    const { now } = this.model
    const { zone } = this.#setup
    if (what === 'change') return zone.find(({ from }) => from > now)?.from ?? now
    const today = dayOf(this.#setup, now)
    let [low, high] = [now, now + 2 * DAY]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (dayOf(this.#setup, middle) > today) high = middle
      else low = middle
    }
    return high
  }

  async #batch(ops: readonly FairOp[]): Promise<void> {
    await this.#quiet()
    const commands = ops.map((op) => this.#command(op) as Command)
    const outcomes = await Promise.all(commands.map((command) => insist(() => this.#shop.gate.submit(command))))
    const answers = this.model.batch(ops)
    for (const [index, answer] of answers.entries()) compare(outcomes[index] as Outcome, answer, ops[index])
  }

  async #race(ops: readonly FairOp[]): Promise<void> {
    const [op] = ops
    if (!op) return
    await this.#quiet()
    const command = this.#command(op) as Command
    const gates = [this.#shop.gate, this.#other.gate]
    const outcomes = await Promise.all(gates.map((gate) => insist(() => gate.submit(command))))
    const [answer] = this.model.batch(ops)
    for (const outcome of outcomes) compare(outcome, answer, op)
  }

  async assertEqual(): Promise<void> {
    await this.#quiet()
    const { campaign } = this.#setup
    const { redis, prefix } = this.#shop
    for (const [name, units] of this.model.stock) {
      const [activity, field = ''] = name.split(/\/(?=[^/]*$)/)
      const found = Number((await redis.hget(`${prefix}s:${campaign}:${activity}`, field)) ?? 0)
      if (found !== units) throw new Error(`${name} is ${found} in Redis, ${units} in the model`)
    }
    for (const user of userNames.map((name) => this.#named(name))) {
      const hash = await readFolded(this.#shop, `u:${user}`)
      const fields = Object.entries(hash).filter(([field]) => !/^[uxw]:/.test(field))
      const found = Object.fromEntries(
        fields.map(([field, value]) => [
          field,
          value
            .replace(CARD, ';@$1:$2')
            .replace(FRAME, '')
            .replace(/@(\d+):/g, '@$1-')
        ])
      )
      const { numbers, records } = this.model.user(user)
      const texts = [...numbers].map(([field, number]) => [field, String(number)] as const)
      deepEqual(found, Object.fromEntries([...texts, ...records]), `${user} is as the model says`)
      const wins = (await winsHeld(this.#shop, user)).map((win) => [
        win.id,
        win.prize,
        win.sub,
        win.status,
        win.claimBy,
        win.given
      ])
      const expected = this.model.wins.filter((win) => win.user === user)
      deepEqual(
        wins.toSorted(),
        expected.map((win) => [`0-${win.entity}`, win.prize, win.sub, win.status, win.claimBy, win.given]).toSorted(),
        `wins of ${user} are as the model says`
      )
    }
  }
}

function compare(outcome: Outcome, answer: FairAnswer | undefined, op: FairOp | undefined): void {
  const code = outcome.kind === 'refused' ? outcome.code : undefined
  const decision = outcome.kind === 'confirmed' ? outcome.decision : undefined
  const found = JSON.stringify([outcome.kind, code, decision?.id, decision?.report])
  const expected = JSON.stringify([answer?.kind, answer?.code, answer?.id, answer?.report])
  if (found === expected) return
  throw new Error(`${JSON.stringify(op)}:\n gate ${found} ${JSON.stringify(outcome)}\nmodel ${expected}`)
}

t.test('draws, tasks, claims and wins are decided as the rules say, on every local day', async (t) => {
  const shop = await openShop(t, urls)
  const other = await shop.core.gateway()
  await other.gate.ready()
  let runs = 0
  // ahead of the real clock, so that the shard's time is what the test says
  let now = Date.now() + 10 * DAY
  await fc.assert(
    fc.asyncProperty(fc.integer(), anySteps, async (seed, steps) => {
      runs += 1
      const [setup] = fc.sample(anySetup(`run-${runs}`, now), { seed, numRuns: 1 }) as [FairSetup]
      const pair = new Pair(shop, other, setup)
      await pair.open(now)
      try {
        for (const step of steps) await pair.step(step)
        await pair.assertEqual()
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}\n${JSON.stringify(setup)}`)
      } finally {
        now = pair.model.now
      }
    }),
    { numRuns: 12, endOnFailure: true }
  )
  t.equal(runs, 12)
  await assertWhole(t, shop)
})
