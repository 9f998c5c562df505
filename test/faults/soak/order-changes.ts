import type { Difference } from '../../support/judging/promise.ts'
import { waitFor } from '../../support/wait.ts'
import type { Answer, Gateway } from '../world/requests.ts'
import type { World } from '../world/world.ts'

const price = 299_900
const atOnce = 40
const everyMs = 300

/** What is to become of an order; the rest is left to expire. */
type Plan = 'pay' | 'cancel' | 'expire'

interface OpenOrder {
  readonly id: string
  readonly user: string
  readonly quantity: number
}

/** Changes orders during a round: some are paid, some cancelled by their users, some expire. */
export class OrderChanges {
  readonly #world: World
  readonly #campaign: string
  readonly #random: () => number
  readonly #plans = new Map<string, Plan>()
  readonly #told = new Map<string, 'paid' | 'cancelled'>()
  readonly #work: Promise<void>
  #closing = false
  #stopped = false

  constructor(world: World, campaign: string, random: () => number) {
    this.#world = world
    this.#campaign = campaign
    this.#random = random
    this.#work = this.#run()
  }

  /** From now on every order is paid, so that in the end all units are. */
  close(): void {
    this.#closing = true
    this.#plans.clear()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#work
  }

  get summary(): string {
    const told = [...this.#told.values()]
    return `${told.filter((what) => what === 'paid').length} paid, ${told.filter((what) => what === 'cancelled').length} cancelled`
  }

  async #run(): Promise<void> {
    const tick = async () => {
      // Postgres may be away
      const open = await this.#open().catch(() => [])
      await Promise.all(open.map((order) => this.#handle(order)))
      return this.#stopped
    }
    await waitFor(tick, { deadlineMs: 900_000, everyMs })
  }

  async #open(): Promise<OpenOrder[]> {
    const { rows } = await this.#world.pool.query<OpenOrder>(
      `select order_id as id, user_id as user, quantity::int from orders
       where campaign_id = $1 and status = 'accepted' order by epoch, sequence limit $2`,
      [this.#campaign, atOnce * 20]
    )
    return rows.filter(({ id }) => this.#planOf(id) !== 'expire' && !this.#told.has(id)).slice(0, atOnce)
  }

  #planOf(id: string): Plan {
    const known = this.#plans.get(id)
    if (known !== undefined) return known
    const chance = this.#random()
    const plan = this.#closing || chance < 0.6 ? 'pay' : chance < 0.8 ? 'cancel' : 'expire'
    this.#plans.set(id, plan)
    return plan
  }

  async #handle(order: OpenOrder): Promise<void> {
    const plan = this.#planOf(order.id)
    const { status } = plan === 'pay' ? await this.#pay(order) : await this.#cancel(order)
    if (status === 200 || status === 201) this.#told.set(order.id, plan === 'pay' ? 'paid' : 'cancelled')
  }

  #pay({ id, quantity }: OpenOrder): Promise<Answer> {
    const body = { amount: price * quantity, currency: 'CNY', reference: `bank-${id}` }
    return this.#world.admin({ method: 'POST', path: `/admin/v1/orders/${id}/payment`, body, key: `pay-${id}` })
  }

  #cancel({ id, user }: OpenOrder): Promise<Answer> {
    const path = `/v1/orders/${id}/cancellation`
    return this.#world.ask(user, { method: 'POST', path, body: {}, key: `cancel-${id}` }, this.#gateway())
  }

  #gateway(): Gateway {
    const { gateways } = this.#world
    return gateways.find(({ child }) => child.alive && !child.paused) ?? this.#world.gateway(0)
  }

  /** I6: what somebody was told is what became of the order. */
  async wrong(): Promise<Difference[]> {
    const { rows } = await this.#world.pool.query<{ id: string; status: string }>(
      'select order_id as id, status from orders where campaign_id = $1',
      [this.#campaign]
    )
    const stored = new Map(rows.map(({ id, status }) => [id, status]))
    return [...this.#told]
      .filter(([id, status]) => stored.get(id) !== status)
      .map(([id, status]) => ({ rule: 'I6', what: `order ${id} was told to be ${status}, it is ${stored.get(id)}` }))
  }
}
