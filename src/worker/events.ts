import { isoTime, isoTimeOrNull } from '../gate/iso-time.ts'
import { decodeOrder } from '../gate/order-record.ts'
import { decodeReport } from '../gate/report.ts'
import { balanceOf } from '../gate/user-fields.ts'
import { decodeWin } from '../gate/win-record.ts'
import { decisionId, entityOfDecision, type Frame, type FrameDecision, recordField } from '../journal/frame.ts'
import type { Publication } from '../journal/publisher.ts'
import type { Names } from '../journal/subjects.ts'
import { eventTypes } from '../journal/subjects.ts'

const known: ReadonlySet<string> = new Set(eventTypes)

/** A decision as a CloudEvent, ready to publish. */
export type PublicEvent = Publication

function orderData(frame: Frame, entity: string, record: string): Record<string, unknown> {
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

function winData(frame: Frame, entity: string, record: string): Record<string, unknown> {
  const win = decodeWin(`${frame.shard}-${entity}`, record)
  return {
    win: win.id,
    draw: win.draw,
    prize: win.prize,
    ...(win.sub !== '' && { subPrize: win.sub }),
    tier: win.tier,
    type: win.type,
    status: win.status,
    wonAt: isoTime(win.wonAt),
    claimBy: isoTimeOrNull(win.claimBy)
  }
}

const moved = (report: string) =>
  decodeReport(report).moves.map(({ unit, delta, balance }) => ({ unit, delta, balance }))

/** What spins, claims, completions and credits say beside an order or a win. */
function takenData(decision: FrameDecision): Record<string, unknown> {
  const { type, report = '' } = decision
  const [first = '', second = ''] = decodeReport(report).facts
  switch (type) {
    case 'spin.lost':
    case 'spin.won':
      return { prize: first, ...(second !== '' && { subPrize: second }), moves: moved(report) }
    case 'claim.accepted':
      return { item: decision.activity, quantity: Number(first), moves: moved(report) }
    case 'task.completed':
      return { task: decision.activity, ...(first !== '' && { day: Number(first) }), moves: moved(report) }
    case 'win.revoked':
      return { moves: moved(report) }
    case 'balance.credited':
    case 'balance.debited':
      return { credits: credits(decision) }
    default:
      return {}
  }
}

/** What an operator's or an import's credit did to the user's own balances and entitlements. */
function credits(decision: FrameDecision): Array<Record<string, unknown>> {
  const fields = Object.entries(decision.add?.[`u:${decision.user}`] ?? decision.add?.u ?? {})
  return fields.flatMap(([field, delta]) => {
    const balance = balanceOf(field)
    return balance ? [{ ...balance, delta }] : []
  })
}

function entityData(frame: Frame, decision: FrameDecision, entity: string): Record<string, unknown> {
  const record = entity === '' ? undefined : decision.put?.u?.[recordField(decision.type, entity)]
  if (record === undefined) return {}
  return decision.type.startsWith('order.') ? orderData(frame, entity, record) : winData(frame, entity, record)
}

/** How many decisions the order has seen, this one included: consumers drop what is older than what they have. */
function entityVersion(decision: FrameDecision): number {
  const fromPaid = Object.keys(decision.add?.s ?? {}).some((field) => field.endsWith(':paid'))
  switch (decision.type) {
    case 'win.claimed':
    case 'win.revoked':
    case 'order.paid':
    case 'order.expired':
      return 2
    case 'order.cancelled':
      return fromPaid ? 3 : 2
    case 'order.shipped':
      return 3
    case 'order.returned':
      return 4
    default:
      return 1
  }
}

function subjectOf(frame: Frame, decision: FrameDecision, entity: string): string {
  if (entity !== '') return `${frame.shard}-${entity}`
  if (/^(?:user|balance)\./.test(decision.type)) return decision.user
  if (/^(?:spin|claim|task)\./.test(decision.type)) return decisionId(frame, decision.seq)
  return decision.campaign
}

/** Turns a decision into its event; undefined for a type that is not public. Codes and addresses are never in a frame. */
export function toEvent(frame: Frame, decision: FrameDecision, names: Names): PublicEvent | undefined {
  if (!known.has(decision.type)) return undefined
  const id = decisionId(frame, decision.seq)
  const entity = entityOfDecision(frame, decision)
  const subject = subjectOf(frame, decision, entity)
  const event = {
    specversion: '1.0',
    id,
    source: `urn:floodgate:${names.namespace}`,
    type: `floodgate.${decision.type}`,
    subject,
    time: isoTime(frame.at),
    datacontenttype: 'application/json',
    dataschema: `urn:floodgate:schema:${decision.type}:1`,
    partitionkey: decision.user,
    data: {
      user: decision.user,
      campaign: decision.campaign,
      activity: decision.activity,
      ...entityData(frame, decision, entity),
      ...takenData(decision),
      request: decision.request,
      sequence: decision.seq,
      entityVersion: entityVersion(decision)
    }
  }
  return {
    subject: names.eventSubject(decision.campaign, decision.type),
    stream: names.publicStream,
    id,
    payload: JSON.stringify(event),
    contentType: 'application/cloudevents+json'
  }
}
