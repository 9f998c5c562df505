import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import t, { type Test } from 'tap'
import { assertSound } from '../support/judging/assert-sound.ts'
import { readState } from '../support/judging/evidence.ts'
import { type AttemptKind, History, now } from '../support/load/history.ts'
import { LoadClient } from '../support/load/load-client.ts'
import { Pressure, Sampler } from '../support/load/pressure.ts'
import { evidenceFolder } from '../support/running/evidence-folder.ts'
import { tookAtMost } from '../support/running/pace.ts'
import { type Part, startStack } from '../support/servers/stack.ts'
import { openSession, promiseOf, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'

const stock = 900
const boughtBeforeTheFault = 150
const restartDeadlineMs = 300_000
const confirmedAgainMs = 5000

const stack = await startStack(t)

interface Fault {
  readonly name: string
  readonly title: string
  /** the shard must have been opened again under a new epoch */
  readonly opensAgain?: boolean
  /** selling does not need this part */
  readonly sellsMeanwhile?: boolean
  /** Strikes, and resolves when the part is back. @returns what proves it */
  readonly strike: () => Promise<string>
}

async function killPart(part: Part): Promise<string> {
  const pid = stack.kill(part)
  const what = `the stack to start ${part} again`
  await waitFor(() => stack.isReplaced(part, pid), { deadlineMs: restartDeadlineMs, what })
  await waitFor(() => isBack(part), { deadlineMs: restartDeadlineMs, what: `${part} to accept connections` })
  return `${part} ${pid} was killed, ${stack.file().pids[part][0]} runs instead`
}

/** Removes everything from Redis at once, while its process and all connections stay. */
async function wipeRedis(): Promise<string> {
  const redis = new Redis(stack.file().redisUrl, { maxRetriesPerRequest: 1 })
  try {
    const keys = await redis.dbsize()
    await redis.multi().flushall().script('FLUSH').exec()
    return `${keys} keys were wiped`
  } finally {
    redis.disconnect()
  }
}

async function isBack(part: Part): Promise<boolean> {
  const { publicUrl, redisUrl, natsUrl, databaseUrl } = stack.file()
  const url = { gateway: publicUrl, redis: redisUrl, nats: natsUrl, postgres: databaseUrl, worker: undefined }[part]
  if (url === undefined) return true
  const { hostname, port } = new URL(url)
  if (part === 'postgres') return await answersQueries(databaseUrl)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(1000) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Postgres listens long before its crash recovery lets anybody in. */
async function answersQueries(databaseUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 1000, query_timeout: 1000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

const faults: readonly Fault[] = [
  { name: 'worker', title: 'the worker is killed', sellsMeanwhile: true, strike: () => killPart('worker') },
  { name: 'gateway', title: 'the gateway is killed', strike: () => killPart('gateway') },
  { name: 'nats', title: 'NATS is killed', strike: () => killPart('nats') },
  { name: 'postgres', title: 'Postgres is killed', sellsMeanwhile: true, strike: () => killPart('postgres') },
  { name: 'redis', title: 'Redis is killed', opensAgain: true, strike: () => killPart('redis') },
  { name: 'wipe', title: 'Redis is wiped', opensAgain: true, strike: wipeRedis }
]

async function epochNow(campaign: string): Promise<number> {
  const { shards } = await readState(stack.places(), campaign)
  return Math.max(...shards.map(({ epoch }) => epoch))
}

/** The 99th percentile of the latencies of a kind of answer, in ms; 0 without any. */
function p99(history: History, kind: AttemptKind): number {
  const sorted = history.latencies(kind)
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0
}

async function strikeInMidSale(t: Test, fault: Fault): Promise<void> {
  const id = `kill-${fault.name}`
  const sale = { id, unitsPerUser: 1, sales: { phone: { sessions: [openSession(stock)] } } }
  await stack.publish(saleDefinition(sale))
  const epochBefore = await epochNow(id)
  const history = new History()
  const tokenOf = (user: string) => stack.tokenOf(user)
  const client = new LoadClient({ publicUrl: stack.publicUrl, tokenOf, history, connections: 64, deadlineMs: 2000 })
  const sampler = new Sampler(stack, id)
  const pressure = new Pressure(client, { campaign: id, sale: 'phone', buyers: 32 })
  t.teardown(async () => {
    await pressure.stop()
    client.close()
    if (t.passing()) return
    mkdirSync(evidenceFolder(), { recursive: true })
    history.save(join(evidenceFolder(), `${id}.jsonl`))
    t.comment(stack.log())
  })

  const flowing = { what: `${boughtBeforeTheFault} confirmations before the fault` }
  await waitFor(() => history.count('ok') >= boughtBeforeTheFault && history.inFlight() > 0, flowing)
  t.comment(`${fault.title}: ${history.count('ok')} confirmed, ${history.inFlight()} requests in flight`)
  pressure.setPace('slow')
  const struckAt = now()
  t.comment(await fault.strike())
  const healedAt = now()
  pressure.setPace('quick')
  const again = { deadlineMs: 300_000, what: 'a confirmation after the heal' }
  await waitFor(() => history.firstOrderSince(healedAt) !== undefined, again)
  const againMs = (history.firstOrderSince(healedAt)?.answeredAt ?? 0) - healedAt
  tookAtMost(t, 'confirmed again after the heal', { ms: againMs, boundMs: confirmedAgainMs })

  await waitFor(() => sampler.isSoldOut(stock), {
    deadlineMs: 180_000,
    everyMs: 200,
    what: `all ${stock} units to be sold`
  })
  await pressure.stop()
  await assertSound(t, { stack, client, promise: promiseOf(sale, ['now'], true) })
  t.same(sampler.impossible(), [], 'no sample showed more sold than there is')
  const meanwhile = history.ordersBetween(struckAt, healedAt)
  t.comment(`${meanwhile} orders were confirmed in the ${Math.round(healedAt - struckAt)} ms in between`)
  if (fault.sellsMeanwhile) t.ok(meanwhile > 0, 'the sale went on while the part was away')
  if (fault.opensAgain) t.ok((await epochNow(id)) > epochBefore, 'the epoch rose')
  tookAtMost(t, 'refusals at p99', { ms: p99(history, 'refused'), boundMs: 1000 })
  t.notMatch(stack.log(), /unhandled/i, 'no unhandled rejection')
}

// FLOODGATE_TEST_FAULTS=redis,wipe runs these alone
const wanted = process.env.FLOODGATE_TEST_FAULTS?.split(',')
for (const fault of faults.filter(({ name }) => wanted?.includes(name) ?? true)) {
  t.test(`${fault.title} in mid-sale: nothing confirmed is lost or doubled, every unit is sold`, async (t) => {
    await strikeInMidSale(t, fault)
  })
}
