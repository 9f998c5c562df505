import { type Balance, balanceOf } from '../gate/user-fields.ts'
import { type FrameDecision, scopeKey } from '../journal/frame.ts'
import type { BalanceDelta, DecisionRow, LedgerRow, StockDelta } from '../store/projected-rows.ts'

const counters = ['total', 'remaining', 'held', 'paid'] as const

/** Units by session, of one transaction. */
export class StockSums {
  readonly #rows = new Map<string, StockDelta>()

  get rows(): StockDelta[] {
    return [...this.#rows.values()]
  }

  add(decision: FrameDecision): void {
    for (const [scope, fields] of Object.entries(decision.add ?? {})) {
      const key = scopeKey(scope, decision)
      if (!key.startsWith('s:')) continue
      const [, campaign = '', activity = ''] = key.split(':')
      for (const [field, delta] of Object.entries(fields)) {
        const colon = field.lastIndexOf(':')
        const counter = counters.find((name) => name === field.slice(colon + 1))
        if (counter) this.#row(campaign, activity, field.slice(0, colon))[counter] += delta
      }
    }
  }

  #row(campaign_id: string, activity_id: string, session_id: string): StockDelta {
    const place = `${campaign_id}:${activity_id}:${session_id}`
    const known = this.#rows.get(place)
    if (known) return known
    const row = { campaign_id, activity_id, session_id, total: 0, remaining: 0, held: 0, paid: 0 }
    this.#rows.set(place, row)
    return row
  }
}

/** A movement by the scope of the decision that it stands under. */
export interface ScopedMove extends Balance {
  /** `u`: the decision's own user; otherwise `u:<user>` */
  readonly owner: string
  readonly delta: number
}

const none: readonly ScopedMove[] = []

// Decisions of a frame share their deltas as one object: it is looked through once, in a sale to find nothing.
const looked = new WeakMap<object, readonly ScopedMove[]>()

/** The balances that a decision moves, in the order of its deltas. */
export function movesOf({ add }: Pick<FrameDecision, 'add'>): readonly ScopedMove[] {
  if (add === undefined) return none
  const known = looked.get(add)
  if (known) return known
  const moves: ScopedMove[] = []
  for (const owner in add) {
    if (owner !== 'u' && !owner.startsWith('u:')) continue
    const fields = add[owner]
    for (const field in fields) {
      const delta = fields[field] ?? 0
      const balance = delta === 0 ? undefined : balanceOf(field)
      if (balance) moves.push({ ...balance, owner, delta })
    }
  }
  const found = moves.length === 0 ? none : moves
  looked.set(add, found)
  return found
}

/** The user whose balance a move is about. */
export function ownerOf(move: ScopedMove, user: string): string {
  return move.owner === 'u' ? user : move.owner.slice(2)
}

/** Movements of balances and what they come to, of one transaction. */
export class BalanceSums {
  readonly ledger: LedgerRow[] = []
  readonly #balances = new Map<string, BalanceDelta>()

  get balances(): BalanceDelta[] {
    return [...this.#balances.values()]
  }

  add(decision: FrameDecision, row: DecisionRow): void {
    for (const move of movesOf(decision)) {
      const { unit, scope, delta } = move
      const user_id = ownerOf(move, decision.user)
      const { epoch, sequence, campaign: campaign_id, activity: activity_id, type, at } = row
      this.ledger.push({ epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at })
      const place = `${user_id} ${scope} ${unit}`
      const sum = this.#balances.get(place)
      if (sum) sum.delta += delta
      else this.#balances.set(place, { user_id, scope, unit, delta })
    }
  }
}
