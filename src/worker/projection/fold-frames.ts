import { isoTime } from '../../base/iso-time.ts'
import type { Frame, FrameDecision } from '../../journal/frame.ts'
import { onlyTakes } from '../../record/decisions.ts'
import { entityAfter, recordField } from '../../record/entities.ts'
import { scopeKey } from '../../record/keys.ts'
import { intentOf } from '../../record/replay.ts'
import type { Removal } from '../../store/projection/removals.ts'
import type { DecisionRow, FrameRow, LedgerRow, LoanRow, Projection, StockDelta } from '../../store/projection/rows.ts'
import type { FramePart } from '../../store/projection/store-apart.ts'
import type { OpenedPlace } from '../../store/shard/opened.ts'
import { addKindRow } from './kinds/index.ts'
import { KindRows } from './kinds/row-kind.ts'
import { addMoves, balancesOf } from './ledger.ts'
import { loanRowOf } from './loans.ts'
import { opens } from './openings.ts'
import { removalOf } from './removals.ts'
import { addStock } from './stock.ts'

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

/** The other values; undefined where there are none. */
function without(field: string, values: Readonly<Record<string, string>> = {}): Record<string, string> | undefined {
  let others: Record<string, string> | undefined
  for (const name in values) {
    if (name === field) continue
    others ??= {}
    others[name] = values[name] ?? ''
  }
  return others
}

/** The record of an order or a win has a column of its own, from which recovery writes it again. */
function withoutRecord({ put }: FrameDecision, field: string): FrameDecision['put'] {
  if (put?.u?.[field] === undefined) return put
  const rest: Record<string, Readonly<Record<string, string>>> = {}
  for (const scope in put) {
    const fields = scope === 'u' ? without(field, put[scope]) : put[scope]
    if (fields !== undefined) rest[scope] = fields
  }
  return rest
}

function decisionRow(frame: Frame, decision: FrameDecision): DecisionRow {
  const { name: entity, record } = entityAfter(frame, decision)
  const puts = record === '' ? decision.put : withoutRecord(decision, recordField(decision.type, entity))
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
    puts: JSON.stringify(puts ?? {}),
    record,
    report: decision.report ?? '',
    dels: decision.del === undefined ? null : JSON.stringify(decision.del)
  }
}

/** Rows for Postgres of the frames that it does not have yet; the last state of an order or win wins. */
export function foldFrames(frames: readonly Frame[], fresh: ReadonlySet<string>): Projection {
  const decisions: DecisionRow[] = []
  const ledger: LedgerRow[] = []
  const rows = new KindRows()
  const stock = new Map<string, StockDelta>()
  const opened = new Map<string, OpenedPlace>()
  const removals: Removal[] = []
  const loans = new Map<string, LoanRow>()
  const taken = new Set<string>()
  let lastIntent = 0
  for (const frame of frames) {
    const entry = `${frame.epoch}-${frame.batch}`
    if (!fresh.has(entry) || taken.has(entry)) continue
    taken.add(entry)
    for (const decision of frame.decisions) {
      const row = decisionRow(frame, decision)
      decisions.push(row)
      lastIntent = Math.max(lastIntent, intentOf(decision.key) ?? 0)
      addStock(stock, decision)
      for (const place of opens(decision)) opened.set(place.place, place)
      const removal = removalOf(decision)
      if (removal) removals.push(removal)
      const loan = loanRowOf(frame, decision)
      if (loan) loans.set(loan.loan_id, loan)
      addMoves(ledger, row, decision)
      addKindRow(rows, { shard: frame.shard, row, entity: entityAfter(frame, decision) })
    }
  }
  return {
    decisions,
    newOrders: rows.orders.made,
    changedOrders: rows.orders.changed,
    newWins: rows.wins.made,
    changedWins: rows.wins.changed,
    fulfilments: [...rows.fulfilments.values()],
    claims: rows.claims,
    reservations: rows.reservations,
    shares: rows.shares,
    assists: rows.assists,
    answers: rows.answers,
    spins: rows.spins,
    discussed: {
      comments: rows.comments,
      likes: [...rows.likes.values()],
      moderated: [...rows.moderated.values()]
    },
    ledger,
    balances: balancesOf(ledger),
    stock: [...stock.values()],
    opened: [...opened.values()],
    removals,
    loans: [...loans.values()],
    lastIntent
  }
}

/** Logical keys of the hashes that the gives of a frame may name: what its settle needs beside its id. */
export function giveKeysOf(frame: Frame): string[] {
  const keys = new Set<string>()
  for (const decision of frame.decisions) {
    // a purchase only takes
    if (onlyTakes(decision.type)) continue
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
