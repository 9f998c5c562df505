import { shardOf } from '../../../src/base/shards.ts'
import { waitFor } from '../../support/wait.ts'
import type { Row } from '../row.ts'
import { type Scene, wish } from '../scene.ts'
import { diskOf, onSmallDisk } from './on-small-disk.ts'
import { pausedUnderLoad } from './pauses.ts'
import { lasting, prefixesOf } from './tools.ts'

const shortMs = 3000
const batch = 128

/** Waits until buyers are told that nothing was done. */
async function unavailable(scene: Scene, more = 3): Promise<number> {
  const before = scene.load.count('unavailable')
  await waitFor(() => scene.load.count('unavailable') >= before + more, {
    deadlineMs: 60_000,
    what: 'buyers to be told UNAVAILABLE'
  })
  return scene.load.count('unavailable') - before
}

async function outOfMemory(scene: Scene): Promise<string> {
  return scene.withRedis(async (redis) => {
    scene.struck()
    try {
      const policy = scene.seed % 2 === 1 ? 'everysec' : 'always'
      await redis.config('SET', 'appendfsync', policy)
      const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
      await redis.config('SET', 'maxmemory', String(Math.round(used * 0.9)))
      const refused = await unavailable(scene)
      await lasting(1000)
      return `appendfsync ${policy}, maxmemory below the ${used} bytes in use: ${refused} and more were told UNAVAILABLE`
    } finally {
      await redis.config('SET', 'maxmemory', '0', 'appendfsync', 'everysec')
      scene.healed()
    }
  })
}

/** With `appendfsync always` Redis ends itself when it cannot write; otherwise it refuses to write. */
async function diskFull(scene: Scene): Promise<string> {
  const disk = diskOf(scene)
  const server = scene.lane.server('redis')
  const policy = scene.seed % 2 === 1 ? 'everysec' : 'always'
  await scene.withRedis((redis) => redis.config('SET', 'appendfsync', policy))
  scene.struck()
  const bytes = disk.fill()
  const refused = await unavailable(scene)
  await lasting(500)
  const ended = server.pid() === 0
  disk.free()
  if (ended) await server.restart()
  scene.healed()
  if (ended !== (policy === 'always')) throw new Error(`with ${policy} Redis ${ended ? 'ended' : 'went on'}`)
  return `${bytes} bytes filled the disk; with appendfsync ${policy} Redis ${ended ? 'ended itself' : 'went on'}, ${refused} told UNAVAILABLE`
}

/** One user's hash is no hash in the middle of a batch; then the stock itself is gone. */
async function spoiltKeys(scene: Scene): Promise<string> {
  const prefixes = await prefixesOf(scene)
  const spoilt = `${prefixes[shardOf('spoilt', prefixes.length)]}u:spoilt`
  const client = scene.client(scene.world.gateway(0))
  try {
    return await scene.withRedis(async (redis) => {
      await redis.set(spoilt, 'no hash')
      const users = Array.from({ length: batch }, (_, index) => (index === 64 ? 'spoilt' : `neighbour-${index}`))
      const results = await Promise.all(users.map((user) => client.attempt(wish(user), 'buy')))
      const told = results[64]?.kind
      const neighbours = results.filter(({ kind }, index) => index !== 64 && kind === 'ok').length
      await redis.del(spoilt)
      if (told !== 'unavailable') throw new Error(`the spoilt user was told ${JSON.stringify(results[64])}`)
      if (neighbours < batch / 2) throw new Error(`only ${neighbours} neighbours were served`)
      scene.struck()
      for (const prefix of prefixes) await redis.rename(`${prefix}s:rush:phone`, `${prefix}s:elsewhere`)
      const missing = await Promise.all(
        Array.from({ length: 20 }, (_, index) => client.attempt(wish(`late-${index}`), 'buy'))
      )
      for (const prefix of prefixes) await redis.rename(`${prefix}s:elsewhere`, `${prefix}s:rush:phone`)
      scene.healed()
      const wrong = missing.find(({ kind }) => kind !== 'unavailable')
      if (wrong !== undefined) throw new Error(`without its stock a buyer was told ${JSON.stringify(wrong)}`)
      return `one of ${batch} was refused, ${neighbours} neighbours confirmed; without stock ${missing.length} were told UNAVAILABLE`
    })
  } finally {
    client.close()
  }
}

export const redisLimitRows: readonly Row[] = [
  {
    id: 'F11',
    title: 'Redis stands still: buyers are told so in time, and what it executes late changes nothing or is LATE.',
    // enough for those who buy while the outbox is emptied: a confirmation is waited for after that
    sale: (seed) => (seed === 1 ? { stock: 5000, buyers: 48, restMeanwhileMs: 100 } : {}),
    expects: { opensAgain: false },
    strike: (scene) => pausedUnderLoad(scene, scene.lane.server('redis'), scene.seed === 1 ? 10_000 : shortMs)
  },
  {
    id: 'F18',
    title:
      "Redis' memory is full, writing every second or always: clean refusals, nothing half done, and it goes on when there is room.",
    expects: { opensAgain: false, alarms: ['REDIS_REFUSES'] },
    strike: outOfMemory
  },
  {
    id: 'F19',
    title: "Redis' disk is full, writing every second or always: clean refusals, and it goes on when there is room.",
    prepare: onSmallDisk({ part: 'redis', megabytes: 24 }),
    expects: { mayAlarm: ['REDIS_REFUSES', 'RECOVERY_WAITS'] },
    strike: diskFull
  },
  {
    id: 'F20',
    title:
      "A user's key of a wrong type spoils their own command only, with an alarm; a missing stock is never sold out.",
    sale: { stock: 600 },
    expects: { opensAgain: false, alarms: ['CORRUPT'] },
    strike: spoiltKeys
  }
]
