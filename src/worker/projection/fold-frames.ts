import { isoTime } from '../../base/iso-time.ts'
import type { Frame, FrameDecision } from '../../journal/frame.ts'
import { entityOfDecision, recordField, scopeKey } from '../../record/replay.ts'
import type { FramePart } from '../../store/projection/apart.ts'
import type {
  ClaimRow,
  DecisionRow,
  FrameRow,
  LedgerRow,
  OrderRow,
  Projection,
  StockDelta,
  WinRow
} from '../../store/projection/rows.ts'
import { addMoves, addStock, balancesOf, claimRow, orderRow, winRow } from './rows.ts'

// Decisions of a frame share their deltas as one object: it is written as JSON once.
const written = new WeakMap<object, string>()

function jsonOf(value: object | undefined): string {
  if (value === undefined) return '{}'
  const known = written.get(value)
  if (known !== undefined) return known
  const text = JSON.stringify(value)
  written.set(value, text)
  return text
}

/** The record of an order or a win has a column of its own, from which recovery writes it again. */
function withoutRecord({ put }: FrameDecision, field: string): FrameDecision['put'] {
  if (put?.u?.[field] === undefined) return put
  const { u, ...rest } = put
  const { [field]: _record, ...others } = u
  return Object.keys(others).length > 0 ? { ...rest, u: others } : rest
}

function decisionRow(frame: Frame, decision: FrameDecision): DecisionRow {
  const entity = entityOfDecision(frame, decision)
  const field = recordField(decision.type, entity)
  const record = entity === '' ? '' : (decision.put?.u?.[field] ?? '')
  return {
    epoch: frame.epoch,
    sequence: decision.seq,
    batch: frame.batch,
    type: decision.type,
    user: decision.user,
    key: decision.key,
    hash: decision.hash,
    campaign: decision.campaign,
    activity: decision.activity,
    session: decision.session ?? '',
    entity,
    at: isoTime(frame.at),
    request: JSON.stringify(decision.request),
    adds: jsonOf(decision.add),
    puts: jsonOf(record === '' ? decision.put : withoutRecord(decision, field)),
    record,
    report: decision.report ?? ''
  }
}

/** The last state of each: new rows are inserted, those of earlier frames changed. */
class Latest<Row> {
  readonly #made = new Map<string, Row>()
  readonly #changed = new Map<string, Row>()

  set(id: string, row: Row, isNew: boolean): void {
    const rows = isNew || this.#made.has(id) ? this.#made : this.#changed
    rows.set(id, row)
  }

  get made(): Row[] {
    return [...this.#made.values()]
  }

  get changed(): Row[] {
    return [...this.#changed.values()]
  }
}

/** Rows for Postgres of the frames that it does not have yet; the last state of an order or win wins. */
export function foldFrames(frames: readonly Frame[], fresh: ReadonlySet<string>): Projection {
  const decisions: DecisionRow[] = []
  const claims: ClaimRow[] = []
  const ledger: LedgerRow[] = []
  const orders = new Latest<OrderRow>()
  const wins = new Latest<WinRow>()
  const stock = new Map<string, StockDelta>()
  const taken = new Set<string>()
  for (const frame of frames) {
    const entry = `${frame.epoch}-${frame.batch}`
    if (!fresh.has(entry) || taken.has(entry)) continue
    taken.add(entry)
    for (const decision of frame.decisions) {
      const row = decisionRow(frame, decision)
      const { type } = decision
      decisions.push(row)
      addStock(stock, decision)
      addMoves(ledger, row, decision)
      if (type === 'claim.accepted') claims.push(claimRow(frame.shard, row))
      if (row.record === '') continue
      const id = `${frame.shard}-${row.entity}`
      if (type.startsWith('order.')) orders.set(id, orderRow(id, row), type === 'order.accepted')
      else wins.set(id, winRow(id, row), type === 'spin.won')
    }
  }
  return {
    decisions,
    newOrders: orders.made,
    changedOrders: orders.changed,
    newWins: wins.made,
    changedWins: wins.changed,
    claims,
    ledger,
    balances: balancesOf(ledger),
    stock: [...stock.values()]
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

/** Frames apart by campaign: each of them can be stored or refused by itself. A second copy of a frame has no parts. */
export function partsOf(frames: readonly Frame[], rows: readonly FrameRow[], stream: string): FramePart[] {
  const parts: FramePart[] = []
  const taken = new Set<string>()
  for (const [index, frame] of frames.entries()) {
    const entry = `${frame.epoch}-${frame.batch}`
    if (taken.has(entry)) continue
    taken.add(entry)
    for (const campaign of new Set(frame.decisions.map((decision) => decision.campaign))) {
      const own = { ...frame, decisions: frame.decisions.filter((decision) => decision.campaign === campaign) }
      parts.push({
        entry,
        campaign,
        stream,
        sequence: rows[index]?.stream_sequence ?? 0,
        payload: Buffer.from(JSON.stringify(own)).toString('base64'),
        projection: foldFrames([own], new Set([entry]))
      })
    }
  }
  return parts
}
