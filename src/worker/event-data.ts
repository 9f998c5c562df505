import { isoTimeOrNull } from '../gate/iso-time.ts'
import { decodeOrder } from '../gate/order-record.ts'
import { decodeReport, type Move } from '../gate/report.ts'
import { decodeWin } from '../gate/win-record.ts'
import type { Frame, FrameDecision } from '../journal/frame.ts'
import { entityOf, recordOf } from './decision-rows.ts'
import { decodeClaim } from './entity-rows.ts'
import { movesOf, ownerOf } from './sums.ts'

/** What was decided, as an event tells it beside user, campaign, activity, request and numbers. */
type Data = Record<string, unknown>

interface Told {
  readonly frame: Frame
  readonly decision: FrameDecision
  /** `<epoch>-<sequence>` of the order or win, '' for others */
  readonly entity: string
}

function orderData({ frame, decision, entity }: Told): Data {
  const record = recordOf(decision, entity)
  if (record === '') return {}
  const order = decodeOrder(`${frame.shard}-${entity}`, record)
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
    position: order.position
  }
}

function winData({ frame, decision, entity }: Told): Data {
  const record = recordOf(decision, entity)
  if (record === '') return {}
  const win = decodeWin(`${frame.shard}-${entity}`, record)
  return {
    win: win.id,
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

function orNull(fact: string | undefined): string | null {
  return fact === undefined || fact === '' ? null : fact
}

function movesData(moves: readonly Move[]): Data {
  return { moves: moves.map(({ unit, delta, balance }) => ({ unit, delta, balance })) }
}

/** The number and what it was drawn with, so that a draw can be checked from its events. */
function spinData(told: Told): Data {
  const { frame, decision } = told
  const { facts, moves } = decodeReport(decision.report ?? '')
  const [prize, sub, number, previous, picked, why, level] = facts
  return {
    spin: `${frame.shard}-${frame.epoch}-${decision.seq}`,
    prize: orNull(prize),
    subPrize: orNull(sub),
    win: null,
    ...winData(told),
    number: orNull(number),
    previousNumber: orNull(previous),
    picked: orNull(picked),
    reason: orNull(why),
    level: Number(level ?? 0),
    ...movesData(moves)
  }
}

/** A revocation tells what it took back, and what of it was spent already. */
function winChangeData(told: Told): Data {
  const { facts, moves } = decodeReport(told.decision.report ?? '')
  const missing = facts.slice(1).map((fact) => {
    const [unit = '', amount] = fact.split(' ')
    return { unit, amount: Number(amount) }
  })
  return { ...winData(told), ...movesData(moves), ...(missing.length > 0 && { shortfall: missing }) }
}

function claimData({ frame, decision }: Told): Data {
  const report = decision.report ?? ''
  const { quantity, pool, unit, cost } = decodeClaim(report)
  return {
    claim: `${frame.shard}-${frame.epoch}-${decision.seq}`,
    item: decision.activity,
    quantity,
    pool: orNull(pool),
    unit: orNull(unit),
    cost,
    ...movesData(decodeReport(report).moves)
  }
}

function taskData({ frame, decision }: Told): Data {
  const { facts, moves } = decodeReport(decision.report ?? '')
  const [day, streak, bonus, cappedBy] = facts
  return {
    completion: `${frame.shard}-${frame.epoch}-${decision.seq}`,
    task: decision.activity,
    day: day === undefined || day === '' ? null : Number(day),
    streak: streak === undefined || streak === '' ? null : Number(streak),
    streakBonus: bonus === '1',
    cappedBy: orNull(cappedBy),
    ...movesData(moves)
  }
}

/** Grants and imports: a report of theirs holds bare numbers, so what moved is read from the deltas. */
function creditData({ decision }: Told): Data {
  const moves = movesOf(decision).map((move) => ({
    user: ownerOf(move, decision.user),
    unit: move.unit,
    scope: move.scope === '' ? 'account' : 'campaign',
    delta: move.delta
  }))
  return { moves }
}

const tellers: Readonly<Record<string, (told: Told) => Data>> = {
  'spin.won': spinData,
  'spin.lost': spinData,
  'win.claimed': winChangeData,
  'win.revoked': winChangeData,
  'claim.accepted': claimData,
  'task.completed': taskData,
  'balance.credited': creditData,
  'balance.debited': creditData
}

/** What an event says about its decision. Codes and addresses are never in a frame. */
export function eventData(frame: Frame, decision: FrameDecision): Data {
  const told = { frame, decision, entity: entityOf(frame, decision) }
  const tell = tellers[decision.type] ?? (decision.type.startsWith('order.') ? orderData : undefined)
  return tell === undefined ? {} : tell(told)
}
