export const items = ['unit', 'prize'] as const
export type Item = (typeof items)[number]

export interface Decision {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  readonly epoch: number
  /** when it was made, by the clock that no process knows */
  readonly at: number
  readonly type:
    | 'bought'
    | 'cancelled'
    | 'lent'
    | 'received'
    | 'adjusted'
    | 'ended'
    | 'removed'
    | 'drawn'
    | 'spun'
    | 'finished'
  readonly user: string
  readonly key: string
  readonly item: Item
  /** units taken, given, lent or received; of an adjustment the delta; of a spin 1 where it won */
  readonly amount: number
  /** the order, loan, intent or spin that it is about */
  readonly cause: string
  /** of a loan */
  readonly from: number
  readonly to: number
  /** of a spin: what it rolled, and whether that or a promise means the prize */
  readonly number: number
  readonly means: boolean
}

/** What the gate is asked for; fields that a type does not need are absent. */
export type Command = Pick<Decision, 'type' | 'user' | 'key'> &
  Partial<Pick<Decision, 'item' | 'amount' | 'cause' | 'from' | 'to'>> & {
    /** the opening whose scripts it is sent with; any one when absent, as a gateway knows the newest */
    readonly epoch?: number
    /** in Redis' time */
    readonly notAfter?: number
  }

export type GateReply =
  | { readonly kind: 'decided'; readonly decision: Decision; readonly settled: boolean }
  /** fewer are here than it asks for, and it is not known that the others have too few */
  | { readonly kind: 'lacks'; readonly item: Item; readonly missing: number }
  | { readonly kind: 'refused'; readonly code: 'SOLD_OUT' | 'ENDED' | 'NOT_FOUND' | 'NOT_CANCELLABLE' }
  | { readonly kind: 'unavailable' }

/** What a shard has of an item: `total = remaining + taken`. */
export interface Stock {
  remaining: number
  total: number
  taken: number
  /** of these units: lent and received, ever */
  lent: number
  received: number
  removed: number
  /** by cancels and operators, ever */
  given: number
}

type Deltas = Partial<Stock>

/** What a decision changes at once, and what it gives once it is journaled and settled. */
export function effects({ type, amount }: Pick<Decision, 'type' | 'amount'>): { takes: Deltas; gives: Deltas } {
  const none = {}
  switch (type) {
    case 'bought':
    case 'spun':
    case 'finished':
      return { takes: { remaining: -amount, taken: amount }, gives: none }
    case 'cancelled':
      return { takes: none, gives: { remaining: amount, taken: -amount, given: amount } }
    case 'lent':
      return { takes: { remaining: -amount, total: -amount, lent: amount }, gives: none }
    case 'received':
      return { takes: none, gives: { remaining: amount, total: amount, received: amount } }
    case 'removed':
      return { takes: { remaining: -amount, total: -amount, removed: amount }, gives: none }
    case 'adjusted': {
      const deltas = { remaining: amount, total: amount }
      return amount < 0 ? { takes: deltas, gives: none } : { takes: none, gives: { ...deltas, given: amount } }
    }
    default:
      return { takes: none, gives: none }
  }
}

export function emptyStock(): Record<Item, Stock> {
  const none = () => ({ remaining: 0, total: 0, taken: 0, lent: 0, received: 0, removed: 0, given: 0 })
  return { unit: none(), prize: none() }
}

export function apply(stock: Stock, deltas: Deltas): void {
  for (const name of Object.keys(deltas) as Array<keyof Stock>) stock[name] += deltas[name] ?? 0
}
