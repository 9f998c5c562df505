import { NatsError } from 'nats'
import { streamNames } from '../src/journal/subjects.ts'
import { monotonicMs } from './clock.ts'
import { waitFor } from './wait.ts'
import type { World } from './world.ts'

/** the namespace of a stack that is told none */
const names = streamNames('floodgate')
const LOOK_EVERY_MS = 20
const ARRIVES_WITHIN_MS = 60_000
const NO_MESSAGE = '404'

const subjectOf = (campaign: string): string => names.eventSubject(campaign, 'order.accepted')
const sequenceOf = (decision: string): number => Number(decision.slice(decision.lastIndexOf('-') + 1))

/** How many events of accepted orders a campaign has on the public stream. */
export async function eventsOf(world: World, campaign: string): Promise<number> {
  const subject = subjectOf(campaign)
  const { state } = await world.streams.streams.info(names.publicStream, { subjects_filter: subject })
  return state.subjects?.[subject] ?? 0
}

async function lastEvent(world: World, campaign: string): Promise<number> {
  try {
    const message = await world.streams.streams.getMessage(names.publicStream, { last_by_subj: subjectOf(campaign) })
    return sequenceOf(message.header.get('Nats-Msg-Id'))
  } catch (error) {
    if (error instanceof NatsError && error.code === NO_MESSAGE) return -1
    throw error
  }
}

/**
 * Waits until an order, and with it every earlier one of its campaign, is in Postgres and on the public stream: both take
 * decisions in order, so that looking for the last one is enough, and cheap enough not to disturb what is measured.
 * @returns when it was seen in both, in milliseconds of the monotonic clock
 * @throws Error when it does not arrive
 */
export async function whenPersisted(world: World, campaign: string, order: string): Promise<number> {
  const stored = async (): Promise<true | undefined> => {
    const { rowCount } = await world.database.query({
      name: 'bench-find-order',
      text: 'select 1 from orders where order_id = $1',
      values: [order]
    })
    return rowCount === 1 ? true : undefined
  }
  const told = async (): Promise<true | undefined> =>
    (await lastEvent(world, campaign)) >= sequenceOf(order) ? true : undefined
  const patience = { withinMs: ARRIVES_WITHIN_MS, everyMs: LOOK_EVERY_MS }
  await Promise.all([
    waitFor(stored, { ...patience, what: `order ${order} in Postgres` }),
    waitFor(told, { ...patience, what: `order ${order} on the public stream` })
  ])
  return monotonicMs()
}
