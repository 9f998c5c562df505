import { type Frame, scopeKey } from '../journal/frame.ts'
import type { ClaimRow, DecisionRow, OrderRow, WinRow } from '../store/projected-rows.ts'
import type { Projection } from '../store/projection.ts'
import { decisionRow } from './decision-rows.ts'
import { claimRow, orderRow, winRow } from './entity-rows.ts'
import { BalanceSums, StockSums } from './sums.ts'

/** Rows by id, those that this transaction makes and those that it only moves on; the last state wins. */
class EntityRows<Row> {
  readonly #made = new Map<string, Row>()
  readonly #moved = new Map<string, Row>()

  get made(): Row[] {
    return [...this.#made.values()]
  }

  get moved(): Row[] {
    return [...this.#moved.values()]
  }

  set(id: string, row: Row, isNew: boolean): void {
    const rows = isNew || this.#made.has(id) ? this.#made : this.#moved
    rows.set(id, row)
  }
}

class FoldedRows {
  readonly decisions: DecisionRow[] = []
  readonly orders = new EntityRows<OrderRow>()
  readonly wins = new EntityRows<WinRow>()
  readonly claims: ClaimRow[] = []
  readonly stock = new StockSums()
  readonly sums = new BalanceSums()

  add(frame: Frame): void {
    for (const decision of frame.decisions) {
      const row = decisionRow(frame, decision)
      this.decisions.push(row)
      this.stock.add(decision)
      this.sums.add(decision, row)
      this.#addEntity(frame.shard, row)
    }
  }

  #addEntity(shard: number, row: DecisionRow): void {
    const { type, record } = row
    if (type === 'claim.accepted') this.claims.push(claimRow(shard, row))
    if (record === '') return
    if (type.startsWith('order.')) {
      const order = orderRow(shard, row)
      this.orders.set(order.order_id, order, type === 'order.accepted')
    } else {
      const win = winRow(shard, row)
      this.wins.set(win.win_id, win, type === 'spin.won')
    }
  }
}

/** Rows for Postgres of the frames that it does not have yet. */
export function foldFrames(frames: readonly Frame[], fresh: ReadonlySet<string>): Projection {
  const rows = new FoldedRows()
  const taken = new Set<string>()
  for (const frame of frames) {
    const entry = `${frame.epoch}-${frame.batch}`
    if (!fresh.has(entry) || taken.has(entry)) continue
    taken.add(entry)
    rows.add(frame)
  }
  return {
    decisions: rows.decisions,
    newOrders: rows.orders.made,
    changedOrders: rows.orders.moved,
    newWins: rows.wins.made,
    changedWins: rows.wins.moved,
    claims: rows.claims,
    stock: rows.stock.rows,
    ledger: rows.sums.ledger,
    balances: rows.sums.balances
  }
}

/** Logical keys of the hashes that the gives of a frame may name: what its settle needs beside its id. */
export function giveKeysOf(frame: Frame): string[] {
  const keys = new Set<string>()
  for (const decision of frame.decisions) {
    // a purchase only takes
    if (decision.type === 'order.accepted') continue
    for (const scope of Object.keys(decision.add ?? {})) keys.add(scopeKey(scope, decision))
  }
  return [...keys]
}
