import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../load/answers.ts'
import type { Evidence, OrderRow, PublicEvent } from './evidence.ts'
import type { Case, Difference } from './promise.ts'

/** Each order has exactly one order.accepted event of its own id, well formed, and no event is without an order. */
export function eventsWrong(judged: Case): Difference[] {
  const { promise, evidence } = judged
  const accepted = evidence.events.filter(({ subject }) => subject.endsWith('.order.accepted'))
  const byId = new Map<string, PublicEvent[]>()
  for (const event of accepted) byId.set(event.messageId, [...(byId.get(event.messageId) ?? []), event])
  const rows = new Map(evidence.orders.map((row) => [row.id, row]))
  const found: Difference[] = []
  for (const row of evidence.orders) {
    const [first, ...more] = byId.get(row.id) ?? []
    if (first === undefined) found.push({ rule: 'event', what: `order ${row.id} is not on the public stream` })
    else if (!isEventOf(first, row, judged)) {
      found.push({ rule: 'event', what: `the event of order ${row.id} is ${JSON.stringify(first)}` })
    }
    const differing = more.filter(({ event }) => !isDeepStrictEqual(event, first?.event))
    if (differing.length > 0) found.push({ rule: 'event', what: `order ${row.id} has events that differ` })
    if (more.length > 0 && promise.afterFault !== true) {
      found.push({ rule: 'event', what: `order ${row.id} is on the public stream ${more.length + 1} times` })
    }
  }
  for (const id of byId.keys())
    if (!rows.has(id)) found.push({ rule: 'event', what: `event ${id} has no order in Postgres` })
  return found
}

function isEventOf(published: PublicEvent, row: OrderRow, { promise, evidence }: Case): boolean {
  const { event, subject, contentType } = published
  const { campaign } = promise
  const { namespace } = evidence
  const data = event?.data
  return (
    subject === `${namespace}.${campaign}.order.accepted` &&
    contentType === 'application/cloudevents+json' &&
    event?.specversion === '1.0' &&
    event.id === row.id &&
    event.source === `urn:floodgate:${namespace}` &&
    event.type === 'floodgate.order.accepted' &&
    event.subject === row.id &&
    event.partitionkey === row.user &&
    typeof event.dataschema === 'string' &&
    typeof event.time === 'string' &&
    isRecord(data) &&
    data.user === row.user &&
    data.campaign === campaign &&
    data.activity === row.sale &&
    data.sequence === row.sequence
  )
}

/**
 * I10: epochs only rise: in the order of the stream nothing of an older epoch follows a newer one. Within an epoch the
 * relay may publish a frame after later ones, so sequences need not rise.
 */
export function epochsWrong({ events }: Evidence): Difference[] {
  const seen = new Set<string>()
  const newest = new Map<string, number>()
  const found: Difference[] = []
  for (const { messageId } of events) {
    // what nobody decided has no place in an epoch
    const [, shard = '', epoch] = /^(\d+)-(\d+)-\d+/.exec(messageId) ?? []
    if (epoch === undefined || seen.has(messageId)) continue
    seen.add(messageId)
    if (Number(epoch) < (newest.get(shard) ?? 0)) {
      found.push({
        rule: 'I10',
        what: `decision ${messageId} is on the public stream after epoch ${newest.get(shard)}`
      })
    } else newest.set(shard, Number(epoch))
  }
  return found
}
