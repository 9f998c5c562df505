import type { Writable } from 'node:stream'
import type { DiscardPolicy } from 'nats'
import { pino } from 'pino'
import type { Test } from 'tap'
import type { CatalogueCampaign } from '../../../src/campaign/carrying/catalogue.ts'
import { definitionOf } from '../../../src/campaign/definition/rules.ts'
import { createPublisher } from '../../../src/journal/publisher.ts'
import { StreamReader } from '../../../src/journal/reader.ts'
import { ensurePublicStream, manager } from '../../../src/journal/streams.ts'
import { streamNames } from '../../../src/journal/subjects.ts'
import { ReminderDriver } from '../../../src/worker/drivers/remind.ts'
import { rulesOf } from '../../campaign/example-kinds.ts'
import { exampleDefinition, exampleSale } from '../../campaign/example-sale.ts'
import type { ServerUrls } from '../servers/servers.ts'
import { startCore } from './core.ts'

/** When the sessions of the example's sale open. */
export const OPENS = { am: Date.parse('2026-11-11T10:00:00+08:00'), pm: Date.parse('2026-11-11T15:00:00+08:00') }
export const MINUTE = 60_000

/** The campaign of the example with a reservation `remind` of its sale, ten minutes before a session opens. */
export function reservedCampaign(changes: Partial<CatalogueCampaign> = {}): CatalogueCampaign {
  const remind = { id: 'remind', kind: 'reservation', of: 'phone', remindMinutes: 10 }
  const rules = rulesOf(exampleDefinition({ activities: [exampleSale({ requires: undefined }), remind] }))
  const flags = { paused: false, ended: false, settled: false, notice: null }
  const seeds: CatalogueCampaign['seeds'] = new Map()
  const shown = { id: 'launch', version: 1, revision: 1, publishedAt: 0, seeds, ...flags }
  return { ...shown, rules, definition: definitionOf(rules), ...changes }
}

interface Told {
  readonly id: string
  readonly time: string
  readonly data: Readonly<Record<string, string>>
}

/** Drivers of reminders on real servers, with a clock and a catalogue of the test; no worker runs beside them. */
export async function startReminders(
  t: Test,
  urls: ServerUrls,
  options: { readonly log?: Writable; readonly streamBytes?: number; readonly discard?: DiscardPolicy } = {}
) {
  const { log, streamBytes: maxBytes = 512 * 1024 ** 2, discard } = options
  const core = await startCore(t, urls)
  const { connection } = await core.gateway()
  const names = streamNames(core.config.NAMESPACE)
  const jsm = await manager(connection)
  await ensurePublicStream(jsm, names, { replicas: 1, maxBytes, leastBytes: 0, keepSeconds: 3600 })
  const stream = () => jsm.streams.info(names.publicStream)
  if (discard) await jsm.streams.update(names.publicStream, { ...(await stream()).config, discard })
  const publisher = createPublisher(connection, 20_000)
  const state = { now: OPENS.am - 30 * MINUTE, campaign: reservedCampaign() }
  const reader = new StreamReader({ connection, jsm, stream: names.publicStream, from: 1 })
  t.teardown(async () => {
    await reader.close()
    publisher.close()
  })
  const catalogue = { refresh: async () => {}, list: () => [state.campaign] }
  const logger = log ? pino({ level: 'info' }, log) : core.logger
  return {
    pool: core.pool,
    state,
    publisher,
    names,
    stream,
    driver: (parts: { readonly publisher?: typeof publisher } = {}) =>
      new ReminderDriver({
        pool: core.pool,
        publisher,
        names,
        catalogue,
        shard: 0,
        logger,
        stream,
        now: () => state.now,
        ...parts
      }),
    /**
     * Reservations as the projection stores them, by users `<prefix>1` to `<prefix><count>`.
     * @param session '' is all
     * @param part of the ids, where the same users reserve again
     */
    async reserve(
      prefix: string,
      { count = 1, session = 'am', first = 'am', at = OPENS.am - 60 * MINUTE, part = '' } = {}
    ) {
      await core.pool.query(
        `insert into reservations (shard, reservation_id, campaign_id, activity_id, session_id, first_session, user_id,
           epoch, sequence, made_at)
         select 0, '0-1-' || $6::text || $1 || n, 'launch', 'remind', $3, $4, $1 || n, 1, n, $5 from generate_series(1, $2::integer) n`,
        [prefix, count, session, first, new Date(at), part]
      )
    },
    /** The events that came since it was asked last. */
    async told(): Promise<Told[]> {
      const told: Told[] = []
      for (;;) {
        const messages = await reader.read(1000, 500)
        if (messages.length === 0) return told
        told.push(...messages.map(({ text }) => JSON.parse(text) as Told))
      }
    },
    stored: async () => (await stream()).state.messages,
    async counts() {
      const { rows } = await core.pool.query<{ told: number; missed: number; withheld: number }>(
        `select coalesce(sum(told), 0)::float8 as told, coalesce(sum(missed), 0)::float8 as missed,
           coalesce(sum(withheld), 0)::float8 as withheld from reminder_sessions`
      )
      return rows[0]
    }
  }
}
