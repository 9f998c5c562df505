import { setTimeout as pause } from 'node:timers/promises'
import type { JetStreamManager } from 'nats'
import { waitFor } from '../../support/wait.ts'
import type { Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { streamsOf, withStreams } from './nats.ts'
import { askToReopen, outboxEmpty, takesAll } from './tools.ts'

const points = ['W1', 'W2', 'W3', 'W4'] as const

async function killedAtEachStep(scene: Scene): Promise<string> {
  const { world } = scene
  const proof: string[] = []
  scene.struck()
  for (const [index, point] of points.entries()) {
    const worker = world.worker(index)
    proof.push(await worker.hit(point))
    await worker.end()
    const next = points[index + 1]
    await world.startWorker(next === undefined ? '' : `${next}:kill:${scene.between(2, 5)}`)
  }
  scene.healed()
  return proof.join('; ')
}

async function deleteConsumers(jsm: JetStreamManager, stream: string): Promise<number> {
  let count = 0
  for (const { name } of await jsm.consumers.list(stream).next()) {
    if (await jsm.consumers.delete(stream, name).catch(() => false)) count++
  }
  return count
}

/** Their consumers are deleted again and again; or the worker dies and the events' place is gone. */
async function placesLost(scene: Scene): Promise<string> {
  const { world } = scene
  scene.struck()
  let deleted = 0
  for (let round = 0; round < 5; round++) {
    deleted += await withStreams(scene, async (jsm, streams) => {
      let count = 0
      for (const stream of streams) count += await deleteConsumers(jsm, stream)
      return count
    })
    await pause(scene.between(50, 300))
  }
  await world.worker(0).kill()
  const { rowCount } = await world.pool.query('delete from reader_places')
  await world.startWorker()
  scene.healed()
  if (deleted === 0 || !rowCount) throw new Error(`${deleted} consumers and ${rowCount} places were deleted`)
  return `${deleted} consumers of the journal were deleted, then the events' place with the worker killed`
}

/** A new worker reads a sealed stream whose consumers are deleted between their making and the first read. */
async function placesLostWhileOpening(scene: Scene): Promise<string> {
  const { world, load } = scene
  scene.struck()
  await world.worker(0).kill()
  // only the journal has what is confirmed now
  await load.flowing(20)
  const sealed = await streamsOf(scene)
  const epoch = await askToReopen(scene)
  const worker = await world.startWorker('R5:stop:1')
  const hit = await worker.hit('R5')
  const line = world.line('worker-nats')
  // time for a consumer to be found
  line.delay(150)
  const deleted = await withStreams(scene, async (jsm) => {
    let count = 0
    const some = async () => {
      for (const stream of sealed) count += await deleteConsumers(jsm, stream)
      return count >= 12 || (await world.shard()).state === 'open'
    }
    worker.signal('SIGCONT')
    await waitFor(some, { deadlineMs: 8000, everyMs: 2 }).catch(() => {})
    return count
  })
  line.heal()
  scene.healed()
  const after = await world.reopened(epoch)
  if (deleted === 0) throw new Error('no consumer was deleted while the sealed stream was read')
  return `${hit}; ${deleted} consumers of ${sealed.join(', ')} were deleted as soon as they were made; opened under ${after}`
}

async function orders(scene: Scene): Promise<number> {
  const { rows } = await scene.world.pool.query<{ count: number }>('select count(*)::int as count from orders')
  return rows[0]?.count ?? 0
}

/** The owner stands still, between two batches or in one, until its session is gone and another has taken over. */
async function ownerPaused(scene: Scene): Promise<string> {
  const { world } = scene
  const [first, second] = [world.worker(0), world.worker(1)]
  const hit = await first.hit(ownerStops(scene.seed).slice(0, 2))
  scene.struck()
  await takesAll(scene, second)
  const before = await orders(scene)
  await waitFor(async () => (await orders(scene)) > before, { deadlineMs: 60_000, what: 'it to store orders' })
  first.signal('SIGCONT')
  scene.healed()
  const lets = () => first.printed('the work on the shard ended') > 0
  await waitFor(lets, { deadlineMs: 60_000, what: 'the first worker to see that it was let go' })
  return `${hit}; ${second.name} took over and stored ${(await orders(scene)) - before} orders; the first one's work ended`
}

function ownerStops(seed: number): string {
  return ['W4:stop:8', 'W1:stop:8', 'W2:stop:8'][seed % 3] as string
}

/** A frame of an old epoch is about to be published when Redis is wiped, and is published when all is sold. */
async function lateFrame(scene: Scene): Promise<string> {
  const { world } = scene
  const { child } = world.gateway(0)
  // from here the relay of a worker that runs publishes the frame after a second
  const hit = await child.hit('G3')
  const relay = scene.seed % 2 === 0 ? world.worker(0) : undefined
  const proof = [hit]
  if (relay) {
    // no retry at the other gateway publishes the frame before the relay does
    world.line('gateway-nats').dropRequests()
    proof.push(await relay.hit('X1'))
    world.line('gateway-nats').heal()
    // its session goes as that of any paused owner does
    await takesAll(scene, world.worker(1))
  }
  const { epoch } = await world.shard()
  scene.struck()
  await scene.withRedis((redis) => redis.multi().flushall().script('FLUSH').exec())
  scene.updateGateways()
  const after = await world.reopened(epoch)
  scene.healed()
  await soldOut(scene)
  const rejected = () => child.printed('did not ack a frame') + (relay?.printed('did not ack a frame') ?? 0)
  child.signal('SIGCONT')
  relay?.signal('SIGCONT')
  await waitFor(() => rejected() > 0, { deadlineMs: 60_000, what: 'the server to reject the old frame' })
  return `${proof.join('; ')}; epoch ${epoch} became ${after} and sold out, then the server rejected the old frame`
}

async function soldOut(scene: Scene): Promise<void> {
  const sold = async () => {
    const { rows } = await scene.world.pool.query<{ remaining: number }>('select remaining::int from stock')
    return rows.length > 0 && rows.every(({ remaining }) => remaining === 0)
  }
  await waitFor(sold, { deadlineMs: 60_000, what: 'everything to be sold' })
}

function losesWhileOpening(seed: number): boolean {
  return seed % 3 === 0
}

export const workerRows: readonly Row[] = [
  {
    id: 'F28',
    title:
      "The worker's and the events' readers lose their places, in mid-sale or while the shard is opened: nothing is lost or doubled.",
    world: (seed) => (losesWhileOpening(seed) ? { lines: ['worker-nats'] } : {}),
    expects: (seed) => ({ opensAgain: losesWhileOpening(seed), sellsMeanwhile: true }),
    strike: (scene) => (losesWhileOpening(scene.seed) ? placesLostWhileOpening(scene) : placesLost(scene))
  },
  {
    id: 'F29',
    title:
      'A gateway or relay wakes with an old frame when a later epoch is sold out: the server rejects it, sold is total.',
    world: (seed) =>
      seed % 2 === 1
        ? { gatewayFails: 'G3:stop:20' }
        : { gatewayFails: 'G3:stop:20', standbys: [''], workerFails: 'X1:stop:1', lines: ['gateway-nats'] },
    expects: { opensAgain: true },
    strike: lateFrame
  },
  {
    id: 'F30',
    title: 'The worker is killed at each step of a batch: one row each, and only committed frames leave kept.',
    world: { workerFails: 'W1:kill:6' },
    // each worker has something to store, however long it takes to start
    sale: { stock: 2000, restMeanwhileMs: 2000 },
    expects: { opensAgain: false, sellsMeanwhile: true },
    strike: killedAtEachStep
  },
  {
    id: 'F31',
    title:
      'The owner stands still beyond its session, another takes over, the first goes on: its writes fail, one row each.',
    world: (seed) => ({ standbys: [''], workerFails: ownerStops(seed) }),
    sale: { restMeanwhileMs: 3000 },
    expects: { opensAgain: false, sellsMeanwhile: true },
    strike: ownerPaused
  },
  {
    id: 'F33',
    title:
      'The events reader is killed between publishing and noting its place: events twice at most, with the same id.',
    world: (seed) => ({ workerFails: `X3:kill:${5 + (seed % 5)}` }),
    expects: { opensAgain: false },
    async strike(scene) {
      const hit = await scene.world.worker(0).hit('X3')
      await scene.world.worker(0).end()
      scene.struck()
      await scene.world.startWorker()
      scene.healed()
      await outboxEmpty(scene)
      return hit
    }
  }
]
