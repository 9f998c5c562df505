import { execFile } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { endianness } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { requireProgram } from '../../../src/stack/processes/programs.ts'
import { redisSpec } from '../../../src/stack/servers/redis.ts'
import { runServer, type Server } from '../../../src/stack/servers/server.ts'
import type { Prepared, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { type Lane, SkipRow } from '../world/lane.ts'
import { lasting, losing, outboxEmpty, prefixesOf } from './tools.ts'

const run = promisify(execFile)
const clocks = new WeakMap<Lane, (seconds: number) => void>()
// build/test/faults/rows -> test/faults/world
const source = fileURLToPath(new URL('../../../../test/faults/world/clock.c', import.meta.url))

/** Compiles what moves the clock of one process. @throws SkipRow without a C compiler */
async function clockLibrary(folder: string): Promise<string> {
  const library = join(folder, 'clock.so')
  try {
    await run('cc', ['-shared', '-fPIC', '-O1', '-o', library, source])
    return library
  } catch (error) {
    throw new SkipRow(`another clock for Redis needs a C compiler: ${error instanceof Error ? error.message : error}`)
  }
}

async function startRedis(folder: string, library: string, offsetFile: string): Promise<Server> {
  mkdirSync(join(folder, 'logs'), { recursive: true })
  mkdirSync(join(folder, 'redis'), { recursive: true })
  const files = { folder: join(folder, 'redis'), logFile: join(folder, 'logs', 'redis.log') }
  const spec = redisSpec(files, { program: await requireProgram('redis'), endWithLauncher: true })
  const env = { ...process.env, LD_PRELOAD: library, CLOCK_OFFSET_FILE: offsetFile }
  return runServer({ ...spec, program: (port) => ({ ...spec.program(port), env }) })
}

/** A Redis whose clock the row sets. */
async function withClock(lane: Lane, folder: string): Promise<Prepared> {
  const library = await clockLibrary(folder)
  const offsetFile = join(folder, 'clock')
  writeFileSync(offsetFile, Buffer.alloc(8))
  const set = (seconds: number) => {
    const bytes = Buffer.alloc(8)
    if (endianness() === 'LE') bytes.writeBigInt64LE(BigInt(seconds))
    else bytes.writeBigInt64BE(BigInt(seconds))
    // in place: the process has this very file mapped
    const descriptor = openSync(offsetFile, 'r+')
    writeSync(descriptor, bytes, 0, 8, 0)
    closeSync(descriptor)
  }
  const server = await startRedis(join(folder, 'own'), library, offsetFile)
  const own = lane.with(server)
  clocks.set(own, set)
  return { lane: own, end: () => server.stop(3000) }
}

async function redisTime(scene: Scene): Promise<number> {
  return scene.withRedis(async (redis) => Number((await redis.time())[0]))
}

/** Seconds to five before the next midnight in Shanghai (UTC+8). */
function toMidnight(): number {
  const day = 86_400
  return day - 5 - ((Math.floor(Date.now() / 1000) + 8 * 3600) % day)
}

async function clockMoved(scene: Scene): Promise<string> {
  const set = clocks.get(scene.lane)
  if (set === undefined) throw new Error('this lane has no clock to set')
  const seconds = [toMidnight(), -900, 3600][scene.seed % 3] ?? 0
  const before = await redisTime(scene)
  scene.struck()
  set(seconds)
  const moved = (await redisTime(scene)) - before
  if (Math.abs(moved - seconds) > 15) throw new Error(`the clock of Redis moved by ${moved} s, not by ${seconds}`)
  await scene.load.flowing(20)
  // over midnight where that is it, then back, as when somebody mends it
  if (seconds > 0) {
    await lasting(scene.seed % 3 === 0 ? 6000 : 500)
    set(0)
    await scene.load.flowing(20)
  }
  // shard time stands still now, for a quarter of an hour at least: what nobody journals is relayed long before it goes on
  const lost = await losing(scene, { line: 'gateway-nats', what: 'requests', ms: 1200 })
  await outboxEmpty(scene, 120_000)
  set(0)
  return `the clock of Redis moved by ${moved} s${seconds > 0 ? ' and back' : ''}, orders went on; ${lost}, and relayed`
}

async function bucketsWrong(scene: Scene) {
  const prefixes = await prefixesOf(scene)
  const hashes = await scene.withRedis((redis) =>
    Promise.all(prefixes.map((prefix) => redis.hgetall(`${prefix}shard`)))
  )
  return hashes
    .flatMap((fields) => Object.entries(fields))
    .filter(([field, value]) => field.startsWith('bucket:') && Number(value.split(';')[0]) < 0)
    .map(([field, value]) => ({ rule: 'I8', what: `${field} holds ${value}` }))
}

export const clockRows: readonly Row[] = [
  {
    id: 'F48',
    title:
      "Redis' clock jumps back a minute, forward an hour, or over midnight, and back: the sale goes on, no bucket is negative.",
    prepare: withClock,
    world: { lines: ['gateway-nats'] },
    sale: { stock: 600, ratePerSecond: 400 },
    strike: clockMoved,
    judge: bucketsWrong
  }
]
