import { join } from 'node:path'
import { waitFor } from '../../support/wait.ts'
import type { Prepared, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { wipeJournal } from '../soak/faults.ts'
import { type Lane, privateServer } from '../world/lane.ts'
import { diskOf, onSmallDisk } from './on-small-disk.ts'
import { askToReopen, lasting, prefixesOf } from './tools.ts'

/** A NATS of the row's own: a store that is wiped takes the streams of earlier rows along. */
export async function ownNats(lane: Lane, folder: string): Promise<Prepared> {
  const server = await privateServer('nats', join(folder, 'own'))
  return { lane: lane.with(server), end: () => server.stop(3000) }
}

async function lostWhileSelling(scene: Scene): Promise<string> {
  const { world, load } = scene
  const worker = world.worker(0)
  const { epoch } = await world.shard()
  // what is confirmed now stands in the journal and in kept only
  worker.signal('SIGSTOP')
  scene.struck()
  await load.flowing(20)
  const prefixes = await prefixesOf(scene)
  const frames = await scene.withRedis((redis) => Promise.all(prefixes.map((prefix) => redis.hlen(`${prefix}kept`))))
  const kept = frames.reduce((sum, count) => sum + count, 0)
  await wipeJournal({ world })
  worker.signal('SIGCONT')
  scene.healed()
  const after = await world.reopened(epoch)
  if (kept === 0) throw new Error('nothing was in kept when the journal was lost')
  return `the store of NATS was wiped with ${kept} frames only in kept; epoch ${epoch} became ${after}`
}

/** Lost in the middle of a recovery, whose worker is killed while it publishes again what Redis kept. */
async function lostWhileRecovering(scene: Scene): Promise<string> {
  const { world } = scene
  const [worker, second] = [world.worker(0), world.worker(1)]
  scene.struck()
  await askToReopen(scene)
  const hit = await worker.hit('R3')
  await wipeJournal({ world })
  const stale = (await world.shard()).epoch
  worker.signal('SIGKILL')
  await worker.end()
  scene.healed()
  const after = await world.reopened(stale)
  return `${hit}; the store of NATS was wiped then, ${second.name} went on; opened under ${after}`
}

async function diskFull(scene: Scene): Promise<string> {
  const disk = diskOf(scene)
  const nats = scene.lane.server('nats')
  scene.struck()
  const bytes = disk.fill()
  const before = scene.load.count('pending')
  const told = () => scene.load.count('pending') >= before + 3
  await waitFor(told, { deadlineMs: 60_000, what: 'orders to be pending' })
  await lasting(500)
  disk.free()
  await nats.restart()
  scene.healed()
  return `${bytes} bytes filled the disk of NATS; ${scene.load.count('pending') - before} answers pending, then there was room again`
}

export const lostJournalRows: readonly Row[] = [
  {
    id: 'F26',
    title:
      'The journal is lost, in mid-sale or during a recovery: outbox and kept are published again, nothing confirmed is lost.',
    prepare: ownNats,
    world: (seed) => (seed % 2 === 1 ? {} : { standbys: [''], workerFails: 'R3:stop:2' }),
    expects: { opensAgain: true, journalLost: true, mayAlarm: ['JOURNAL_LOST', 'EVENTS_GAP'] },
    strike: (scene) => (scene.seed % 2 === 1 ? lostWhileSelling(scene) : lostWhileRecovering(scene))
  },
  {
    id: 'F27',
    title:
      "The journal's disk is full: orders are pending, nothing confirmed is lost, and it goes on when there is room.",
    prepare: onSmallDisk({ part: 'nats', megabytes: 24 }),
    world: { env: { JOURNAL_MAX_BYTES: String(8 * 1024 ** 2) } },
    expects: { mayAlarm: ['JOURNAL_LOST'] },
    strike: diskFull
  }
]
