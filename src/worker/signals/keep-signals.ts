import type { Pool } from 'pg'
import type { SignalQueue } from '../../journal/signals.ts'
import { type RefusalSample, readSignals, type Signals } from '../../record/signals.ts'
import {
  type AttemptMinute,
  addAttempts,
  addRefusals,
  foldMinutes,
  pruneRefusals
} from '../../store/campaigns/attempts.ts'
import { unstorableTexts } from '../../store/connection/storable-text.ts'
import { inTransaction } from '../../store/connection/transaction.ts'

interface KeeperParts {
  readonly queue: Pick<SignalQueue, 'take'>
  readonly pool: Pool
  /** ms since 1970 */
  readonly now?: () => number
}

const AT_ONCE = 256
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** A gateway's clock that is further off is not believed. */
const OFF_MS = 10 * MINUTE_MS
/** Samples of a step, whoever sent them. */
const SAMPLES_AT_ONCE = 500
const SAMPLE_DAYS = 30
const SAMPLES_MOST = 1_000_000
/** Counts by minute become counts by hour. */
const MINUTES_DAYS = 2
const TIDY_MS = 10 * MINUTE_MS

/** Counts of messages as rows, each place once. */
function minutesOf(messages: readonly Signals[], now: number): AttemptMinute[] {
  const rows = new Map<string, AttemptMinute & { times: number }>()
  for (const { at, activities } of messages) {
    const believed = Math.abs(at - now) > OFF_MS ? now : at
    const minute = new Date(Math.floor(believed / MINUTE_MS) * MINUTE_MS)
    for (const { campaign, activity, outcomes } of activities) {
      for (const [outcome, times] of Object.entries(outcomes)) {
        const name = `${campaign} ${activity} ${outcome} ${minute.getTime()}`
        const row = rows.get(name)
        if (row === undefined) rows.set(name, { campaign, activity, outcome, minute, times })
        else row.times += times
      }
    }
  }
  return [...rows.values()]
}

/** Samples that Postgres can store: the words of a refusal may quote a request. */
function samplesOf(messages: readonly Signals[], now: number): Array<Omit<RefusalSample, 'at'> & { at: Date }> {
  return messages
    .flatMap(({ refusals }) => refusals)
    .slice(0, SAMPLES_AT_ONCE)
    .filter((sample) => unstorableTexts(sample).length === 0)
    .map((sample) => ({ ...sample, at: new Date(Math.abs(sample.at - now) > OFF_MS ? now : sample.at) }))
}

/** Keeps what gateways signal: counts of attempts, and samples of refusals. All of it is approximate. */
export class SignalKeeper {
  readonly #parts: KeeperParts
  #tidyAt = 0

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  /** @returns how many messages were kept @throws what NATS and Postgres throw when they are away; signals older than a minute are lost then */
  async step(): Promise<number> {
    const { queue, pool, now = Date.now } = this.#parts
    const queued = await queue.take(AT_ONCE)
    const messages = queued.flatMap(({ text }) => readSignals(text) ?? [])
    if (messages.length > 0) {
      await inTransaction(pool, async (client) => {
        await addAttempts(client, minutesOf(messages, now()))
        await addRefusals(client, samplesOf(messages, now()))
      })
    }
    for (const message of queued) message.done()
    await this.#tidy(now())
    return queued.length
  }

  async #tidy(now: number): Promise<void> {
    if (now < this.#tidyAt) return
    const { pool } = this.#parts
    await foldMinutes(pool, new Date(now - MINUTES_DAYS * DAY_MS))
    const left = await pruneRefusals(pool, { before: new Date(now - SAMPLE_DAYS * DAY_MS), most: SAMPLES_MOST })
    this.#tidyAt = left > 0 ? now : now + TIDY_MS
  }
}
