import { setTimeout as pause } from 'node:timers/promises'
import { connect, type JetStreamManager } from 'nats'
import { streamNames } from '../../../src/journal/subjects.ts'
import { now } from '../../support/load/history.ts'
import { waitFor } from '../../support/wait.ts'
import { readJournal, secondCopies } from '../judge/journal.ts'
import type { Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { pausedUnderLoad } from './pauses.ts'
import { type ShardRow, shardsOf } from './shards.ts'
import { askToReopen, lasting, losing, outboxEmpty } from './tools.ts'

/** The stream of each shard's opening. */
export async function streamsOf(scene: Scene): Promise<string[]> {
  const names = streamNames(scene.world.namespace)
  return (await shardsOf(scene)).map(({ epoch }, shard) => names.journalStream(shard, epoch))
}

/** A manager of the streams for the time of some work. */
export async function withStreams<T>(
  scene: Scene,
  work: (jsm: JetStreamManager, streams: readonly string[]) => Promise<T>
) {
  const nc = await connect({ servers: scene.lane.url('nats'), reconnect: false, timeout: 5000 })
  try {
    const jsm = await nc.jetstreamManager({ timeout: 5000 })
    return await work(jsm, await streamsOf(scene))
  } finally {
    await nc.close()
  }
}

async function killed(scene: Scene): Promise<string> {
  const nats = scene.lane.server('nats')
  const pid = nats.pid()
  const before = scene.load.count('pending')
  scene.struck()
  await nats.kill()
  const told = () => scene.load.count('pending') > before
  await waitFor(told, { deadlineMs: 60_000, what: 'an order to be pending' })
  await nats.restart()
  scene.healed()
  return `NATS ${pid} was killed, ${nats.pid()} runs; ${scene.load.count('pending') - before} answers pending meanwhile`
}

/**
 * Acks are lost while the worker stands still: it would settle a frame within moments, and nobody would send it again.
 * Retries of the buyers do, and its relay when it goes on.
 */
async function acksLost(scene: Scene, ms: number): Promise<{ readonly proof: string; readonly copies: number }> {
  const worker = scene.world.worker(0)
  worker.signal('SIGSTOP')
  const proof = await losing(scene, { line: 'gateway-nats', what: 'replies', ms })
  worker.signal('SIGCONT')
  await outboxEmpty(scene)
  return { proof, copies: secondCopies(await readJournal(scene.world.places())) }
}

/** With a window of a tenth of a second everything that is sent again is stored again. */
async function beyondTheWindow(scene: Scene): Promise<string> {
  await withStreams(scene, async (jsm, streams) => {
    for (const stream of streams) {
      const { config } = await jsm.streams.info(stream)
      await jsm.streams.update(stream, { ...config, duplicate_window: 100_000_000 })
    }
  })
  const { proof, copies } = await acksLost(scene, 2500)
  if (copies === 0) throw new Error('no frame was stored twice')
  return `${proof}; ${copies} frames stand in the journal twice`
}

/** Fills the stream of each shard's opening with what is no frame, until it takes nothing any more. @returns how many messages */
async function fillStreams(scene: Scene): Promise<number> {
  const names = streamNames(scene.world.namespace)
  const nc = await connect({ servers: scene.lane.url('nats'), reconnect: false })
  try {
    const js = nc.jetstream({ timeout: 3000 })
    const fill = async ({ epoch }: ShardRow, shard: number): Promise<number> => {
      let stored = 0
      for (let size = 128 * 1024; size >= 64; ) {
        const subject = names.journalSubject(shard, epoch)
        const ack = await js.publish(subject, Buffer.alloc(size, 'x')).catch(() => undefined)
        if (ack?.stream === names.journalStream(shard, epoch)) stored++
        else size = Math.floor(size / 2)
      }
      return stored
    }
    const counts = await Promise.all((await shardsOf(scene)).map(fill))
    return counts.reduce((sum, count) => sum + count, 0)
  } finally {
    await nc.close()
  }
}

/** @returns by shard, where its journal begins and up to where Postgres has it @throws Error when something between is gone */
async function nothingDropped(scene: Scene): Promise<string> {
  const journal = await readJournal(scene.world.places())
  const { rows } = await scene.world.pool.query<{ shard: number; position: number }>(
    'select shard, position_sequence as position from shards order by shard'
  )
  const told = rows.map(({ shard, position }) => {
    const first = journal.filter((stream) => stream.shard === shard).at(-1)?.first ?? 0
    if (first > position + 1)
      throw new Error(`the journal of shard ${shard} begins at ${first}, and Postgres has read it to ${position} only`)
    return `${first} (Postgres has it to ${position})`
  })
  return told.join(', ')
}

async function journalFull(scene: Scene): Promise<string> {
  const { load } = scene
  scene.struck()
  scene.planted = await fillStreams(scene)
  const before = load.count('unavailable')
  const closed = () => load.count('unavailable') >= before + 3 && now() - load.newestOrderAt > 1000
  await waitFor(closed, { deadlineMs: 60_000, what: 'the gate to close' })
  const newest = load.newestOrderAt
  await lasting(1000)
  if (load.newestOrderAt > newest) throw new Error('an order was confirmed while the journal was full')
  const places = await nothingDropped(scene)
  const epoch = await askToReopen(scene)
  const after = await scene.world.reopened(epoch)
  scene.healed()
  return `${scene.planted} messages filled the journal, the gate closed; it begins at ${places}; epoch ${epoch} became ${after}`
}

/** Reopens again and again under full load: what the seal let in is counted, what it kept out was never confirmed. */
async function sealedUnderLoad(scene: Scene): Promise<string> {
  const epochs: number[] = []
  scene.struckAt = 0
  for (let round = 0; round < 3; round++) {
    const epoch = await askToReopen(scene)
    epochs.push(await scene.world.reopened(epoch))
    await scene.load.flowing(40)
    await pause(scene.between(0, 200))
  }
  scene.healed()
  const delayed = scene.world.gateway(0).child.printed('FAIL POINT G3')
  if (delayed === 0) throw new Error('no frame was published late')
  return `opened under ${epochs.join(', ')} while two gateways published; ${delayed} frames were held back on their way`
}

export const natsRows: readonly Row[] = [
  {
    id: 'F21',
    title: 'NATS is killed and restarted: orders are pending meanwhile, then all are published, one row each.',
    expects: { opensAgain: false },
    strike: killed
  },
  {
    id: 'F22',
    title: 'NATS stands still: orders are pending, then all are published, one row each.',
    // enough for those who buy while the outbox is emptied: a confirmation is waited for after that
    sale: (seed) => (seed === 1 ? { stock: 5000, buyers: 48, restMeanwhileMs: 300 } : {}),
    expects: { opensAgain: false },
    async strike(scene) {
      const before = scene.load.count('pending')
      const proof = await pausedUnderLoad(scene, scene.lane.server('nats'), scene.seed === 1 ? 10_000 : 3000)
      const pending = scene.load.count('pending') - before
      if (pending === 0) throw new Error('no order was pending')
      return `${proof}; ${pending} answers pending`
    }
  },
  {
    id: 'F23',
    title: 'Acks of the journal are lost: what is sent again within the window is stored once, one row each.',
    world: { lines: ['gateway-nats'] },
    expects: { opensAgain: false },
    async strike(scene) {
      const { proof, copies } = await acksLost(scene, 2000)
      if (copies > 0) throw new Error(`${copies} frames were stored twice within the window`)
      return proof
    }
  },
  {
    id: 'F24',
    title: "Everything is sent again after the journal's window: second copies in the stream, one row each.",
    // a frame that is stored at once leaves the outbox, and nobody sends it again
    world: { lines: ['gateway-nats'], workerFails: 'W1:delay:1600:8+' },
    expects: { opensAgain: false },
    strike: beyondTheWindow
  },
  {
    id: 'F25',
    title:
      'The journal is full: nothing is confirmed, nothing dropped that Postgres lacks, and an opening has room to go on.',
    world: { env: { JOURNAL_MAX_BYTES: String(1024 ** 2) } },
    expects: { opensAgain: true, alarms: ['DEAD_LETTER'], mayAlarm: ['JOURNAL_FILLS'] },
    strike: journalFull
  },
  {
    id: 'F45',
    title:
      'The journal is sealed while gateways publish at full rate: every acked frame is counted before the opening.',
    world: { gatewayFails: 'G3:delay:400:12+' },
    // more than is sold while a slow machine opens three times
    sale: { stock: 5000, buyers: 48, restMs: 8 },
    expects: { opensAgain: true },
    strike: sealedUnderLoad
  }
]
