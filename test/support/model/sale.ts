/** The rules of a sale as plain arithmetic, to compare the gate with: what is decided, in which order, with what effect. */

export type Op =
  | { readonly op: 'buy'; readonly user: string; readonly key: number; readonly quantity: number }
  | {
      readonly op: 'pay' | 'cancel' | 'withdraw' | 'expire' | 'ship' | 'return' | 'exchange'
      /** counted over all orders, modulo how many there are */
      readonly order: number
      readonly key: number
      /** return, exchange: units; pay: 1 pays right, anything else too much; ship: the state that is told */
      readonly units: number
    }

type Move = Exclude<Op, { op: 'buy' }>

export interface Answer {
  readonly kind: 'confirmed' | 'refused'
  readonly code?: string
  /** the decision under this answer, by its place in the model's list */
  readonly decision?: number
}

export interface ModelOrder {
  readonly user: string
  readonly quantity: number
  readonly decision: number
  /** the clock at its acceptance, in steps each longer than the time to pay */
  readonly step: number
  status: 'a' | 'p' | 'c' | 'e' | 's' | 'r'
  returned: number
  refunded: number
  /** the last reported state of its shipment */
  shipped: number
}

/** Minor units of one unit of the sale. */
const PRICE = 100
/** What a return asks to be refunded: the price of its units, or more than that of one. */
export const refundAsked = (key: number): number | undefined => (key === 1 ? 150 : undefined)

interface Give {
  readonly user: string
  readonly units: number
}

const refused = (code: string): Answer => ({ kind: 'refused', code })

/** One session of a sale with a limit per user; users may cancel what is unpaid, operators (`withdraw`) what is paid too. */
export class SaleModel {
  remaining: number
  total: number
  held = 0
  paid = 0
  /** rises when the time to pay of every order is over */
  step = 0
  readonly orders: ModelOrder[] = []
  readonly taken = new Map<string, number>()
  readonly #limit: number
  readonly #decided = new Map<string, { readonly decision: number; readonly hash: string }>()
  #decisions = 0
  #gives: Give[] = []
  #moved = new Set<ModelOrder>()

  constructor(stock: number, limit: number) {
    this.remaining = stock
    this.total = stock
    this.#limit = limit
  }

  /** The answers of one batch. What it gives is usable after it; what it moves can be moved again only after it. */
  batch(ops: readonly Op[]): Array<Answer | undefined> {
    const answers: Array<Answer | undefined> = ops.map(() => undefined)
    let waiting = [...ops.keys()]
    while (waiting.length > 0) {
      waiting = waiting.filter((index) => {
        const op = ops[index]
        const answer = op === undefined ? undefined : this.#decide(op)
        if (answer === 'wait') return true
        answers[index] = answer
        return false
      })
      this.#settle()
    }
    return answers
  }

  /** @returns the units that were really added or taken */
  adjust(delta: number): number {
    const applied = Math.max(delta, -this.remaining)
    this.remaining += applied
    this.total += applied
    return applied
  }

  #settle(): void {
    for (const { user, units } of this.#gives) {
      this.remaining += units
      this.taken.set(user, (this.taken.get(user) ?? 0) - units)
    }
    this.#gives = []
    this.#moved = new Set()
  }

  #note(name: string, hash: string): Answer {
    const decision = this.#decisions++
    this.#decided.set(name, { decision, hash })
    return { kind: 'confirmed', decision }
  }

  #replay(name: string, hash: string): Answer | undefined {
    const known = this.#decided.get(name)
    if (!known) return undefined
    return known.hash === hash ? { kind: 'confirmed', decision: known.decision } : refused('KEY_REUSED')
  }

  #decide(op: Op): Answer | 'wait' | undefined {
    if (op.op === 'buy') return this.#buy(op)
    const order = this.orders[op.order % Math.max(this.orders.length, 1)]
    if (!order) return undefined
    const name = `${op.op}/${order.decision}/${op.key}`
    const replayed = this.#replay(name, String(op.units))
    if (replayed) return replayed
    if (this.#moved.has(order)) return 'wait'
    const refusal = op.op === 'return' || op.op === 'exchange' ? this.#takeBack(op, order) : this.#move(op, order)
    if (refusal) return refusal
    this.#moved.add(order)
    return this.#note(name, String(op.units))
  }

  #buy({ user, key, quantity }: Extract<Op, { op: 'buy' }>): Answer {
    const name = `${user}/${key}`
    const replayed = this.#replay(name, String(quantity))
    if (replayed) return replayed
    const taken = this.taken.get(user) ?? 0
    if (taken + quantity > this.#limit) return refused('LIMIT_REACHED')
    if (this.remaining < quantity) return refused('SOLD_OUT')
    this.remaining -= quantity
    this.held += quantity
    this.taken.set(user, taken + quantity)
    const answer = this.#note(name, String(quantity))
    this.orders.push({
      user,
      quantity,
      decision: answer.decision ?? 0,
      step: this.step,
      status: 'a',
      returned: 0,
      refunded: 0,
      shipped: 0
    })
    // its frame is not journaled before the batch ends, so nothing moves it until then
    const order = this.orders.at(-1)
    if (order) this.#moved.add(order)
    return answer
  }

  #giveBack(order: ModelOrder, units: number): void {
    if (order.status === 'a') this.held -= units
    else this.paid -= units
    this.#gives.push({ user: order.user, units })
  }

  /** @returns the refusal, undefined when the order has moved */
  #move({ op, units }: Move, order: ModelOrder): Answer | undefined {
    const { status, quantity } = order
    switch (op) {
      case 'pay':
        // a decision too: its money is due back
        if (status !== 'a') return undefined
        if (units !== 1) return refused('CONFLICT')
        this.held -= quantity
        this.paid += quantity
        order.status = 'p'
        return undefined
      case 'cancel':
      case 'withdraw':
        if (status !== 'a' && (status !== 'p' || op === 'cancel')) return refused('NOT_CANCELLABLE')
        if (status === 'p') order.refunded = quantity * PRICE
        this.#giveBack(order, quantity)
        order.status = 'c'
        return undefined
      case 'expire':
        if (status !== 'a' || order.step === this.step) return refused('CONFLICT')
        this.#giveBack(order, quantity)
        order.status = 'e'
        return undefined
      case 'ship':
        if (status !== 'p' && (status !== 's' || order.shipped === units)) return refused('CONFLICT')
        order.status = 's'
        order.shipped = units
        return undefined
      default:
        throw new Error(`${op} is decided elsewhere`)
    }
  }

  /** Units come back until all have; an exchanged one stays with the buyer, and its money with the seller. */
  #takeBack({ op, units, key }: Move, order: ModelOrder): Answer | undefined {
    const left = order.quantity - order.returned
    if ((order.status !== 's' && order.status !== 'r') || units > left) return refused('CONFLICT')
    const most = order.quantity * PRICE - order.refunded
    const asked = op === 'exchange' ? 0 : refundAsked(key)
    if ((asked ?? 0) > most) return refused('CONFLICT')
    order.refunded += asked ?? Math.min(units * PRICE, most)
    if (op === 'exchange') return undefined
    this.#giveBack(order, units)
    order.returned += units
    order.status = order.returned === order.quantity ? 'r' : 's'
    return undefined
  }
}
