import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { type Catalogue, type CatalogueCampaign, statusOf } from '../../campaign/carrying/catalogue.ts'
import { kindOf } from '../../campaign/kinds/index.ts'
import { reminderEvent } from '../../events/reminder.ts'
import type { Publisher } from '../../journal/publisher.ts'
import type { Names } from '../../journal/subjects.ts'
import {
  closeReminders,
  closeRest,
  dueReminders,
  planReminders,
  type ReservedSession,
  waitingReminders
} from '../../store/campaigns/reminders.ts'
import { publishEvents } from '../events/publish-events.ts'

const MINUTE_MS = 60_000
/** Reminders are told within this time before they are due, so that not all users come at once. */
const SPREAD_MS = MINUTE_MS
/** They are planned so long before the first is told. */
const PLAN_MS = 10 * MINUTE_MS
/** What was not told by then is not told: an event on its way must not arrive after the opening. */
const LAST_MS = 500
/** Who reserves so shortly before the opening is there already. */
const THERE_MS = 2000
/** How long after its opening a session is looked at, for reminders that were missed. */
const AFTER_MS = 24 * 60 * MINUTE_MS
/** A session that is so long open and has nothing left is not looked at again. */
const QUIET_MS = MINUTE_MS
/** While nothing is to be told yet it is planned so often. */
const PLAN_EVERY_MS = 5000
/** A driver that begins later than this tells what it finds over the time that is left. */
const LATE_MS = 5000
const PLANNED_AT_ONCE = 5000
const TOLD_AT_ONCE = 1000
/** The part of the minute that one statement closes. */
const CLOSED_MS = 2000
/** The longest step, so that a worker can stop in time. */
const STEP_MS = 1000
/** Late reminders are spread over this part of the time that is left. */
const LATE_PART = 0.8
const COUNT_EVERY_MS = 5000
const COUNTED_MOST = 1_000_000

interface ReminderParts {
  readonly pool: Pool
  readonly publisher: Publisher
  readonly names: Names
  readonly catalogue: Pick<Catalogue, 'refresh' | 'list'>
  readonly shard: number
  readonly logger: Logger
  /** ms since 1970 */
  readonly now?: () => number
}

/** A session whose reminders are planned, told or closed now. */
interface Work extends ReservedSession {
  readonly of: string
  readonly opensAt: number
  readonly remindMs: number
  readonly paused: boolean
}

/** What this process remembers of a session while it tells. */
interface Telling {
  /** whether it began later than the first reminder was due: the rest is then spread over the time that is left */
  readonly late: boolean
  steppedAt: number
  countedAt: number
  waiting: number
}

function sessionsOf({ id, rules, paused: stopped }: CatalogueCampaign, shard: number): Work[] {
  return rules.activities.flatMap((activity) => {
    const reserved = kindOf(activity).reserves?.(activity)
    const target = reserved && rules.activities.find((other) => other.id === reserved.of)
    return (target?.sessions ?? []).map((session) => ({
      shard,
      campaign: id,
      activity: activity.id,
      session: session.id,
      of: reserved?.of ?? '',
      opensAt: session.opensAt,
      remindMs: reserved?.remindMs ?? 0,
      paused: stopped || activity.paused || target?.paused === true || session.paused
    }))
  })
}

/**
 * Tells users of sessions that they reserved, by the event `reminder.due`: once each, spread over the minute before it is due, and
 * never after the session has opened.
 */
export class ReminderDriver {
  readonly #parts: ReminderParts
  readonly #now: () => number
  readonly #telling = new Map<string, Telling>()
  readonly #plannedAt = new Map<string, number>()
  readonly #over = new Set<string>()

  constructor(parts: ReminderParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
  }

  /** @returns the number of reminders told in this step */
  async step(): Promise<number> {
    const { catalogue, shard } = this.#parts
    await catalogue.refresh()
    const now = this.#now()
    const running = catalogue.list().filter((campaign) => !campaign.ended && statusOf(campaign, now) !== 'ended')
    const works = running
      .flatMap((campaign) => sessionsOf(campaign, shard))
      .filter(({ opensAt, remindMs }) => now >= opensAt - remindMs - SPREAD_MS - PLAN_MS && now < opensAt + AFTER_MS)
    let told = 0
    for (const work of works) told += await this.#work(work)
    return told
  }

  async #work(work: Work): Promise<number> {
    const name = [work.campaign, work.activity, work.session, work.opensAt].join('/')
    if (this.#over.has(name)) return 0
    const begins = work.opensAt - work.remindMs - SPREAD_MS
    const last = this.#plannedAt.get(name) ?? Number.NEGATIVE_INFINITY
    if (this.#now() < Math.min(begins, last + PLAN_EVERY_MS)) return 0
    const planned = await this.#plan(work)
    const now = this.#now()
    this.#plannedAt.set(name, now)
    if (now >= work.opensAt - LAST_MS) {
      this.#telling.delete(name)
      if (now < work.opensAt) return 0
      const closed = await this.#close(work)
      if (planned + closed === 0 && now > work.opensAt + QUIET_MS) this.#over.add(name)
      return 0
    }
    if (work.paused) {
      this.#telling.delete(name)
      return 0
    }
    if (now < begins) return 0
    const late = now > begins + LATE_MS
    const telling = this.#telling.get(name) ?? { late, steppedAt: now, countedAt: 0, waiting: 0 }
    this.#telling.set(name, telling)
    return this.#tell(work, await this.#quota(work, telling))
  }

  async #plan(work: Work): Promise<number> {
    const before = new Date(work.opensAt - THERE_MS)
    let planned = 0
    for (const of of ['one', 'all'] as const) {
      let page = PLANNED_AT_ONCE
      while (page === PLANNED_AT_ONCE) {
        page = await planReminders(this.#parts.pool, work, { of, most: PLANNED_AT_ONCE, before })
        planned += page
      }
    }
    return planned
  }

  /** How many may be told in this step: all that are due, or their part of those that are late. */
  async #quota(work: Work, telling: Telling): Promise<number> {
    if (!telling.late) return Number.POSITIVE_INFINITY
    const now = this.#now()
    if (now - telling.countedAt >= COUNT_EVERY_MS) {
      telling.waiting = await waitingReminders(this.#parts.pool, work, COUNTED_MOST)
      telling.countedAt = now
    }
    const part = (now - telling.steppedAt) / (LATE_PART * (work.opensAt - now))
    telling.steppedAt = now
    return Math.max(TOLD_AT_ONCE / 10, Math.ceil(telling.waiting * part))
  }

  async #tell(work: Work, quota: number): Promise<number> {
    const { pool } = this.#parts
    const until = performance.now() + STEP_MS
    let told = 0
    while (told < quota && performance.now() < until) {
      const leastSpreadMs = work.opensAt - work.remindMs - this.#now()
      const most = Math.min(TOLD_AT_ONCE, quota - told)
      const due = await dueReminders(pool, work, { leastSpreadMs, most })
      const withheld = due.filter(({ disqualified }) => disqualified).map(({ user }) => user)
      await closeReminders(pool, work, { outcome: 'withheld', users: withheld })
      told += await this.#publish(
        work,
        due.filter(({ disqualified }) => !disqualified)
      )
      if (due.length < most || this.#isTooLate(work)) return told
    }
    return told
  }

  #isTooLate({ opensAt }: Work): boolean {
    return this.#now() >= opensAt - LAST_MS
  }

  async #publish(work: Work, due: Awaited<ReturnType<typeof dueReminders>>): Promise<number> {
    const { pool, publisher, names, logger } = this.#parts
    if (due.length === 0 || this.#isTooLate(work)) return 0
    const now = this.#now()
    const events = due.map((reminder) => reminderEvent(names, { ...work, ...reminder }, now))
    const { stored, reason } = await publishEvents(publisher, events, () => !this.#isTooLate(work))
    const users = due.slice(0, stored).map(({ user }) => user)
    await closeReminders(pool, work, { outcome: 'told', users })
    if (stored < due.length) logger.warn({ reason, session: work.session }, 'the public stream does not take reminders')
    return stored
  }

  /** What is left when the session has opened is told nobody. */
  async #close(work: Work): Promise<number> {
    const { pool, logger } = this.#parts
    const outcome = work.paused ? 'withheld' : 'missed'
    let closed = 0
    // part by part, so that no statement of a million takes too long
    for (let from = 0; from < SPREAD_MS; from += CLOSED_MS) {
      closed += await closeRest(pool, work, { outcome, from, to: from + CLOSED_MS })
    }
    if (closed > 0 && outcome === 'missed') {
      const { campaign, activity, session } = work
      const alarm = { alarm: 'REMINDERS_MISSED', campaign, activity, session, missed: closed }
      logger.error(alarm, 'users were not reminded before the session opened that they reserved')
    }
    return closed
  }
}
