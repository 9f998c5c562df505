import type { PublicEvent } from '../../events/cloud-event.ts'
import type { Publisher } from '../../journal/publisher.ts'

const TRIES = 5

/**
 * Publishes events in order: all at once with two acks, and one by one where that did not work (a second copy is not stored again).
 * @param wanted asked before each single event; false ends it
 * @returns how many are stored, from the first on, and why the next one is not
 */
export async function publishEvents(
  publisher: Publisher,
  events: readonly PublicEvent[],
  wanted: () => boolean = () => true
): Promise<{ readonly stored: number; readonly reason: string }> {
  if (events.length === 0) return { stored: 0, reason: '' }
  const chain = await publisher.publishChain(events)
  if (chain.acked && !chain.duplicate) return { stored: events.length, reason: '' }
  for (const [index, event] of events.entries()) {
    if (!wanted()) return { stored: index, reason: 'it is too late' }
    let result = await publisher.publish(event)
    for (let attempt = 1; attempt < TRIES && !result.acked; attempt += 1) result = await publisher.publish(event)
    if (!result.acked) return { stored: index, reason: result.reason }
  }
  return { stored: events.length, reason: '' }
}

/**
 * Publishes events that need no order: all at once with two acks, and with an ack for each where that did not work.
 * @param isWanted asked before they are sent again
 * @returns how many are stored, from the first on, and why the next one is not; `isSlow`: two acks did not come
 */
export async function publishInAnyOrder(
  publisher: Publisher,
  events: readonly PublicEvent[],
  isWanted: () => boolean
): Promise<{ readonly stored: number; readonly reason: string; readonly isSlow: boolean }> {
  if (events.length === 0) return { stored: 0, reason: '', isSlow: false }
  const chain = await publisher.publishChain(events)
  if (chain.acked && !chain.duplicate) return { stored: events.length, reason: '', isSlow: false }
  const isSlow = !chain.acked
  if (!isWanted()) return { stored: 0, reason: 'it is too late', isSlow }
  const results = await Promise.all(events.map((event) => publisher.publish(event)))
  const failed = results.findIndex(({ acked }) => !acked)
  const first = results[failed]
  if (first === undefined || first.acked) return { stored: events.length, reason: '', isSlow }
  return { stored: failed, reason: first.reason, isSlow }
}
