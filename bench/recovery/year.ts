import { createHash } from 'node:crypto'
import { loadavg } from 'node:os'
import { Campaigns } from '../../src/campaign/lifecycle/lifecycle.ts'
import { archiveLines } from '../../src/export/archive.ts'
import { storeFinal } from '../../src/export/report/report.ts'
import type { Command } from '../../src/gate/batch/commands.ts'
import type { Outcome } from '../../src/gate/batch/outcomes.ts'
import { openNow, saleOf } from '../stack/admin.ts'
import { until, type World } from './world.ts'

interface Year {
  readonly campaigns: number
  /** of each campaign */
  readonly decisions: number
  /** after how many campaigns it is measured again */
  readonly every: number
}

const ada = { operator: 'ada', reason: 'a year' }
const ben = { operator: 'ben', reason: 'a year' }
/** Commands that are asked for at once. */
const AT_ONCE = 256
/** Decisions of a user in a campaign: an order, its payment, a task, and another order with its payment. */
const EACH = 5

/** A campaign that is final as soon as it is settled. */
function definitionOf(id: string) {
  const { opensAt, closesAt } = openNow()
  const sale = { ...saleOf({ stock: 1_000_000, unitsPerUser: 100 }, opensAt, closesAt), payWithinSeconds: 10 }
  const task = { id: 'visit', kind: 'task', title: 'Visit', per: 'campaign', reward: { points: 5 } }
  const units = { points: { scope: 'account' } }
  const policies = { returnWithinDays: 0, cancellable: 'unpaid' }
  return {
    id,
    title: 'One of a year',
    timezone: 'Asia/Shanghai',
    opensAt,
    closesAt,
    units,
    policies,
    activities: [sale, task]
  }
}

async function insist(world: World, command: Command): Promise<Extract<Outcome, { kind: 'confirmed' }>> {
  let confirmed: Extract<Outcome, { kind: 'confirmed' }> | undefined
  await until(performance.now(), async () => {
    const outcome = await world.parts.gate.submit(command)
    if (outcome.kind === 'refused') throw new Error(`${command.key} was refused: ${JSON.stringify(outcome)}`)
    if (outcome.kind === 'confirmed') confirmed = outcome
    return confirmed !== undefined
  })
  if (confirmed === undefined) throw new Error(`${command.key} was not confirmed`)
  return confirmed
}

/** What a user does: buys and pays twice, and visits. */
async function takePart(world: World, campaign: string, user: string): Promise<void> {
  for (const nth of [1, 2]) {
    const key = `u:${campaign}-${nth}-${user}`
    const buy = {
      op: 'buy',
      user,
      key,
      hash: 'buy',
      campaign,
      activity: 'phone',
      level: 0,
      quantity: 1,
      request: '{"quantity":1}'
    } as const
    const order = (await insist(world, buy)).decision.order
    if (order === undefined) throw new Error('An order has no record')
    const about = { order: order.id, activity: 'phone', session: order.session, by: 'operator' } as const
    const paid = { amount: order.unitPrice, currency: 'CNY', request: '{"reference":"r"}' }
    await insist(world, {
      op: 'transition',
      transition: 'pay',
      user,
      key: `x:pay:${order.id}:r`,
      hash: 'pay',
      campaign,
      ...about,
      ...paid
    })
  }
  const asked = { user, key: `u:${campaign}-visit-${user}`, hash: 'visit', campaign, activity: 'visit', request: '{}' }
  await insist(world, { op: 'participate', ...asked, quantity: 1, level: 0, by: 'user', random: '', pool: '' })
}

async function sell(world: World, campaign: string, users: number): Promise<void> {
  let next = 0
  const lane = async () => {
    for (let user = next++; user < users; user = next++) await takePart(world, campaign, `customer-${user}`)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

async function archive({ pool, config }: World, campaigns: Campaigns, id: string): Promise<void> {
  await campaigns.end(id, ada)
  await campaigns.settle(id, ada)
  await until(performance.now(), async () => (await campaigns.get(id)).settled)
  await storeFinal(pool, id, { ...ada, now: Date.now() })
  await until(performance.now(), async () => (await campaigns.planArchive(id)).waitsFor.length === 0)
  const hash = createHash('sha256')
  for await (const line of archiveLines(pool, { namespace: config.NAMESPACE, campaign: id })) hash.update(`${line}\n`)
  await campaigns.archive({ id, sha256: hash.digest('hex') }, ada)
  await until(performance.now(), async () => (await campaigns.archiving(id)).parts.every(({ step }) => step === 'done'))
}

const HOT = ['decisions', 'frames', 'checkpoint_rows', 'stock', 'balances'] as const

/**
 * What Redis holds, in bytes. Its log of slow commands (128 with their arguments, 220 kB) and its histograms (23 kB for each command that
 * was ever called) fill during the first campaigns, whatever is stored, so they are dropped first.
 */
async function redisSizes({ redis }: World['parts']) {
  await redis.slowlog('RESET')
  await redis.config('RESETSTAT')
  let keys = 0
  for await (const page of redis.scanStream({ count: 500 }) as AsyncIterable<string[]>) {
    const usages = await Promise.all(page.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)))
    for (const usage of usages) keys += usage ?? 0
  }
  const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1] ?? 0)
  return { used, keys }
}

/** What is live, in bytes, and rows of the checkpoint; tables after a vacuum. */
async function sizesOf({ parts, pool }: World) {
  // until the journal is let go, JOURNAL_KEEP later
  await until(performance.now(), async () => {
    const { rows } = await pool.query<{ frames: number }>('select count(*)::int as frames from frames')
    return (rows[0]?.frames ?? 0) < 100
  })
  await pool.query('vacuum analyze')
  const { rows } = await pool.query<{ name: string; bytes: number }>(
    `select relname as name, pg_total_relation_size(c.oid) as bytes from pg_class c
     where relname = any($1) and relkind = 'r' and relnamespace = current_schema()::regnamespace order by relname`,
    [HOT]
  )
  const live = new Map<string, number>()
  for (const name of HOT) {
    const summed = await pool.query<{ bytes: number }>(
      `select coalesce(sum(pg_column_size(x.*)), 0)::bigint as bytes from ${name} x`
    )
    live.set(name, summed.rows[0]?.bytes ?? 0)
  }
  const counted = await pool.query<{ rows: number; bytes: number }>(
    'select count(*)::int as rows, coalesce(sum(length(fields)), 0)::bigint as bytes from checkpoint_rows'
  )
  return {
    redis: await redisSizes(parts),
    tables: rows.map((table) => ({ ...table, live: live.get(table.name) ?? 0 })),
    checkpoint: counted.rows[0] ?? { rows: 0, bytes: 0 }
  }
}

const kilobytes = (bytes: number) => `${Math.round(bytes / 1000)} kB`

/** Campaigns of a year, each sold, settled and archived before the next; the same customers come to all of them. */
export async function playYear(
  world: World,
  { campaigns: count, decisions, every }: Year,
  reopen: (nth: number) => Promise<number>
): Promise<void> {
  const campaigns = new Campaigns({ pool: world.pool, gate: world.parts.gate }, { carryMs: 60_000 })
  const users = Math.ceil(decisions / EACH)
  for (let nth = 1; nth <= count; nth += 1) {
    const id = `of-a-year-${nth}`
    const startedAt = performance.now()
    await campaigns.save({ id, input: definitionOf(id) }, ada)
    await campaigns.submit(id, ada)
    await campaigns.approve(id, ben)
    await campaigns.publish(id, ben)
    await sell(world, id, users)
    const soldAt = performance.now()
    await archive(world, campaigns, id)
    if (nth !== 1 && nth % every !== 0) continue
    const { redis, tables, checkpoint } = await sizesOf(world)
    const ms = await reopen(nth)
    const spent = `sold in ${((soldAt - startedAt) / 1000).toFixed(0)} s, archived ${((performance.now() - soldAt) / 1000).toFixed(0)} s later`
    console.log(`after ${nth} campaigns of ${users * EACH} decisions (${spent}, load ${loadavg()[0]?.toFixed(1)})`)
    console.log(
      `  Redis ${kilobytes(redis.used)} (its keys ${kilobytes(redis.keys)}), checkpoint ${checkpoint.rows} rows with ${kilobytes(checkpoint.bytes)}, reopened in ${(ms / 1000).toFixed(2)} s`
    )
    console.log(
      `  ${tables.map(({ name, bytes, live }) => `${name} ${kilobytes(bytes)} (live ${kilobytes(live)})`).join(', ')}`
    )
  }
}
