import pg from 'pg'
import { waitFor } from '../../support/wait.ts'
import type { Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { copyPostgres, type Lane, SkipRow } from '../world/lane.ts'
import { diskOf, onSmallDisk } from './on-small-disk.ts'
import { pausedUnderLoad } from './pauses.ts'
import { endOwnerSession, lasting } from './tools.ts'

/** Waits until orders were confirmed that Postgres cannot have: the sale goes on without it. */
async function soldMeanwhile(scene: Scene, more = 10): Promise<number> {
  const before = scene.load.count('ok')
  await scene.load.flowing(more)
  return scene.load.count('ok') - before
}

async function killedInBatch(scene: Scene): Promise<string> {
  const postgres = scene.lane.server('postgres')
  const pid = postgres.pid()
  const hit = await scene.world.worker(0).hit('W2')
  scene.struck()
  await postgres.kill()
  const sold = await soldMeanwhile(scene)
  await postgres.restart()
  scene.healed()
  return `${hit}; Postgres ${pid} was killed in that batch, ${sold} orders confirmed without it, ${postgres.pid()} runs`
}

/** The commit arrives, its reply does not. */
async function replyLost(scene: Scene): Promise<string> {
  const line = scene.world.line('worker-postgres')
  const hit = await scene.world.worker(0).hit('W3')
  scene.struck()
  line.dropReplies()
  await waitFor(() => line.counts.lostReplyBytes > 0, { deadlineMs: 60_000, what: 'replies of Postgres to be lost' })
  const sold = await soldMeanwhile(scene)
  line.heal()
  scene.healed()
  return `${hit}; ${line.counts.lostReplyBytes} bytes of replies were lost, ${sold} orders confirmed meanwhile`
}

async function emptyPostgres({ template }: Lane, folder: string): Promise<void> {
  if (template === undefined) throw new SkipRow('Postgres is not ours: it was given by its address')
  await copyPostgres(template, folder)
}

async function diskFull(scene: Scene): Promise<string> {
  const disk = diskOf(scene)
  const worker = scene.world.worker(0)
  scene.struck()
  const bytes = disk.fill()
  const sold = await soldMeanwhile(scene)
  const failing = () => worker.lines.some((line) => /No space left|could not extend|could not write/.test(line))
  // what is written in place needs no room at first
  await waitFor(failing, { deadlineMs: 10_000 }).catch(() => {})
  disk.free()
  const postgres = scene.lane.server('postgres')
  const ended = postgres.pid() === 0
  if (ended) await postgres.restart()
  scene.healed()
  const how = failing() ? 'the worker could not write' : 'what it wrote still fitted'
  return `${bytes} bytes filled the disk: ${how}, Postgres ${ended ? 'ended' : 'went on'}, ${sold} orders confirmed`
}

async function readOnly(scene: Scene): Promise<string> {
  const worker = scene.world.worker(0)
  const client = new pg.Client({ connectionString: scene.lane.url('postgres') })
  await client.connect()
  const set = (value: string) => client.query(`alter database floodgate set default_transaction_read_only = ${value}`)
  try {
    scene.struck()
    await set('on')
    await client.query('set default_transaction_read_only = off')
    await endSessions(client)
    const sold = await soldMeanwhile(scene)
    const refused = () => worker.lines.some((line) => line.includes('read-only transaction'))
    await waitFor(refused, { deadlineMs: 60_000, what: 'the worker to be refused' })
    await set('off')
    await endSessions(client)
    scene.healed()
    return `Postgres took no writes, ${sold} orders were confirmed meanwhile`
  } finally {
    await set('off').catch(() => {})
    await client.end()
  }
}

/** New settings hold for new sessions. */
async function endSessions(client: pg.Client): Promise<void> {
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'floodgate%' and pid <> pg_backend_pid()"
  )
}

/** Others hold every connection that Postgres gives. */
async function noConnections(scene: Scene): Promise<string> {
  const held: pg.Client[] = []
  scene.struck()
  try {
    for (;;) {
      const client = new pg.Client({ connectionString: scene.lane.url('postgres'), application_name: 'fault-row' })
      client.on('error', () => {})
      if (
        !(await client.connect().then(
          () => true,
          () => false
        ))
      )
        break
      held.push(client)
    }
    await endOwnerSession(scene)
    const sold = await soldMeanwhile(scene)
    await lasting(1000)
    return `${held.length} connections were held by others, ${sold} orders confirmed meanwhile`
  } finally {
    await Promise.all(held.map((client) => client.end().catch(() => {})))
    scene.healed()
  }
}

/** What Postgres lacks may be half of a journal: with the smallest one a minute is enough to reach that bound. */
const smallestJournal = 1024 ** 2
const backlogSeed = 1

async function stoodStill(scene: Scene): Promise<string> {
  const server = scene.lane.server('postgres')
  if (scene.seed !== backlogSeed) return pausedUnderLoad(scene, server, 6000)
  const before = scene.load.count('unavailable')
  const proof = await pausedUnderLoad(scene, server, 60_000)
  const refused = scene.load.count('unavailable') - before
  if (refused === 0) throw new Error('the backlog did not reach its bound')
  return `${proof}; the backlog reached its bound, ${refused} were told UNAVAILABLE, then it drained`
}

export const postgresRows: readonly Row[] = [
  {
    id: 'F34',
    title:
      'Postgres is killed in a batch: the batch is stored whole or not at all, the sale goes on, the rest follows.',
    world: (seed) => ({ workerFails: `W2:delay:400:${6 + (seed % 5)}` }),
    expects: { opensAgain: false, sellsMeanwhile: true },
    strike: killedInBatch
  },
  {
    id: 'F35',
    title: 'Postgres stands still: gateways go on up to the declared backlog, then close; it catches up afterwards.',
    world: (seed) => (seed === backlogSeed ? { env: { JOURNAL_MAX_BYTES: String(smallestJournal) } } : {}),
    sale: (seed) =>
      seed === backlogSeed ? { stock: 6000, buyers: 48, restMeanwhileMs: 300 } : { restMeanwhileMs: 1500 },
    expects: (seed) => ({
      opensAgain: false,
      sellsMeanwhile: true,
      mayAlarm: ['JOURNAL_FILLS'],
      // a journal so small cannot take everything, nor can the public stream keep it
      ...(seed === backlogSeed ? { unsold: true, eventsDropped: true } : {})
    }),
    strike: stoodStill
  },
  {
    id: 'F36',
    title: 'The reply to a commit is lost: the batch is stored once.',
    world: (seed) => ({ lines: ['worker-postgres'], workerFails: `W3:delay:300:${6 + (seed % 5)}` }),
    sale: { restMeanwhileMs: 2000 },
    expects: { opensAgain: false, sellsMeanwhile: true },
    strike: replyLost
  },
  {
    id: 'F37',
    title: 'Postgres has no room, takes no writes, or gives no connection: the sale goes on, the rest follows.',
    prepare: onSmallDisk({ part: 'postgres', megabytes: 160, fill: emptyPostgres }),
    sale: { restMeanwhileMs: 2000 },
    expects: { sellsMeanwhile: true },
    strike: (scene) => [noConnections, diskFull, readOnly][scene.seed % 3]?.(scene) ?? diskFull(scene)
  }
]
