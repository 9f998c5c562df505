import fc from 'fast-check'
import t from 'tap'
import type { Command, Transition } from '../../src/gate/batch/commands.ts'
import type { Outcome } from '../../src/gate/batch/outcomes.ts'
import { decodeOrder } from '../../src/record/order.ts'
import { type Op, refundAsked, SaleModel } from '../support/model/sale.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist, preload, type SaleSpec } from '../support/shop/core.ts'
import { assertWhole, decisionOf, move, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

const users = ['ann', 'ben', 'cat']
const STOCK = 6
const LIMIT = 4
const DAY = 86_400_000
/** longer than the time to pay; the sale stays open through all of them */
const STEP_MS = 1_000_000

const transitions: Record<Exclude<Op['op'], 'buy'>, Transition> = {
  pay: 'pay',
  cancel: 'cancel',
  withdraw: 'cancel',
  expire: 'expire',
  ship: 'ship',
  return: 'return',
  exchange: 'return'
}

type Step = { readonly batch: readonly Op[] } | { readonly adjust: number } | { readonly later: true }

const anyOp: fc.Arbitrary<Op> = fc.oneof(
  fc.record({
    op: fc.constant('buy' as const),
    user: fc.constantFrom(...users),
    key: fc.nat(5),
    quantity: fc.integer({ min: 1, max: 2 })
  }),
  fc.record({
    op: fc.constantFrom(
      'pay' as const,
      'cancel' as const,
      'withdraw' as const,
      'expire' as const,
      'ship' as const,
      'return' as const,
      'exchange' as const
    ),
    order: fc.nat(20),
    key: fc.nat(1),
    units: fc.integer({ min: 1, max: 2 })
  })
)

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ batch: fc.array(anyOp, { minLength: 1, maxLength: 10 }) }) },
  { weight: 1, arbitrary: fc.record({ adjust: fc.integer({ min: -3, max: 3 }) }) },
  { weight: 1, arbitrary: fc.constant({ later: true as const }) }
)

/** The gate and the model side by side on one sale. */
class Pair {
  readonly model = new SaleModel(STOCK, LIMIT)
  readonly #shop: Shop
  readonly #sale: SaleSpec
  /** decision of the model -> id in the gate, which must stay the same */
  readonly #ids = new Map<number, string>()
  #adjustments = 0

  constructor(shop: Shop, campaign: string) {
    this.#shop = shop
    this.#sale = {
      campaign,
      sale: 's',
      stock: STOCK,
      campaignRules: { units_per_user: String(LIMIT), restock: '1', closes_at: String(Date.now() + 400 * DAY) },
      sessions: `${String(Date.now() - DAY).padStart(13, '0')}${String(Date.now() + 400 * DAY).padStart(13, '0')}0000000${'am'.padEnd(32)}`
    }
  }

  async open(): Promise<void> {
    decisionOf(await insist(() => this.#shop.gate.submit(preload(this.#sale))))
  }

  #command(op: Op): Command | undefined {
    if (op.op === 'buy')
      return buy(this.#sale, op.user, { key: `u:key-${op.key}-${this.#sale.campaign}`, quantity: op.quantity })
    const order = this.model.orders[op.order % Math.max(this.model.orders.length, 1)]
    if (!order) return undefined
    const transition = transitions[op.op]
    const refund = op.op === 'exchange' ? 0 : refundAsked(op.key)
    return move({ sale: this.#sale }, transition, {
      user: order.user,
      order: this.#ids.get(order.decision) ?? '',
      key: `x:${op.op}:${order.decision}:${op.key}:${this.#sale.campaign}`,
      hash: String(op.units),
      by: op.op === 'cancel' ? 'user' : 'operator',
      quantity: op.units,
      ...(op.op === 'pay' && { amount: 100 * order.quantity * op.units }),
      ...(transition === 'return' && refund !== undefined && { amount: refund }),
      ...(op.op === 'exchange' && { request: '{"kind":"exchange"}' }),
      ...(op.op === 'ship' && { shipment: { state: `on its way; "${op.units}"`, carrier: null, trackingNumber: null } })
    })
  }

  async batch(ops: readonly Op[]): Promise<void> {
    // which order an operation means is fixed before the batch, in the model and here
    const known = this.model.orders.length
    const meant = ops.map((op): Op => (op.op === 'buy' ? op : { ...op, order: op.order % Math.max(known, 1) }))
    const used = known > 0 ? meant : meant.filter(({ op }) => op === 'buy')
    const commands = used.map((op) => this.#command(op))
    const { redis, prefix, gate } = this.#shop
    await waitFor(async () => (await redis.xlen(`${prefix}outbox`)) === 0, { everyMs: 2 })
    const outcomes = await Promise.all(commands.map((command) => insist(() => gate.submit(command as Command))))
    const answers = this.model.batch(used)
    for (const [index, answer] of answers.entries()) this.#compare(outcomes[index] as Outcome, answer, used[index])
  }

  #compare(outcome: Outcome, answer: ReturnType<SaleModel['batch']>[number], op: Op | undefined): void {
    const code = outcome.kind === 'refused' ? outcome.code : undefined
    const id = outcome.kind === 'confirmed' ? outcome.decision.id : undefined
    const wrong = outcome.kind !== answer?.kind || code !== answer?.code
    const known = answer?.decision === undefined ? undefined : this.#ids.get(answer.decision)
    if (wrong || (known !== undefined && known !== id)) {
      throw new Error(
        `${JSON.stringify(op)}: gate ${JSON.stringify(outcome)}, model ${JSON.stringify(answer)} ${known}`
      )
    }
    if (answer?.decision !== undefined && id !== undefined) this.#ids.set(answer.decision, id)
  }

  async adjust(delta: number): Promise<void> {
    this.#adjustments += 1
    const { campaign, sale } = this.#sale
    const { gate, redis, prefix } = this.#shop
    await waitFor(async () => (await redis.xlen(`${prefix}outbox`)) === 0, { everyMs: 2 })
    const outcome = await insist(() =>
      gate.submit({
        ...preload(this.#sale),
        type: 'campaign.adjusted',
        key: `x:adj:${campaign}:${this.#adjustments}`,
        puts: [],
        adds: [[`s:${campaign}:${sale}`, 'am:remaining', delta]]
      })
    )
    const applied = this.model.adjust(delta)
    if (decisionOf(outcome).applied?.[0] !== applied)
      throw new Error(`${delta} was applied as ${JSON.stringify(outcome)}`)
  }

  async later(): Promise<void> {
    this.model.step += 1
    const { redis, prefix } = this.#shop
    const clock = Number((await redis.hget(`${prefix}shard`, 'clock')) ?? 0)
    await redis.hset(`${prefix}shard`, 'clock', String(Math.max(clock, Date.now()) + STEP_MS))
  }

  async #assertOrders(): Promise<void> {
    const { redis, prefix } = this.#shop
    for (const { user, decision, quantity, status, returned, refunded, shipped } of this.model.orders) {
      const id = this.#ids.get(decision) ?? ''
      const record = await redis.hget(`${prefix}u:${user}`, `o:${id.slice(id.indexOf('-') + 1)}`)
      const order = decodeOrder(id, record ?? '')
      const found = [order.quantity, order.status[0], order.returned, order.refunded, order.shipment?.state ?? '']
      const expected = [quantity, status, returned, refunded, shipped > 0 ? `on its way; "${shipped}"` : '']
      if (found.join() !== expected.join()) throw new Error(`${id} is ${found.join()}, the model ${expected.join()}`)
    }
  }

  async assertEqual(): Promise<void> {
    const { total, remaining, held, paid, taken } = this.model
    const { redis, prefix } = this.#shop
    const { campaign } = this.#sale
    await waitFor(async () => (await redis.xlen(`${prefix}outbox`)) === 0, { everyMs: 2 })
    const stock = await redis.hmget(`${prefix}s:${campaign}:s`, 'am:total', 'am:remaining', 'am:held', 'am:paid')
    const found = stock.map(Number)
    for (const user of users) found.push(Number((await redis.hget(`${prefix}u:${user}`, `n:${campaign}`)) ?? 0))
    const expected = [total, remaining, held, paid, ...users.map((user) => taken.get(user) ?? 0)]
    if (found.join() !== expected.join()) throw new Error(`Redis has ${found.join()}, the model ${expected.join()}`)
    await this.#assertOrders()
    if (total !== remaining + held + paid) throw new Error(`The model itself loses units: ${expected.join()}`)
  }
}

t.test('the gate answers as the rules say, whatever users and operators do, and no unit is lost', async (t) => {
  const shop = await openShop(t, urls)
  let runs = 0
  const property = fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 20 }), async (steps) => {
    runs += 1
    const pair = new Pair(shop, `run-${runs}`)
    await pair.open()
    for (const step of steps) {
      if ('batch' in step) await pair.batch(step.batch)
      else if ('adjust' in step) await pair.adjust(step.adjust)
      else await pair.later()
    }
    await pair.assertEqual()
  })
  await fc.assert(property, { numRuns: 40, endOnFailure: true })
  t.ok(runs >= 10, `${runs} runs`)
  await assertWhole(t, shop)
})
