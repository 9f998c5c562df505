import { isoTimeOrNull } from '../../base/iso-time.ts'
import { decisionId, type Frame, type FrameDecision } from '../../journal/frame.ts'
import { decodeOrder, decodeRefund } from '../../record/order.ts'
import { entityOfDecision, recordField, scopeKey } from '../../record/replay.ts'
import { decodeReport } from '../../record/report.ts'
import { decodeCompletion } from '../../record/reports/completion.ts'
import { balanceOf } from '../../record/user-fields.ts'
import { decodeWin } from '../../record/win.ts'

/** What was decided, as an event tells it beside user, campaign, activity, request and numbers. */
type Data = Record<string, unknown>

interface Told {
  readonly frame: Frame
  readonly decision: FrameDecision
  /** id of the order or win, and its record right after the decision; '' where there is none */
  readonly id: string
  readonly record: string
}

function orderData({ id, record }: Told): Data {
  if (record === '') return {}
  const order = decodeOrder(id, record)
  return {
    order: order.id,
    session: order.session,
    quantity: order.quantity,
    unitPrice: order.unitPrice,
    currency: order.currency,
    status: order.status,
    acceptedAt: isoTimeOrNull(order.acceptedAt),
    payBy: isoTimeOrNull(order.payBy),
    shipBy: isoTimeOrNull(order.shipBy),
    position: order.position,
    returned: order.returned,
    refunded: order.refunded,
    shipment: order.shipment
  }
}

export const REFUND_DUE = 'order.refund-due'

/** Money that a decision says is due back, and why. */
export function refundData({ type, report }: FrameDecision): Data | undefined {
  const refund = type.startsWith('order.') ? decodeRefund(report ?? '') : undefined
  if (refund === undefined || refund.amount === 0) return undefined
  const { amount, currency, reference } = refund
  const cause = { 'order.cancelled': 'cancellation', 'order.returned': 'return' }[type] ?? 'payment'
  return { amount, currency, reference: orNull(reference), cause }
}

const orNull = (fact: string | undefined): string | null => (fact === undefined || fact === '' ? null : fact)

function winData({ id, record }: Told): Data {
  if (record === '') return {}
  const win = decodeWin(id, record)
  return {
    win: win.id,
    draw: win.draw,
    prize: win.prize,
    subPrize: orNull(win.sub),
    tier: win.tier,
    type: win.type,
    status: win.status,
    wonAt: isoTimeOrNull(win.wonAt),
    claimBy: isoTimeOrNull(win.claimBy),
    given: win.given.map(({ unit, amount }) => ({ unit, amount }))
  }
}

/** With the number and all that it was drawn with, so that a draw can be checked from its events. */
function spinData(told: Told): Data {
  const { frame, decision } = told
  const { facts, moves } = decodeReport(decision.report ?? '')
  const [prize, sub, number, previous, picked, reason, level] = facts
  return {
    spin: decisionId(frame, decision.seq),
    draw: decision.activity,
    prize: orNull(prize),
    subPrize: orNull(sub),
    win: null,
    ...winData(told),
    number: orNull(number),
    previousNumber: orNull(previous),
    picked: orNull(picked),
    reason: orNull(reason),
    level: Number(level ?? 0),
    moves
  }
}

/** A revocation tells what it took back, and what of it was spent before. */
function winChangeData(told: Told): Data {
  const { facts, moves } = decodeReport(told.decision.report ?? '')
  const missing = facts.slice(1).map((fact) => {
    const [unit = '', amount] = fact.split(' ')
    return { unit, amount: Number(amount) }
  })
  return { ...winData(told), moves, ...(missing.length > 0 && { shortfall: missing }) }
}

function claimData({ frame, decision }: Told): Data {
  const { facts, moves } = decodeReport(decision.report ?? '')
  const [quantity, pool] = facts
  return {
    claim: decisionId(frame, decision.seq),
    item: decision.activity,
    quantity: Number(quantity),
    pool: orNull(pool),
    moves
  }
}

function taskData({ frame, decision }: Told): Data {
  const { day, streak, bonus, cappedBy, factor, moves } = decodeCompletion(decision.report ?? '')
  return {
    completion: decisionId(frame, decision.seq),
    task: decision.activity,
    day,
    streak,
    streakBonus: bonus,
    cappedBy: orNull(cappedBy),
    factor,
    moves
  }
}

/** What a grant or an import did to the user's own balances: its report holds bare numbers, so the deltas tell. */
function movesOfOwn({ decision }: Told) {
  const fields = Object.entries(decision.add?.[`u:${decision.user}`] ?? decision.add?.u ?? {})
  const credits = fields.flatMap(([field, delta]) => {
    const balance = balanceOf(field)
    return balance ? [{ ...balance, delta }] : []
  })
  return credits
}

/** What was asked for beside what was done. */
function askedIn({ request }: FrameDecision): Data {
  return typeof request === 'object' && request !== null ? (request as Data) : {}
}

/** What was taken back, and what of it was not there any more. */
function debitData(told: Told): Data {
  const { unit, amount } = askedIn(told.decision)
  const taken = Number(told.decision.report)
  const missing = typeof amount === 'number' ? taken - amount : 0
  return { debits: movesOfOwn(told), ...(missing > 0 && { shortfall: [{ unit, amount: missing }] }) }
}

/** Stock that an adjustment really added or took: removing takes what is left. */
function adjustmentData({ decision }: Told): Data {
  const stock = Object.entries(decision.add ?? {}).flatMap(([scope, fields]) => {
    const [kind, , activity = ''] = scopeKey(scope, decision).split(':')
    if (kind !== 's') return []
    return Object.entries(fields).flatMap(([field, added]) => {
      const [, item] = /^(.*):remaining$/.exec(field) ?? []
      return item === undefined ? [] : [{ activity, item, added }]
    })
  })
  const [only] = stock
  const isOne = stock.length === 1 && typeof askedIn(decision).addStock === 'number'
  return { ...(stock.length > 0 && { stock }), ...(isOne && { addStock: only?.added }) }
}

const tellers: Readonly<Record<string, (told: Told) => Data>> = {
  'spin.won': spinData,
  'spin.lost': spinData,
  'win.claimed': winChangeData,
  'win.revoked': winChangeData,
  'claim.accepted': claimData,
  'task.completed': taskData,
  'balance.credited': (told) => ({ credits: movesOfOwn(told) }),
  'balance.debited': debitData,
  'campaign.adjusted': adjustmentData,
  [REFUND_DUE]: (told) => ({ ...orderData(told), ...refundData(told.decision) })
}

/** The order or win that a decision made or moved: its id, and its record right after it; '' where there is none. */
export function entityRecord(frame: Frame, decision: FrameDecision): { readonly id: string; readonly record: string } {
  const entity = entityOfDecision(frame, decision)
  const record = entity === '' ? '' : (decision.put?.u?.[recordField(decision.type, entity)] ?? '')
  return { id: `${frame.shard}-${entity}`, record }
}

/** What an event says about its decision. Codes and addresses are never in a frame. */
export function eventData(frame: Frame, decision: FrameDecision): Data {
  const { type } = decision
  const tell = tellers[type] ?? (type.startsWith('order.') ? orderData : undefined)
  if (tell === undefined) return {}
  return tell({ frame, decision, ...entityRecord(frame, decision) })
}
