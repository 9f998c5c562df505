import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { checkDefinition } from '../src/campaign/definition/check.ts'
import { compile } from '../src/campaign/definition/compile.ts'
import { type AdjustCommand, type Command, SYSTEM_USER } from '../src/gate/batch/commands.ts'
import { type CallReply, decodeReply } from '../src/gate/batch/decode.ts'
import { type Call, encodeBatch, type SettleRequest } from '../src/gate/batch/encode.ts'
import { LAYOUT } from '../src/gate/redis/base.ts'
import { createCaller } from '../src/gate/redis/caller.ts'
import { createRedis } from '../src/gate/redis/connection.ts'
import { loadScripts } from '../src/gate/redis/opening-scripts.ts'
import { drawRandom } from '../src/record/draw-random.ts'
import { keyPrefix, shardKeys } from '../src/record/keys.ts'
import { startServer } from '../src/stack/servers/all.ts'
import { countInstructions } from './measuring/instructions.ts'
import { readArguments } from './running/arguments.ts'
import { createStops } from './running/stops.ts'
import { benchDraw, benchItem, openNow, saleOf } from './stack/admin.ts'
import { userOf } from './stack/tokens.ts'

const SHARD = 0
const PREFIX = keyPrefix('bench', SHARD)
const CAMPAIGN = 'bench'
const BIG_STOCK = 1_000_000
const SEED = Buffer.alloc(32, 7)
const limits = { notAfter: 0, outboxFrames: 100, keptBytes: 512 * 1024 ** 2, decisionsPerUser: 10_000 }

const kinds = ['order', 'refused', 'spin', 'claim'] as const
type Kind = (typeof kinds)[number]

/** One decision of a kind: the same command as the gateway makes for its route. */
function commandOf(kind: Kind, user: string): Command {
  const key = randomUUID()
  const base = { user, key: `u:${key}`, hash: 'a1B2c3D4e5F', campaign: CAMPAIGN, level: 0, quantity: 1 }
  if (kind === 'order') return { ...base, op: 'buy', activity: 'phone', request: '{"quantity":1}' }
  if (kind === 'refused') return { ...base, op: 'buy', activity: 'sold-out', request: '{"quantity":1}' }
  const part = { ...base, op: 'participate', by: 'user', pool: '', random: '' } as const
  if (kind === 'claim') return { ...part, activity: 'cup', request: '{"quantity":1}' }
  const random = drawRandom(SEED, { campaign: CAMPAIGN, draw: 'wheel', user, key })
  return { ...part, activity: 'wheel', random, request: '{}' }
}

/** @throws Error when the definition has errors */
function publication(): AdjustCommand {
  const { opensAt, closesAt } = openNow()
  const phone = saleOf({ stock: BIG_STOCK, unitsPerUser: 2 }, opensAt, closesAt)
  const soldOut = { ...saleOf({ stock: 1, unitsPerUser: 2 }, opensAt, closesAt), id: 'sold-out' }
  const activities = [phone, soldOut, benchDraw(BIG_STOCK), benchItem(BIG_STOCK)]
  const units = { points: { scope: 'account' } }
  const definition = { id: CAMPAIGN, title: 'Benchmark', timezone: 'Asia/Shanghai', opensAt, closesAt }
  const checked = checkDefinition({ ...definition, units, activities })
  if (!checked.ok) throw new Error(`The campaign is not right: ${JSON.stringify(checked.errors)}`)
  const { puts, adds } = compile(checked.rules, { ready: true, paused: false, ended: false, version: 1 })
  return { ...systemCommand(SYSTEM_USER), type: 'campaign.published', puts, adds }
}

function systemCommand(user: string) {
  const name = { user, key: `x:adj:${randomUUID()}`, hash: 'bench', campaign: CAMPAIGN, activity: '' }
  return { ...name, op: 'adjust', request: '{}', puts: [], adds: [] } as const
}

function pointsFor(user: string): AdjustCommand {
  return { ...systemCommand(user), type: 'balance.credited', adds: [[`u:${user}`, 'b:points', 10]] }
}

interface Shard {
  readonly redis: Redis
  /** one gate call; each settles the frame of the call before it, as the gateway does */
  send(calls: readonly Call[]): Promise<readonly CallReply[]>
  /** settles the last frame and deletes all from kept, as the worker does after a commit */
  trim(): Promise<void>
}

/** Opens the shard as recovery does. @throws RedisCallError */
async function openShard(redis: Redis): Promise<Shard> {
  const epoch = Math.floor(Date.now() / 1000)
  const scripts = await loadScripts(createCaller(redis), { shard: SHARD, epoch, prefix: PREFIX })
  const [, , kept] = shardKeys(PREFIX)
  await scripts.close()
  await scripts.open({ epoch, token: '', layout: LAYOUT }, 0)
  let settles: SettleRequest[] = []
  const send: Shard['send'] = async (calls) => {
    const { keys, args } = encodeBatch({ prefix: PREFIX }, calls, { settles, limits })
    const { status, replies, frames } = decodeReply(SHARD, await scripts.run('gate', keys, args))
    if (status !== 'OK') throw new Error(`The gate answered ${status}.`)
    settles = Array.from(frames.values(), ({ entry, giveKeys }) => ({ entry, keys: giveKeys }))
    return replies
  }
  const trim = async () => {
    await send([])
    await scripts.trim(await redis.hkeys(kept), [])
  }
  return { redis, send, trim }
}

/** What Redis used while `work` ran. */
type Meter = (work: () => Promise<void>) => Promise<number>

/** CPU that Redis used since it started, all its threads, in microseconds. */
async function cpuMicros(redis: Redis): Promise<number> {
  const info = await redis.info('cpu')
  const seconds = ['used_cpu_user', 'used_cpu_sys'].map((name) =>
    Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1])
  )
  return seconds.reduce((sum, value) => sum + value * 1e6, 0)
}

interface Load {
  readonly size: number
  readonly decisions: number
  /** number of the first user */
  readonly from: number
  readonly meter: Meter
}

/** What Redis uses per decision of one kind in batches of one size, by users who decide for the first time. */
async function measure(shard: Shard, kind: Kind, load: Load): Promise<number> {
  const users = Array.from({ length: load.decisions }, (_, index) => userOf(load.from + index))
  const batches = Array.from({ length: Math.ceil(users.length / load.size) }, (_, at) => {
    return users.slice(at * load.size, (at + 1) * load.size)
  })
  if (kind === 'claim') for (const batch of batches) await shard.send(batch.map(pointsFor))
  await shard.trim()
  const calls = batches.map((batch) => batch.map((user) => commandOf(kind, user)))
  const wanted = kind === 'refused' ? 'refused' : 'decided'
  const used = await load.meter(async () => {
    for (const batch of calls) {
      const other = (await shard.send(batch)).find((reply) => reply.kind !== wanted)
      if (other) throw new Error(`A command of kind ${kind} got ${JSON.stringify(other)}.`)
    }
  })
  await shard.trim()
  return used / users.length
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const usage = `npm run bench:gate -- [options]

  --rounds N         of each, the median counts                   (5)
  --decisions N      in a round                                   (4096)
  --sizes a,b        commands of a call                           (32,64,128)
  --kinds a,b        of ${kinds.join(', ')}
  --profiles FOLDER  count instructions instead, under valgrind: the same on a busy machine. The folder gets a profile
                     for each row, size and round, in the order in which they are measured
`

async function run(): Promise<void> {
  const values = readArguments(usage, {
    rounds: { type: 'string', default: '5' },
    decisions: { type: 'string', default: '4096' },
    sizes: { type: 'string', default: '32,64,128' },
    kinds: { type: 'string', default: kinds.join() },
    profiles: { type: 'string' }
  })
  const chosen = kinds.filter((kind) => values.kinds.split(',').includes(kind))
  const sizes = values.sizes.split(',').map(Number)
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-gate-script-'))
  const stops = createStops()
  try {
    await stops.after(Promise.resolve(folder), async () => rmSync(folder, { recursive: true }))
    const counter = values.profiles === undefined ? undefined : countInstructions(values.profiles)
    const server = await stops.after(startServer('redis', { folder, endWithLauncher: true }), (part) => part.stop())
    const redis = await stops.after(Promise.resolve(createRedis(server.url, 'gate-script')), async (part) =>
      part.disconnect()
    )
    await once(redis, 'ready')
    const shard = await openShard(redis)
    await shard.send([publication()])
    await shard.trim()
    await shard.send([commandOf('refused', 'first')])
    const cpuOf: Meter = async (work) => {
      const before = await cpuMicros(redis)
      await work()
      return (await cpuMicros(redis)) - before
    }
    const meter: Meter = counter ? (work) => counter.during(server.pid(), work) : cpuOf
    const found = new Map<string, number[]>()
    let from = 0
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const size of sizes) {
        for (const kind of chosen) {
          const name = `${kind} ${size}`
          const used = await measure(shard, kind, { size, decisions: Number(values.decisions), from, meter })
          found.set(name, [...(found.get(name) ?? []), used])
          from += Number(values.decisions)
        }
      }
    }
    const unit = counter ? 'thousands of instructions of Redis' : 'us of Redis CPU'
    console.log(`${unit} per decision, median of ${values.rounds} rounds, in batches of`)
    console.log(['', ...sizes].map((cell) => String(cell).padStart(8)).join(''))
    for (const kind of chosen) {
      const cells = sizes.map((size) => median(found.get(`${kind} ${size}`) ?? []).toFixed(1))
      console.log([kind, ...cells].map((cell) => cell.padStart(8)).join(''))
    }
  } finally {
    await stops.all()
  }
}

await run()
