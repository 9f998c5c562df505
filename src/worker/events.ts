import { isoTime } from '../gate/iso-time.ts'
import { decisionId, type Frame, type FrameDecision } from '../journal/frame.ts'
import type { Publication } from '../journal/publisher.ts'
import type { Names } from '../journal/subjects.ts'
import { eventTypes } from '../journal/subjects.ts'
import { entityOf } from './decision-rows.ts'
import { eventData } from './event-data.ts'

const known: ReadonlySet<string> = new Set(eventTypes)

/** A decision as a CloudEvent, ready to publish. */
export type PublicEvent = Publication

/**
 * How many decisions the order or win has seen, this one included, or a higher number where that cannot be told: it only
 * rises, and consumers drop what is older than what they have.
 */
function entityVersion(decision: FrameDecision): number {
  const fromPaid = Object.keys(decision.add?.s ?? {}).some((field) => field.endsWith(':paid'))
  switch (decision.type) {
    case 'order.paid':
    case 'order.expired':
    case 'win.claimed':
      return 2
    case 'order.cancelled':
      return fromPaid ? 3 : 2
    case 'order.shipped':
    case 'win.revoked':
      return 3
    case 'order.returned':
      return 4
    default:
      return 1
  }
}

/** Entities that are named by the decision that made them. */
const ownEntities = ['spin.', 'claim.', 'task.']

function subjectOf(frame: Frame, decision: FrameDecision): string {
  const { type, user, campaign } = decision
  const entity = entityOf(frame, decision)
  if (entity !== '') return `${frame.shard}-${entity}`
  if (ownEntities.some((prefix) => type.startsWith(prefix))) return decisionId(frame, decision.seq)
  return type.startsWith('user.') || type.startsWith('balance.') ? user : campaign
}

/** Turns a decision into its event; undefined for a type that is not public. */
export function toEvent(frame: Frame, decision: FrameDecision, names: Names): PublicEvent | undefined {
  if (!known.has(decision.type)) return undefined
  const id = decisionId(frame, decision.seq)
  const event = {
    specversion: '1.0',
    id,
    source: `urn:floodgate:${names.namespace}`,
    type: `floodgate.${decision.type}`,
    subject: subjectOf(frame, decision),
    time: isoTime(frame.at),
    datacontenttype: 'application/json',
    dataschema: `urn:floodgate:schema:${decision.type}:1`,
    partitionkey: decision.user,
    data: {
      user: decision.user,
      campaign: decision.campaign,
      activity: decision.activity,
      ...eventData(frame, decision),
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
