import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { pino } from 'pino'
import type { CatalogueCampaign } from '../src/campaign/carrying/catalogue.ts'
import { checkDefinition } from '../src/campaign/definition/check.ts'
import { definitionOf } from '../src/campaign/definition/rules.ts'
import { type Config, loadConfig } from '../src/config/config.ts'
import { connectJournal } from '../src/journal/connection.ts'
import { createPublisher } from '../src/journal/publisher.ts'
import { ensurePublicStream, manager, streamInfo } from '../src/journal/streams.ts'
import { streamNames } from '../src/journal/subjects.ts'
import { type Servers, startServers } from '../src/stack/servers/all.ts'
import { migrate } from '../src/store/connection/migrate.ts'
import { createPool } from '../src/store/connection/pool.ts'
import { ReminderDriver } from '../src/worker/drivers/remind.ts'
import { cpuMicros, machineMicros } from './measuring/process-cpu.ts'
import { readArguments } from './running/arguments.ts'
import { createStops, type Stops } from './running/stops.ts'
import { saleOf } from './stack/admin.ts'

const CAMPAIGN = 'bench'
const MINUTE_MS = 60_000
/** the pause of the worker's loop */
const LOOP_MS = 100
const SHOWN_MS = 5000
const partNames = ['worker', 'nats', 'postgres'] as const
const STORED_AT_ONCE = 50_000
const STREAM_BYTES = 4 * 1024 ** 3

/** A campaign whose one session opens an hour from now and is reserved. @throws Error when the definition has errors */
function reservedCampaign(opensAt: number): CatalogueCampaign {
  const [from, to] = [opensAt, opensAt + 60 * MINUTE_MS].map((at) => new Date(at).toISOString())
  const sale = saleOf({ stock: 1000, unitsPerUser: 1 }, from ?? '', to ?? '')
  const remind = { id: 'remind', kind: 'reservation', of: 'phone', remindMinutes: 10 }
  const title = { title: 'Benchmark', timezone: 'Asia/Shanghai' }
  const times = { opensAt: new Date(opensAt - 120 * MINUTE_MS).toISOString(), closesAt: to }
  const checked = checkDefinition({ id: CAMPAIGN, ...title, ...times, activities: [sale, remind] })
  if (!checked.ok) throw new Error(`The campaign is not right: ${JSON.stringify(checked.errors)}`)
  const flags = { paused: false, ended: false, settled: false, notice: null, seeds: new Map() }
  const shown = { id: CAMPAIGN, version: 1, revision: 1, publishedAt: 0, rules: checked.rules }
  return { ...shown, ...flags, definition: definitionOf(checked.rules) }
}

/** Reservations as the projection stores them. */
async function reserve(pool: Pool, users: number, madeAt: number): Promise<void> {
  for (let from = 1; from <= users; from += STORED_AT_ONCE) {
    await pool.query(
      `insert into reservations (shard, reservation_id, campaign_id, activity_id, session_id, first_session, user_id,
         epoch, sequence, made_at)
       select 0, '0-1-' || n, $1, 'remind', 'all-day', 'all-day', 'customer-' || n, 1, n, $2
       from generate_series($3::integer, $4::integer) n`,
      [CAMPAIGN, new Date(madeAt), from, Math.min(from + STORED_AT_ONCE - 1, users)]
    )
  }
  await pool.query('vacuum analyze reservations')
}

interface World {
  readonly servers: Servers
  readonly driver: ReminderDriver
  readonly state: { now: number }
  readonly opensAt: number
  readonly stored: () => Promise<{ readonly messages: number; readonly bytes: number }>
}

async function start(stops: Stops, users: number): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-reminders-'))
  await stops.after(Promise.resolve(folder), async () => rmSync(folder, { recursive: true }))
  const parts = ['nats', 'postgres'] as const
  const servers = await stops.after(startServers({ folder, parts, endWithLauncher: true }), (all) => all.stop(2000))
  const config: Config = loadConfig({
    NAMESPACE: 'bench',
    REDIS_URL: 'redis://127.0.0.1:1',
    NATS_URL: servers.nats.url,
    DATABASE_URL: servers.postgres.url
  })
  await migrate(config)
  const pool = await stops.after(Promise.resolve(createPool(config, { max: 8, name: 'reminders' })), (one) => one.end())
  const connecting = connectJournal({ url: config.NATS_URL, creds: '', name: 'reminders' })
  const connection = await stops.after(connecting, (one) => one.close())
  const names = streamNames(config.NAMESPACE)
  const jsm = await manager(connection)
  await ensurePublicStream(jsm, names, { replicas: 1, maxBytes: STREAM_BYTES, keepSeconds: 3600 })
  const publisher = createPublisher(connection, 2000)
  const opensAt = Date.now() + 60 * MINUTE_MS
  await reserve(pool, users, opensAt - 70 * MINUTE_MS)
  const state = { now: opensAt - 15 * MINUTE_MS }
  const catalogue = { refresh: async () => {}, list: () => [reservedCampaign(opensAt)] }
  const logger = pino({ level: 'warn' })
  const now = () => state.now
  const stream = () => streamInfo(jsm, names.publicStream)
  const driver = new ReminderDriver({ pool, publisher, names, catalogue, shard: 0, logger, now, stream })
  const stored = async () => (await streamInfo(jsm, names.publicStream))?.state ?? { messages: 0, bytes: 0 }
  return { servers, driver, state, opensAt, stored }
}

/** As fast as it goes: what a worker does that comes when the minute is over. @returns how many were told */
async function tellAtOnce({ driver, state, opensAt }: World): Promise<number> {
  state.now = opensAt - 11 * MINUTE_MS
  // on time, so that nothing counts as late; then all are due
  let told = await driver.step()
  state.now = opensAt - 10 * MINUTE_MS
  for (let more = -1; more !== 0; told += more) more = await driver.step()
  return told
}

/** By the clock, from the beginning of their minute, as the worker's loop does. @returns as above */
async function tellInTheMinute({ driver, state, opensAt }: World, users: number): Promise<number> {
  const began = performance.now()
  const by: number[] = []
  let told = 0
  while (told < users && state.now < opensAt) {
    state.now = opensAt - 11 * MINUTE_MS + (performance.now() - began)
    const more = await driver.step()
    told += more
    const at = Math.floor((performance.now() - began) / SHOWN_MS)
    by[at] = (by[at] ?? 0) + more
    await delay(LOOP_MS)
  }
  const seconds = (SHOWN_MS / 1000).toString()
  console.log(`told by ${seconds} s of the minute: ${Array.from(by, (count) => count ?? 0).join(' ')}`)
  return told
}

/** @throws Error when some were not told, or some are stored twice */
async function measure(world: World, users: number, minute: boolean): Promise<void> {
  const { nats, postgres } = world.servers
  const cpu = () => cpuMicros({ worker: [process.pid], nats: [nats.pid()], postgres: [postgres.pid()] })
  const load = () => loadavg()[0]?.toFixed(1)
  const [loadBefore, busyBefore, before, startedAt] = [load(), machineMicros(), cpu(), performance.now()]
  const told = minute ? await tellInTheMinute(world, users) : await tellAtOnce(world)
  const seconds = (performance.now() - startedAt) / 1000
  const after = cpu()
  const spent = partNames.map((part) => after[part] - before[part])
  const sum = spent.reduce((all, micros) => all + micros, 0)
  const others = (machineMicros() - busyBefore - sum) / 1e6 / seconds
  const { messages, bytes } = await world.stored()
  const each = partNames.map((part, index) => `${part} ${((spent[index] ?? 0) / users).toFixed(1)}`)
  console.log(`told ${told} in ${seconds.toFixed(1)} s, ${Math.round(told / seconds)}/s`)
  console.log(`us of CPU each: ${(sum / users).toFixed(1)} (${each.join(', ')})`)
  console.log(`stored ${messages} events of ${(bytes / messages).toFixed(0)} bytes`)
  console.log(`load ${loadBefore} to ${load()}; others kept ${others.toFixed(2)} cores busy meanwhile`)
  if (told !== users || messages !== users) throw new Error(`${users} should have been told, and stored once.`)
}

const usage = `npm run bench:reminders -- [options]

  --users N          who are to be reminded of one session        (100000)
  --minute           told by the clock, within the minute, instead of at once
`

async function run(): Promise<void> {
  const values = readArguments(usage, {
    users: { type: 'string', default: '100000' },
    minute: { type: 'boolean', default: false }
  })
  const users = Number(values.users)
  const stops = createStops()
  try {
    await measure(await start(stops, users), users, values.minute)
  } finally {
    await stops.all()
  }
}

await run()
