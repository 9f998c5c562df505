import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg, { type Pool } from 'pg'
import { setStoreDeadline } from '../../src/base/deadline.ts'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { loadConfig } from '../../src/config/config.ts'
import { asCsv } from '../../src/export/report/csv.ts'
import { readReport, storeFinal } from '../../src/export/report/report.ts'
import { supplierSettlement } from '../../src/export/report/supplier.ts'
import { reportPage } from '../../src/http/report-page/page.tsx'
import { startServers } from '../../src/stack/servers/all.ts'
import { attemptTotals } from '../../src/store/campaigns/attempts.ts'
import { findCampaign } from '../../src/store/campaigns/campaigns.ts'
import { migrate } from '../../src/store/connection/migrate.ts'
import { createPool } from '../../src/store/connection/pool.ts'
import { cpuMicros, machineMicros } from '../measuring/process-cpu.ts'
import { readArguments } from '../running/arguments.ts'
import { createStops, type Stops } from '../running/stops.ts'
import { benchDraw, benchItem, saleOf } from '../stack/admin.ts'
import { fillCampaign } from './fill.ts'

const CAMPAIGN = 'bench'
const HOUR_MS = 3_600_000
const LONGEST_MS = 600_000
const actor = { operator: 'ada', reason: 'a bench' }

/** A settled campaign, as it stands in its row once it was published. @throws Error when the definition has errors */
async function publish(pool: Pool, opensAt: number): Promise<void> {
  const [from, to] = [opensAt, opensAt + 96 * HOUR_MS].map((at) => new Date(at).toISOString())
  const phone = { ...saleOf({ stock: 1_000_000, unitsPerUser: 100 }, from ?? '', to ?? ''), supplier: 'acme' }
  const activities = [phone, benchDraw(1000), benchItem(1000)]
  const timed = { opensAt: from, closesAt: to, units: { points: { scope: 'account' } } }
  const checked = checkDefinition({ id: CAMPAIGN, title: 'Bench', timezone: 'Asia/Shanghai', ...timed, activities })
  if (!checked.ok) throw new Error(`The campaign is not right: ${JSON.stringify(checked.errors)}`)
  await pool.query(
    `insert into campaigns (campaign_id, version, review, author, published_version, published_at, rules, ended, settled)
     values ($1, 1, 'published', 'ada', 1, now(), $2, true, true)`,
    [CAMPAIGN, JSON.stringify(checked.rules)]
  )
}

interface Store {
  readonly pool: Pool
  /** what each statement of the pool took last, in ms */
  readonly took: ReadonlyMap<string, number>
  /** CPU time of all of Postgres so far, in s */
  readonly cpu: () => number
  /** without timeouts, for what the bench itself asks */
  readonly client: pg.Client
}

async function start(stops: Stops): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-report-'))
  await stops.after(Promise.resolve(folder), async () => rmSync(folder, { recursive: true, force: true }))
  const starting = startServers({ folder, parts: ['postgres'], endWithLauncher: true })
  const servers = await stops.after(starting, (all) => all.stop(5000))
  const urls = { REDIS_URL: 'redis://127.0.0.1:1', NATS_URL: 'nats://127.0.0.1:1', DATABASE_URL: servers.postgres.url }
  const config = loadConfig({ NAMESPACE: 'bench', ...urls })
  setStoreDeadline(LONGEST_MS)
  await migrate(config)
  const pool = await stops.after(Promise.resolve(createPool(config, { max: 8, name: 'report' })), (one) => one.end())
  const took = noteStatements(pool)
  const client = new pg.Client({ connectionString: config.DATABASE_URL, options: `-c search_path=${config.NAMESPACE}` })
  await stops.after(client.connect(), () => client.end())
  const cpu = () => cpuMicros({ postgres: [servers.postgres.pid()] }).postgres / 1e6
  return { pool, client, took, cpu }
}

/** Locks that other sessions hold, by their modes, looked at again and again until `over`. */
async function locksUntil(client: pg.Client, over: () => boolean): Promise<string[]> {
  const seen = new Set<string>()
  while (!over()) {
    const { rows } = await client.query<{ mode: string }>(
      `select distinct mode from pg_locks where pid <> pg_backend_pid() and locktype in ('relation', 'tuple', 'page')
         and database = (select oid from pg_database where datname = current_database())`
    )
    for (const { mode } of rows) seen.add(mode)
    await delay(50)
  }
  return [...seen].sort()
}

/** Asks so often as it is told to, and prints the seconds, those of Postgres' CPU, and how busy others kept the machine. */
const timer =
  (cpu: () => number) =>
  async <Result>(name: string, ask: () => Promise<Result>, runs = 1): Promise<Result> => {
    const took: string[] = []
    let result: Result | undefined
    const [startedAt, machine, own] = [performance.now(), machineMicros(), cpu()]
    for (let run = 0; run < runs; run += 1) {
      const [from, worked] = [performance.now(), cpu()]
      result = await ask()
      took.push(`${((performance.now() - from) / 1000).toFixed(2)} (${(cpu() - worked).toFixed(2)})`)
    }
    const others = (machineMicros() - machine) / 1e6 - (cpu() - own)
    const busy = (others / ((performance.now() - startedAt) / 1000)).toFixed(1)
    console.log(`  ${name.padEnd(34)} ${took.join(', ')} s; others kept ${busy} cores busy`)
    return result as Result
  }

/** What each statement of a report took, by the beginning of its text; Postgres is asked through `pool.connect`. */
function noteStatements(pool: Pool): Map<string, number> {
  const took = new Map<string, number>()
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...asked: unknown[]) => unknown
    const noted = async (...asked: unknown[]) => {
      const startedAt = performance.now()
      const result = await query(...asked)
      const [text] = asked
      if (typeof text === 'string') took.set(text, performance.now() - startedAt)
      return result
    }
    Object.assign(client, { query: noted })
  })
  return took
}

async function explain(client: pg.Client, texts: Iterable<string>, values: readonly unknown[]): Promise<void> {
  for (const text of texts) {
    const names = [...text.matchAll(/\$(\d)/g)].map(([, number]) => Number(number))
    const { rows } = await client.query(`explain (analyze, buffers) ${text}`, values.slice(0, Math.max(...names)))
    console.log(`\n${text}\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`)
  }
}

async function measure(
  store: Store,
  asked: { readonly orders: number; readonly users: number; readonly runs: number; readonly explain: boolean }
): Promise<void> {
  const { pool, client, took, cpu } = store
  const timed = timer(cpu)
  const opensAt = Date.now() - 73 * HOUR_MS
  await publish(pool, opensAt)
  const startedAt = performance.now()
  const decisions = await fillCampaign({ client, campaign: CAMPAIGN, opensAt, ...asked })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  console.log(
    `${asked.orders} orders by ${asked.users} users, ${decisions} decisions, filled in ${seconds} s. Seconds, and of Postgres' CPU:`
  )
  await timed('attempts of the live figures', () => attemptTotals(pool, CAMPAIGN), asked.runs)
  let over = false
  const [report, locks] = await Promise.all([
    timed('preliminary report', () => readReport(pool, CAMPAIGN, { now: Date.now() }), asked.runs).finally(() => {
      over = true
    }),
    locksUntil(client, () => over)
  ])
  const slow = [...took].filter(([, ms]) => ms > 200).sort(([, a], [, b]) => b - a)
  for (const [text, ms] of slow)
    console.log(`    ${(ms / 1000).toFixed(2)} s  ${text.trim().replace(/\s+/g, ' ').slice(0, 90)}`)
  console.log(`  locks that were held meanwhile: ${locks.join(', ')}`)
  await timed('as CSV', async () => asCsv(report).length)
  await timed('as a page', async () => reportPage(report, 'en').length)
  await timed('final version', () => storeFinal(pool, CAMPAIGN, { ...actor, now: Date.now() }), asked.runs)
  const row = await findCampaign(pool, CAMPAIGN)
  if (row !== undefined)
    await timed('settlement of all suppliers', () =>
      supplierSettlement(pool, row, { supplier: undefined, now: Date.now() })
    )
  if (!asked.explain) return
  const values = [CAMPAIGN, 'Asia/Shanghai', new Date(opensAt), 'u:%']
  const reads = slow.flatMap(([text]) => (/^\s*(with|select)/.test(text) && text.includes('$1') ? [text] : []))
  await explain(client, reads, values)
}

const usage = `npm run bench:report -- [options]

  --orders N         orders of the campaign                       (100000)
  --users N          who take part                                (0.3 of the orders)
  --runs N           how often each is asked for                  (3)
  --explain          plans of the statements that take longer than 0.2 s
`

async function run(): Promise<void> {
  const values = readArguments(usage, {
    orders: { type: 'string', default: '100000' },
    users: { type: 'string' },
    runs: { type: 'string', default: '3' },
    explain: { type: 'boolean', default: false }
  })
  const orders = Number(values.orders)
  const users = Number(values.users ?? Math.ceil(orders * 0.3))
  const stops = createStops()
  try {
    await measure(await start(stops), { orders, users, runs: Number(values.runs), explain: values.explain })
  } finally {
    await stops.all()
  }
}

await run()
