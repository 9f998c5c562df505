import { isoTime, isoTimeOrNull } from '../gate/iso-time.ts'
import { decodeOrder } from '../gate/order-record.ts'
import { decisionId, type Frame, type FrameDecision } from '../journal/frame.ts'
import type { Publication } from '../journal/publisher.ts'
import type { Names } from '../journal/subjects.ts'
import { eventTypes } from '../journal/subjects.ts'
import { orderEntity } from './fold.ts'

const known: ReadonlySet<string> = new Set(eventTypes)

/** A decision as a CloudEvent, ready to publish. */
export type PublicEvent = Publication

function orderData(frame: Frame, decision: FrameDecision, entity: string): Record<string, unknown> {
  const record = decision.put?.u?.[`o:${entity}`]
  if (record === undefined) return {}
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

/** How many decisions the order has seen, this one included: consumers drop what is older than what they have. */
function entityVersion(decision: FrameDecision): number {
  const fromPaid = Object.keys(decision.add?.s ?? {}).some((field) => field.endsWith(':paid'))
  switch (decision.type) {
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
  if (decision.type.startsWith('user.')) return decision.user
  return decision.campaign
}

/** Turns a decision into its event; undefined for a type that is not public. Codes and addresses are never in a frame. */
export function toEvent(frame: Frame, decision: FrameDecision, names: Names): PublicEvent | undefined {
  if (!known.has(decision.type)) return undefined
  const id = decisionId(frame, decision.seq)
  const entity = orderEntity(frame, decision)
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
      ...orderData(frame, decision, entity),
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
