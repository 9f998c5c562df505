import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { renderScript } from '../../../src/gate/redis/scripts.ts'
import type { Server } from '../../../src/stack/servers/server.ts'
import { FaultyProxy } from '../../support/servers/proxy.ts'
import { waitFor } from '../../support/wait.ts'
import type { Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { privateServer } from '../world/lane.ts'
import { askToReopen, lasting } from './tools.ts'

const run = promisify(execFile)
const appendFolder = 'appendonlydir'

/** Redis comes back with what it had some seconds ago. */
async function olderFile(scene: Scene): Promise<string> {
  const redis = scene.lane.server('redis')
  const { epoch } = await scene.world.shard()
  const copy = join(scene.world.folder, 'older')
  await run('cp', ['-a', join(redis.folder, appendFolder), copy])
  const before = scene.load.count('ok')
  scene.struck()
  await lasting(scene.seed === 1 ? 5000 : 2000)
  await redis.kill()
  const forgotten = scene.load.count('ok') - before
  await run('rm', ['-r', join(redis.folder, appendFolder)])
  await run('cp', ['-a', copy, join(redis.folder, appendFolder)])
  await redis.restart()
  scene.healed()
  if (forgotten === 0) throw new Error('nothing was confirmed after the copy')
  return `${forgotten} confirmations are missing in the older file; epoch ${epoch} became ${await scene.world.reopened(epoch)}`
}

async function replicaOf(master: string, replica: string): Promise<void> {
  const redis = new Redis(replica)
  try {
    const { hostname, port } = new URL(master)
    await redis.replicaof(hostname, Number(port))
    const linked = async () => /master_link_status:up/.test(await redis.info('replication'))
    await waitFor(linked, { deadlineMs: 60_000, what: 'the replica to follow' })
  } finally {
    redis.disconnect()
  }
}

async function promote(url: string): Promise<void> {
  const redis = new Redis(url)
  try {
    await redis.call('REPLICAOF', 'NO', 'ONE')
  } finally {
    redis.disconnect()
  }
}

/** A replica follows through a line that stalls, and is promoted without what was confirmed meanwhile. */
async function failOver(scene: Scene): Promise<string> {
  const folder = join(scene.world.folder, 'replica')
  mkdirSync(folder, { recursive: true })
  scene.struck()
  const first = scene.lane.server('redis')
  const second = await privateServer('redis', folder)
  const line = new FaultyProxy({ host: '127.0.0.1', port: first.port })
  scene.afterwards(async () => {
    await line.close()
    await second.stop(2000)
  })
  await replicaOf(`redis://127.0.0.1:${await line.listen()}`, second.url)
  const { epoch } = await scene.world.shard()
  line.blackHole()
  const before = scene.load.count('ok')
  await lasting(1500)
  const forgotten = scene.load.count('ok') - before
  await promote(second.url)
  const how = scene.seed % 2 === 1 ? await switchTo(scene, { first, second }) : await thereAndBack({ first, second })
  scene.healed()
  const after = await scene.world.reopened(epoch)
  if (forgotten === 0) throw new Error('nothing was confirmed while the replica lagged')
  return `${how}, ${forgotten} confirmations behind; epoch ${epoch} became ${after}`
}

interface Pair {
  readonly first: Server
  readonly second: Server
}

async function switchTo(scene: Scene, { first, second }: Pair): Promise<string> {
  await first.kill()
  scene.world.moveRedis(second.url)
  return 'the replica was promoted, the master is gone'
}

/** The first one is master again with the data of the second; its clients' connections and its scripts live on. */
async function thereAndBack({ first, second }: Pair): Promise<string> {
  await replicaOf(second.url, first.url)
  await promote(first.url)
  return 'A -> B -> A on connections that live on'
}

/** Scripts are flushed while nobody may reopen, and an administrator loads some again: nothing opens by that. */
async function scriptsFlushed(scene: Scene): Promise<string> {
  const { world } = scene
  const worker = world.worker(0)
  const { rows } = await world.pool.query<{ epoch: number; replid: string; shas: { gate: string } }>(
    'select epoch, replid, shas from shards order by shard'
  )
  const row = rows[0]
  if (row === undefined) throw new Error('the shard has no row')
  const prefix = `${world.namespace}:{s0}:`
  const known = renderScript('gate', { shard: 0, epoch: row.epoch, replid: row.replid, prefix })
  if (known.sha !== row.shas.gate) throw new Error('the script of this opening was rendered otherwise')
  worker.signal('SIGSTOP')
  scene.struck()
  const wiped = scene.seed % 2 === 0
  await scene.withRedis(async (redis) => {
    await (wiped ? redis.multi().flushall().script('FLUSH') : redis.multi().script('FLUSH')).exec()
    // with the data there, its own script would only be what it was before the flush
    const loaded = wiped ? known.body : known.body.replace(String(row.epoch), String(row.epoch - 1))
    await redis.script('LOAD', loaded)
  })
  await lasting(300)
  const before = scene.load.newestOrderAt
  await lasting(1500)
  const opened = scene.load.newestOrderAt > before
  worker.signal('SIGCONT')
  scene.healed()
  const after = await world.reopened(row.epoch)
  if (opened) throw new Error('an order was confirmed between the flush and the opening')
  return `scripts were flushed${wiped ? ', data wiped' : ''}, a script loaded by hand opened nothing; epoch ${row.epoch} became ${after}`
}

/** Redis restarts when recovery has verified what it wrote, or has already said that the shard is open. */
async function restartedBeforeOpening(scene: Scene): Promise<string> {
  const worker = scene.world.worker(0)
  const redis = scene.lane.server('redis')
  const point = scene.seed % 2 === 1 ? 'R8' : 'R9'
  scene.struck()
  const epoch = await askToReopen(scene)
  const hit = await worker.hit(point)
  await redis.kill()
  await redis.restart()
  const stale = (await scene.world.shard()).epoch
  worker.signal('SIGCONT')
  scene.healed()
  const after = await scene.world.reopened(stale)
  return `${hit}; Redis restarted under epoch ${stale} (before: ${epoch}), opened under ${after}`
}

export const redisCopyRows: readonly Row[] = [
  {
    id: 'F14',
    title:
      'Scripts are flushed in mid-sale and some loaded by hand: the gate closes, the load opens nothing, recovery does.',
    expects: { opensAgain: true },
    strike: scriptsFlushed
  },
  {
    id: 'F16',
    title:
      'Redis comes back on a file that is seconds old: closed, opened under a new epoch, nothing confirmed is lost.',
    expects: { opensAgain: true },
    strike: olderFile
  },
  {
    id: 'F17',
    title: 'A lagging replica is promoted, or the master comes back with its data: as after a wipe.',
    world: { lines: ['gateway-redis', 'worker-redis'] },
    expects: { opensAgain: true },
    strike: failOver
  },
  {
    id: 'F44',
    title: 'Redis restarts between the verification of a recovery and its opening: it does not open, it starts over.',
    // each shard was opened once before
    world: (seed, shards) => ({ workerFails: `${seed % 2 === 1 ? 'R8' : 'R9'}:stop:${shards + 1}` }),
    expects: { opensAgain: true },
    strike: restartedBeforeOpening
  }
]
