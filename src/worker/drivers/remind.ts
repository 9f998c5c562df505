import { type Catalogue, statusOf } from '../../campaign/carrying/catalogue.ts'
import { reminderPlace, reservedAfter } from '../../store/campaigns/reminders.ts'
import { Pace, SPREAD_MS } from '../reminders/pace.ts'
import { type EventsStream, ReminderRoom } from '../reminders/room.ts'
import { isTooLate, type Reminded, remindedSessions } from '../reminders/sessions.ts'
import { SessionTelling, type TellingParts } from '../reminders/tell.ts'

const MINUTE_MS = 60_000
/** How long before the first is told it is looked whether they fit into the stream. */
const LOOK_MS = 10 * MINUTE_MS
/** How long after its opening a session is looked at, for reminders that were missed. */
const AFTER_MS = 24 * 60 * MINUTE_MS
/** A session that is so long open and has nothing left is not looked at again. */
const QUIET_MS = MINUTE_MS
/** A session with nothing to tell is looked at so often. */
const REST_MS = 500
/** How often it is looked for changes of campaigns. */
const CATALOGUE_MS = 500
const COUNT_EVERY_MS = 5000
const COUNTED_MOST = 20_000_000

interface ReminderParts extends Omit<TellingParts, 'now'> {
  readonly catalogue: Pick<Catalogue, 'refresh' | 'list'>
  readonly shard: number
  /** asks NATS for the public stream */
  readonly stream: () => Promise<EventsStream | undefined>
  readonly now?: () => number
}

/** What this process remembers of a session while it tells. */
interface Telling {
  readonly pages: SessionTelling
  pace: Pace | undefined
  /** may be told, by the last count and what was passed since then */
  waiting: number
  countedAt: number
  /** missed, and not yet said */
  missed: number
  restsUntil: number
}

/**
 * Tells users of sessions that they reserved, by the event `reminder.due`: once each, spread over the minute before it is due, and
 * never after the session has opened.
 */
export class ReminderDriver {
  readonly #parts: ReminderParts & TellingParts
  readonly #room: ReminderRoom
  readonly #telling = new Map<string, Telling>()
  readonly #over = new Set<string>()

  constructor(parts: ReminderParts) {
    this.#parts = { now: Date.now, ...parts }
    this.#room = new ReminderRoom(this.#parts)
  }

  /** @returns the number of reminders told in this step */
  async step(): Promise<number> {
    const { catalogue, shard, now } = this.#parts
    await catalogue.refresh(CATALOGUE_MS)
    const running = catalogue.list().filter((campaign) => !campaign.ended && statusOf(campaign, now()) !== 'ended')
    let told = 0
    for (const session of running.flatMap((campaign) => remindedSessions(campaign, shard))) {
      const name = [session.campaign, session.activity, session.session, session.opensAt].join('/')
      const begins = session.opensAt - session.remindMs - SPREAD_MS
      if (now() < begins - LOOK_MS || now() >= session.opensAt + AFTER_MS || this.#over.has(name)) continue
      await this.#room.look(name, session)
      if (now() < begins) continue
      try {
        told += await this.#work(name, session)
      } catch (error) {
        this.#telling.delete(name)
        throw error
      }
    }
    return told
  }

  async #work(name: string, session: Reminded): Promise<number> {
    const telling = this.#telling.get(name) ?? (await this.#begin(session))
    this.#telling.set(name, telling)
    const now = this.#parts.now()
    if (now >= session.opensAt) {
      await this.#close(name, session, telling)
      return 0
    }
    if (session.paused) telling.pace = undefined
    if (session.paused || isTooLate(session, now) || now < telling.restsUntil) return 0
    telling.pace ??= new Pace(session, now)
    const quota = await this.#quota(session, telling, telling.pace)
    if (quota === 0 || !(await this.#room.isLeft())) return 0
    const { told, passed, isDone } = await telling.pages.tell(quota)
    telling.waiting -= passed
    telling.pace.passed(passed)
    if (isDone) telling.restsUntil = this.#parts.now() + REST_MS
    return told
  }

  async #begin(session: Reminded): Promise<Telling> {
    const place = await reminderPlace(this.#parts.pool, session)
    const pages = new SessionTelling(this.#parts, session, place)
    const countedAt = Number.NEGATIVE_INFINITY
    return { pages, pace: undefined, waiting: 0, countedAt, missed: 0, restsUntil: 0 }
  }

  async #quota(session: Reminded, telling: Telling, pace: Pace): Promise<number> {
    const now = this.#parts.now()
    if (!pace.isOver(now) && now - telling.countedAt >= COUNT_EVERY_MS) {
      const after = telling.pages.place
      telling.waiting = await reservedAfter(this.#parts.pool, session, { after, most: COUNTED_MOST })
      telling.countedAt = now
    }
    return pace.quota(telling.waiting, now)
  }

  async #close(name: string, session: Reminded, telling: Telling): Promise<void> {
    const now = this.#parts.now()
    const { missed, passed, isDone } = await telling.pages.close()
    telling.missed += missed
    if (!isDone) return
    if (telling.missed > 0) {
      const alarm = { alarm: 'REMINDERS_MISSED', campaign: session.campaign, activity: session.activity }
      this.#parts.logger.error(
        { ...alarm, session: session.session, missed: telling.missed },
        'users were not reminded before the session opened that they reserved'
      )
      telling.missed = 0
    }
    if (passed > 0 || now <= session.opensAt + QUIET_MS) return
    this.#telling.delete(name)
    this.#over.add(name)
  }
}
