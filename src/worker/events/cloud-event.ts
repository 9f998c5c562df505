import { isoTime } from '../../base/iso-time.ts'
import { decisionId, type Frame, type FrameDecision } from '../../journal/frame.ts'
import type { Publication } from '../../journal/publisher.ts'
import type { Names } from '../../journal/subjects.ts'
import { eventTypes } from '../../journal/subjects.ts'
import { decodeOrder } from '../../record/order.ts'
import { entityOfDecision } from '../../record/replay.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { entityRecord, eventData, REFUND_DUE, refundData } from './event-data.ts'

const known: ReadonlySet<string> = new Set(eventTypes)

/** A decision as a CloudEvent, ready to publish. */
export type PublicEvent = Publication

/**
 * How many decisions the order or win has seen, this one included, or more where that cannot be told: it only rises, and
 * consumers drop what is older than what they have.
 */
function entityVersion(decision: FrameDecision): number {
  // what operators ask for is numbered in the order in which it is carried out
  const [, intent] = /^x:adj:(\d+)$/.exec(decision.key) ?? []
  if (intent !== undefined) return Number(intent)
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

/** An order that was moved on counts its decisions. */
function countedVersion(frame: Frame, decision: FrameDecision): number | undefined {
  const { id, record } = entityRecord(frame, decision)
  return decision.type.startsWith('order.') && record !== '' ? decodeOrder(id, record).version : undefined
}

function subjectOf(frame: Frame, decision: FrameDecision): string {
  const entity = entityOfDecision(frame, decision)
  if (entity !== '') return `${frame.shard}-${entity}`
  if (/^(?:user|balance)\./.test(decision.type)) return issuedUser(decision.user)
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

/** An event of a decision: what it says under which type and id. */
interface Telling {
  readonly type: string
  readonly id: string
  readonly said: Record<string, unknown>
}

function publish(
  { frame, decision, names }: { frame: Frame; decision: FrameDecision; names: Names },
  { type, id, said }: Telling
): PublicEvent {
  const { campaign, activity } = decision
  const user = issuedUser(decision.user)
  const data = {
    user,
    campaign,
    activity,
    ...said,
    request: decision.request,
    sequence: decision.seq,
    entityVersion: countedVersion(frame, decision) ?? entityVersion(decision)
  }
  return {
    subject: names.eventSubject(campaign, type),
    stream: names.publicStream,
    id,
    payload: cloudEvent(names, { id, type, subject: subjectOf(frame, decision), at: frame.at, user }, data),
    contentType: 'application/cloudevents+json'
  }
}

/**
 * The events of a decision: none for a type that is not public, and beside its own one that money is due back where it says so.
 * That one is told by the same reading of the same frame, so neither can be told without the other.
 */
export function toEvents(frame: Frame, decision: FrameDecision, names: Names): PublicEvent[] {
  const { type } = decision
  if (!known.has(type)) return []
  const id = decisionId(frame, decision.seq)
  const said = eventData(frame, decision)
  const context = { frame, decision, names }
  const own = publish(context, { type, id, said })
  const refund = type === REFUND_DUE ? undefined : refundData(decision)
  if (refund === undefined) return [own]
  return [own, publish(context, { type: REFUND_DUE, id: `${id}-refund`, said: { ...said, ...refund } })]
}
