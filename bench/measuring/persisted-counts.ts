import { NatsError } from 'nats'
import { streamNames } from '../../src/journal/subjects.ts'
import { monotonicMs } from '../running/monotonic.ts'
import { waitFor } from '../running/wait.ts'
import type { World } from '../stack/world.ts'

/** the namespace of a stack that is told none */
const names = streamNames('floodgate')
const LOOK_EVERY_MS = 20
const ARRIVES_WITHIN_MS = 60_000
const NO_MESSAGE = '404'

const subjectOf = (campaign: string, type: string): string => names.eventSubject(campaign, type)
const sequenceOf = (decision: string): number => Number(decision.slice(decision.lastIndexOf('-') + 1))

/** How many events of a type, such as order.accepted or spin.*, a campaign has on the public stream. */
export async function eventsOf(world: World, campaign: string, type: string): Promise<number> {
  const filter = { subjects_filter: subjectOf(campaign, type) }
  const { state } = await world.streams.streams.info(names.publicStream, filter)
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0)
}

/** Decisions of a type, and the frames that they came in. */
export interface Stored {
  readonly decisions: number
  readonly frames: number
}

/** What Postgres has of a campaign. @param type of decisions, as in the subjects of events: `spin.*` for both kinds of spins */
export async function storedOf(world: World, campaign: string, type: string): Promise<Stored> {
  const { rows } = await world.database.query<Stored>(
    `select count(*)::int as decisions, count(distinct (shard, epoch, batch))::int as frames
     from decisions where campaign_id = $1 and type like $2`,
    [campaign, type.replaceAll('_', '\\_').replace('*', '%')]
  )
  return rows[0] ?? { decisions: 0, frames: 0 }
}

async function lastEvent(world: World, subject: string): Promise<number> {
  try {
    const message = await world.streams.streams.getMessage(names.publicStream, { last_by_subj: subject })
    return sequenceOf(message.header.get('Nats-Msg-Id'))
  } catch (error) {
    if (error instanceof NatsError && error.code === NO_MESSAGE) return -1
    throw error
  }
}

/** A decision to wait for: `id` names it, `type` its events (`spin.*` for both kinds of spins). */
export interface Awaited {
  readonly campaign: string
  readonly type: string
  readonly id: string
}

/**
 * Waits until all decisions of a campaign are told, where several shards make them: the last one of a shard says nothing of the others.
 * Postgres has one shard before the other, so both counts must have been the same for a while.
 * @throws Error when that does not come
 */
export async function whenAllTold(world: World, { campaign, type }: Omit<Awaited, 'id'>): Promise<void> {
  let before = -1
  const same = async (): Promise<true | undefined> => {
    const { rows } = await world.database.query<{ stored: number }>(
      'select count(*)::int as stored from decisions where campaign_id = $1 and type = $2',
      [campaign, type]
    )
    const stored = rows[0]?.stored ?? 0
    const isSame = stored === before && stored === (await eventsOf(world, campaign, type))
    before = stored
    return isSame ? true : undefined
  }
  await waitFor(same, { withinMs: ARRIVES_WITHIN_MS, everyMs: 500, what: `all of ${campaign} on the public stream` })
}

/**
 * Waits until a decision, and with it every earlier one of its campaign, is in Postgres and on the public stream: both take
 * decisions in order, so that looking for the last one is enough, and cheap enough not to disturb what is measured.
 * @returns when it was seen in both, in milliseconds of the monotonic clock
 * @throws Error when it does not arrive
 */
export async function whenPersisted(world: World, { campaign, type, id }: Awaited): Promise<number> {
  const [shard, epoch] = id.split('-')
  const stored = async (): Promise<true | undefined> => {
    const { rowCount } = await world.database.query({
      name: 'bench-find-decision',
      text: 'select 1 from decisions where shard = $1 and epoch = $2 and sequence = $3',
      values: [shard, epoch, sequenceOf(id)]
    })
    return rowCount === 1 ? true : undefined
  }
  const told = async (): Promise<true | undefined> =>
    (await lastEvent(world, subjectOf(campaign, type))) >= sequenceOf(id) ? true : undefined
  const patience = { withinMs: ARRIVES_WITHIN_MS, everyMs: LOOK_EVERY_MS }
  await Promise.all([
    waitFor(stored, { ...patience, what: `decision ${id} in Postgres` }),
    waitFor(told, { ...patience, what: `decision ${id} on the public stream` })
  ])
  return monotonicMs()
}
