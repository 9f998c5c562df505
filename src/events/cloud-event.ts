import { isoTime } from '../base/iso-time.ts'
import { decisionId, type Frame, type FrameDecision } from '../journal/frame.ts'
import type { MessageTrace } from '../journal/message-trace.ts'
import type { Publication } from '../journal/publisher.ts'
import type { Names } from '../journal/subjects.ts'
import { entityKindOf, isDecisionType } from '../record/decisions.ts'
import { intentOf } from '../record/replay.ts'
import { issuedUser } from '../store/connection/user-name.ts'
import { type Decided, decidedIn } from './data/decided.ts'
import { type EventKind, events } from './data/index.ts'
import { refundData } from './data/refund.ts'
import { winData } from './data/win.ts'
import type { ToldType } from './types.ts'

/** A decision as a CloudEvent, ready to publish. */
export type PublicEvent = Publication

/** A decision of a type that this version tells, and how. */
interface Telling extends Decided {
  readonly kind: EventKind
  readonly names: Names
}

/**
 * How many decisions the order or win has seen, this one included, or more where that cannot be told: it only rises, and
 * consumers drop what is older than what they have.
 */
function entityVersion({ kind, decision, after }: Telling): number {
  // an order that was moved on counts its decisions
  if (after.order?.version !== undefined) return after.order.version
  // what operators ask for is numbered in the order in which it is carried out
  return intentOf(decision.key) ?? kind.version(decision)
}

function subjectOf(telling: Telling): string {
  const { kind, frame, decision, id } = telling
  if (id !== '') return id
  if (typeof kind.subject === 'function') return kind.subject(telling)
  switch (kind.subject) {
    case 'decision':
      return decisionId(frame, decision.seq)
    case 'user':
      return issuedUser(decision.user)
    case 'campaign':
      return decision.campaign
    default:
      return kind.subject satisfies never
  }
}

interface FixedParts {
  readonly source: string
  readonly schema: string
}

// Types are a fixed list, and a process has one namespace.
const known = new Map<string, FixedParts>()

/** The attributes that all events of a type have in common, as JSON: writing them once takes a quarter off what an event costs. */
function fixedParts(namespace: string, type: string): FixedParts {
  const name = `${namespace} ${type}`
  const before = known.get(name)
  if (before !== undefined) return before
  const source = { source: `urn:floodgate:${namespace}`, type: `floodgate.${type}` }
  const schema = { datacontenttype: 'application/json', dataschema: `urn:floodgate:schema:${type}:1` }
  const parts = { source: withoutBraces(source), schema: withoutBraces(schema) }
  known.set(name, parts)
  return parts
}

const withoutBraces = (members: object) => JSON.stringify(members).slice(1, -1)

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
  const { source, schema } = fixedParts(names.namespace, about.type)
  const user = about.user === '' ? '' : `,"partitionkey":${JSON.stringify(about.user)}`
  const front = `{"specversion":"1.0","id":${JSON.stringify(about.id)},${source},"subject":${JSON.stringify(about.subject)}`
  return `${front},"time":"${isoTime(about.at)}",${schema}${user},"data":${JSON.stringify(data)}}`
}

/** An event of a decision: under which type and id, and what it says. */
interface Said {
  readonly type: ToldType
  readonly id: string
  readonly data: Record<string, unknown>
}

function publish(telling: Telling, { type, id, data: said }: Said): PublicEvent {
  const { frame, decision, names } = telling
  const { campaign, activity } = decision
  const user = issuedUser(decision.user)
  const data = {
    user,
    campaign,
    activity,
    ...said,
    request: decision.request,
    sequence: decision.seq,
    entityVersion: entityVersion(telling)
  }
  return {
    subject: names.eventSubject(campaign, type),
    stream: names.publicStream,
    id,
    payload: cloudEvent(names, { id, type, subject: subjectOf(telling), at: frame.at, user }, data),
    contentType: 'application/cloudevents+json'
  }
}

/** A win that the reward of a decision gave; undefined where the decision is about its win itself, or gave none. */
function granted(telling: Telling, id: string): PublicEvent | undefined {
  const { type } = telling.decision
  if (telling.after.win === undefined || entityKindOf(type) !== null) return undefined
  const data = { ...winData(telling), activity: telling.decision.activity, cause: id, causeType: type }
  return publish(telling, { type: 'win.granted', id: `${id}-win`, data })
}

/**
 * The events of a decision: none for a type that this version does not know, and beside its own one that money is due back, or that
 * its reward gave a win, where it says so. Those are told by the same reading of the same frame, so none can be told without the other.
 */
export function toEvents(frame: Frame, decision: FrameDecision, names: Names): PublicEvent[] {
  const { type } = decision
  if (!isDecisionType(type)) return []
  const kind = events[type]
  const { report, id: about, after } = decidedIn(frame, decision)
  const telling = { frame, decision, report, id: about, after, kind, names }
  const id = decisionId(frame, decision.seq)
  const data = kind.data(telling)
  const own = publish(telling, { type, id, data })
  // a payment that came too late is told as money that is due back anyway
  const refund = type === 'order.refund-due' ? undefined : refundData(decision)
  const won = granted(telling, id)
  if (won !== undefined) return [own, won]
  if (refund === undefined) return [own]
  return [own, publish(telling, { type: 'order.refund-due', id: `${id}-refund`, data: { ...data, ...refund } })]
}

/** The events of a decision with the span of the request that made it (`traceparent`, an extension of CloudEvents), where that was traced. */
export function withTrace(
  events: readonly PublicEvent[],
  { seq }: Pick<FrameDecision, 'seq'>,
  { decisions }: MessageTrace
): readonly PublicEvent[] {
  const [, request] = decisions.find(([sequence]) => sequence === seq) ?? []
  if (request === undefined) return events
  const member = `"traceparent":${JSON.stringify(request)},`
  return events.map((event) => ({ ...event, payload: `{${member}${event.payload.slice(1)}` }))
}
