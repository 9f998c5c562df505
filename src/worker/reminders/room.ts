import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { reminderEvents } from '../../events/reminder.ts'
import { storedBytes } from '../../journal/room.ts'
import type { Names } from '../../journal/subjects.ts'
import { nextReserved, reminderPlace, reservedAfter } from '../../store/campaigns/reminders.ts'
import type { Reminded } from './sessions.ts'

/** What is known of the public stream. */
export interface EventsStream {
  readonly config: { readonly max_bytes: number; readonly discard: string }
  readonly state: { readonly bytes: number }
}

interface RoomParts {
  readonly pool: Pool
  readonly names: Names
  readonly logger: Logger
  readonly stream: () => Promise<EventsStream | undefined>
  readonly now: () => number
}

/** Where a stream refuses what does not fit, reminders leave this share of it to other events. */
const SHARE = 0.9
const LOOK_EVERY_MS = 2000
const LOOK_AGAIN_MS = 5000
const COUNTED_MOST = 20_000_000

/** Whether the reminders of a session fit into the public stream: said before the first is told. */
export class ReminderRoom {
  readonly #parts: RoomParts
  /** when it was tried last, by session; Infinity once it is known */
  readonly #looked = new Map<string, number>()
  #isLeft = true
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(parts: RoomParts) {
    this.#parts = parts
  }

  /**
   * Raises an alarm, once, where the reminders that a session has now do not fit. NATS that is away is asked again.
   * @param name of the session
   */
  async look(name: string, session: Reminded): Promise<void> {
    if (performance.now() - (this.#looked.get(name) ?? Number.NEGATIVE_INFINITY) < LOOK_AGAIN_MS) return
    this.#looked.set(name, performance.now())
    const { pool, logger } = this.#parts
    const stream = await this.#stream()
    if (stream === undefined) return
    const after = await reminderPlace(pool, session)
    const reminders = await reservedAfter(pool, session, { after, most: COUNTED_MOST })
    const bytes = reminders * (await this.#bytesOfOne(session, after))
    this.#looked.set(name, Number.POSITIVE_INFINITY)
    const most = stream.config.max_bytes
    const free = most - stream.state.bytes
    if (most <= 0 || bytes <= free) return
    const { campaign, activity, session: id } = session
    logger.error(
      { alarm: 'REMINDERS_ROOM', campaign, activity, session: id, reminders, bytes, free: Math.max(0, free), most },
      bytes > most
        ? 'the public stream cannot hold all reminders of a session: the first go before the last come'
        : 'the reminders of a session need more room than the public stream has free: older events go before their time'
    )
  }

  /** False where the public stream refuses what does not fit and has room for other events only: reminders wait. */
  async isLeft(): Promise<boolean> {
    if (performance.now() - this.#lookedAt < LOOK_EVERY_MS) return this.#isLeft
    this.#lookedAt = performance.now()
    const stream = await this.#stream()
    if (stream === undefined) return this.#isLeft
    const { config, state } = stream
    const isLeft = config.discard !== 'new' || config.max_bytes <= 0 || state.bytes < SHARE * config.max_bytes
    if (!isLeft && this.#isLeft)
      this.#parts.logger.warn({ bytes: state.bytes }, 'the public stream is full: reminders wait')
    this.#isLeft = isLeft
    return isLeft
  }

  #stream(): Promise<EventsStream | undefined> {
    return this.#parts.stream().catch(() => undefined)
  }

  async #bytesOfOne(session: Reminded, after: number): Promise<number> {
    const { pool, names, now } = this.#parts
    const [one] = await nextReserved(pool, session, { after, most: 1, before: new Date(session.opensAt) })
    return one === undefined ? 0 : storedBytes(reminderEvents(names, session, now())(one))
  }
}
