import { isoTime } from '../gate/iso-time.ts'
import { decisionId, entityOfDecision, type Frame, type FrameDecision } from '../journal/frame.ts'
import type { Publication } from '../journal/publisher.ts'
import type { Names } from '../journal/subjects.ts'
import { eventTypes } from '../journal/subjects.ts'
import { eventData } from './event-data.ts'

const known: ReadonlySet<string> = new Set(eventTypes)

/** A decision as a CloudEvent, ready to publish. */
export type PublicEvent = Publication

/**
 * How many decisions the order or win has seen, this one included, or more where that cannot be told: it only rises, and
 * consumers drop what is older than what they have.
 */
function entityVersion(decision: FrameDecision): number {
  const fromPaid = Object.keys(decision.add?.s ?? {}).some((field) => field.endsWith(':paid'))
  switch (decision.type) {
    case 'win.claimed':
    case 'order.paid':
    case 'order.expired':
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

function subjectOf(frame: Frame, decision: FrameDecision): string {
  const entity = entityOfDecision(frame, decision)
  if (entity !== '') return `${frame.shard}-${entity}`
  if (/^(?:user|balance)\./.test(decision.type)) return decision.user
  if (/^(?:spin|claim|task)\./.test(decision.type)) return decisionId(frame, decision.seq)
  return decision.campaign
}

/** A CloudEvent of this deployment; `data` as the contract says for its type. */
export function cloudEvent(
  names: Names,
  about: {
    readonly id: string
    readonly type: string
    readonly subject: string
    readonly at: number
    readonly user: string
  },
  data: Record<string, unknown>
): string {
  return JSON.stringify({
    specversion: '1.0',
    id: about.id,
    source: `urn:floodgate:${names.namespace}`,
    type: `floodgate.${about.type}`,
    subject: about.subject,
    time: isoTime(about.at),
    datacontenttype: 'application/json',
    dataschema: `urn:floodgate:schema:${about.type}:1`,
    ...(about.user !== '' && { partitionkey: about.user }),
    data
  })
}

/** Turns a decision into its event; undefined for a type that is not public. */
export function toEvent(frame: Frame, decision: FrameDecision, names: Names): PublicEvent | undefined {
  const { type, user, campaign, activity } = decision
  if (!known.has(type)) return undefined
  const id = decisionId(frame, decision.seq)
  const data = {
    user,
    campaign,
    activity,
    ...eventData(frame, decision),
    request: decision.request,
    sequence: decision.seq,
    entityVersion: entityVersion(decision)
  }
  return {
    subject: names.eventSubject(campaign, type),
    stream: names.publicStream,
    id,
    payload: cloudEvent(names, { id, type, subject: subjectOf(frame, decision), at: frame.at, user }, data),
    contentType: 'application/cloudevents+json'
  }
}
