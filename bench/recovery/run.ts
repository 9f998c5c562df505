import { cpSync, mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { foldCheckpoint } from '../../src/recovery/checkpoint/fold-checkpoint.ts'
import { completePlace, readCheckpoint } from '../../src/store/projection/checkpoint.ts'
import { advanceComplete } from '../../src/store/shard/openings.ts'
import { readShard } from '../../src/store/shard/shards.ts'
import { readArguments } from '../running/arguments.ts'
import { createStops } from '../running/stops.ts'
import { fillDecisions } from './fill.ts'
import { buyOf, publication } from './sale.ts'
import { peakMegabytes, resetPeak, startWorld, until, type World } from './world.ts'
import { playYear } from './year.ts'

const TEMPLATE = 'customer-template'
const LAG_FRAMES = 500

let nth = 0

/** Buys with a new user until that is confirmed. @returns ms since `startedAt` */
function untilConfirmed({ parts }: World, startedAt: number): Promise<number> {
  nth += 1
  const command = buyOf(`buyer-${nth}`)
  return until(startedAt, async () => (await parts.gate.submit(command)).kind === 'confirmed')
}

async function atRest({ parts }: World): Promise<void> {
  const empty = async () =>
    (await parts.redis.xlen(`${parts.prefix}outbox`)) + (await parts.redis.hlen(`${parts.prefix}kept`)) === 0
  await until(performance.now(), empty)
}

/** What happens to Redis. @returns when it answered again (performance.now()) */
type Event = (world: World) => Promise<number>

/** Whether a Redis on this port answers, which it does once it has read its files. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.on('data', (text) => {
      resolve(text.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
  })
}

async function restarted({ servers: { redis } }: World): Promise<number> {
  const starting = redis.restart()
  await until(performance.now(), () => answers(redis.port))
  const at = performance.now()
  await starting
  return at
}

const events: Readonly<Record<string, Event>> = {
  'scripts flushed': async ({ parts }) => {
    await parts.redis.script('FLUSH')
    return performance.now()
  },
  'Redis restarted': async (world) => {
    await world.servers.redis.kill()
    return restarted(world)
  },
  // what a replica that lagged has when it is promoted: an earlier state, under another replication id
  'fail-over, 500 frames behind': async (world) => {
    const { redis } = world.servers
    const { parts, folder } = world
    const copy = join(folder, 'copy')
    await parts.redis.call('BGREWRITEAOF')
    const rewritten = async () => (await parts.redis.info('persistence')).includes('aof_rewrite_in_progress:0')
    await delay(200)
    await until(performance.now(), rewritten)
    // every second a copy is complete on the disk
    await delay(1500)
    mkdirSync(copy, { recursive: true })
    cpSync(redis.folder, copy, { recursive: true })
    for (let frame = 0; frame < LAG_FRAMES; frame += 1) await untilConfirmed(world, performance.now())
    await atRest(world)
    await redis.kill()
    cpSync(join(copy, 'appendonlydir'), join(redis.folder, 'appendonlydir'), { recursive: true, force: true })
    return restarted(world)
  },
  wiped: async ({ parts }) => {
    await parts.redis.multi().flushall().script('FLUSH').exec()
    return performance.now()
  }
}

async function measure(world: World, name: string, event: Event): Promise<void> {
  await atRest(world)
  resetPeak(world.workerPid())
  const from = await event(world)
  const ms = await untilConfirmed(world, from)
  const memory = peakMegabytes(world.workerPid())
  console.log(`  ${name.padEnd(38)} ${(ms / 1000).toFixed(2).padStart(7)} s   worker at most ${memory} MB`)
}

/** What a deployment holds, by what it decided. */
async function sizes({ parts, pool }: World, { decisions, users }: Deployment): Promise<void> {
  const used = Number(/used_memory:(\d+)/.exec(await parts.redis.info('memory'))?.[1] ?? 0)
  const { rows } = await pool.query<{ name: string; bytes: number; count: number }>(
    `select relname as name, pg_total_relation_size(c.oid) as bytes, greatest(reltuples, 1)::bigint as count from pg_class c
     where relname in ('decisions', 'frames', 'checkpoint_rows') and relkind = 'r' order by relname`
  )
  const each = rows.map(({ name, bytes, count }) => `${name} ${Math.round(bytes / count)} bytes a row`)
  console.log(
    `  Redis ${Math.round(used / 1e6)} MB: ${Math.round(used / decisions)} bytes a decision, ${Math.round(used / users)} a user`
  )
  console.log(`  Postgres: ${each.join(', ')}`)
}

interface Deployment {
  readonly decisions: number
  readonly users: number
}

async function play({ decisions, users }: Deployment, runs: number): Promise<void> {
  const stops = createStops()
  try {
    const world = await startWorld(stops)
    const opened = async () => (await world.parts.gate.submit(publication())).kind === 'confirmed'
    await until(performance.now(), opened)
    await until(performance.now(), async () => (await world.parts.gate.submit(buyOf(TEMPLATE))).kind === 'confirmed')
    await atRest(world)
    await world.stopWorker()
    const { pool } = world
    const { shard } = world.parts
    await fillDecisions({ pool, shard, template: TEMPLATE, decisions, users })
    world.startWorker()
    console.log(`${decisions} decisions by ${users} users (load ${loadavg()[0]?.toFixed(1)})`)
    await measure(world, 'wiped, without a checkpoint', events.wiped as Event)
    for (let run = 0; run < runs; run += 1)
      for (const [name, event] of Object.entries(events)) if (name !== 'wiped') await measure(world, name, event)
    const row = await readShard(pool, shard)
    for (let step = 0; step < 100; step += 1) await advanceComplete(pool, shard, row?.epoch ?? 0)
    const startedAt = performance.now()
    // the worker folds too, and each takes what the other has not
    const isFolded = async () => {
      await foldCheckpoint({ pool, shard, logger: pino({ level: 'silent' }) }, { budgetMs: 60_000, youngestSeconds: 0 })
      const [place, end] = [await readCheckpoint(pool, shard), await completePlace(pool, shard, 0)]
      return place.epoch === end?.epoch && place.sequence === end.sequence
    }
    await until(startedAt, isFolded)
    console.log(`  what was left was folded in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
    for (let run = 0; run < runs; run += 1) await measure(world, 'wiped, with a checkpoint', events.wiped as Event)
    await pool.query('vacuum analyze')
    await sizes(world, { decisions, users })
  } finally {
    await stops.all()
  }
}

/** A year of campaigns, each archived: what is live must cost the same after all of them. */
async function year(asked: {
  readonly campaigns: number
  readonly decisions: number
  readonly every: number
}): Promise<void> {
  const stops = createStops()
  try {
    const world = await startWorld(stops, { KEY_RETENTION: '1', JOURNAL_KEEP: '1' })
    const opened = async () => (await world.parts.gate.submit(publication())).kind === 'confirmed'
    await until(performance.now(), opened)
    await playYear(world, asked, async () => {
      await atRest(world)
      await world.parts.redis.script('FLUSH')
      return untilConfirmed(world, performance.now())
    })
  } finally {
    await stops.all()
  }
}

const usage = `npm run bench:recovery -- [options]

  --decisions a,b    how many, one deployment after the other     (10000,100000)
  --each N           decisions of a user, on average              (3.33)
  --runs N           of each event                                (3)

  --year             campaigns of --decisions (20000) each, every one archived
  --campaigns N      how many                                     (50)
  --every N          after how many it is measured again          (10)
`
const values = readArguments(usage, {
  year: { type: 'boolean', default: false },
  campaigns: { type: 'string', default: '50' },
  every: { type: 'string', default: '10' },
  decisions: { type: 'string' },
  each: { type: 'string', default: '3.33' },
  runs: { type: 'string', default: '3' }
})
if (values.year) {
  const { campaigns, every, decisions = '20000' } = values
  await year({ campaigns: Number(campaigns), every: Number(every), decisions: Number(decisions) })
} else {
  for (const decisions of (values.decisions ?? '10000,100000').split(',').map(Number))
    await play({ decisions, users: Math.ceil(decisions / Number(values.each)) }, Number(values.runs))
}
