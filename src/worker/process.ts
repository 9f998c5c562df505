import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { Catalogue } from '../campaign/carrying/catalogue.ts'
import { Campaigns } from '../campaign/lifecycle/lifecycle.ts'
import { driveIntents } from '../campaign/lifecycle/unfinished.ts'
import type { Config } from '../config/config.ts'
import { armFailPoints } from '../config/fail-points.ts'
import { createLogger, outliveFullDisk } from '../config/logger.ts'
import { createBoardWriter } from '../gate/boards/board-writer.ts'
import { createGateParts } from '../gate/shard/create-gate.ts'
import { keptBound } from '../gate/shard/limits.ts'
import { CommandQueue } from '../journal/command-queue.ts'
import { createPublisher } from '../journal/publisher.ts'
import { StreamReader } from '../journal/reader.ts'
import { reservedBytes, reservedText } from '../journal/room.ts'
import { SharedJournal } from '../journal/shared-journal.ts'
import { SignalQueue } from '../journal/signals.ts'
import { ensurePublicStream, manager } from '../journal/streams.ts'
import { streamNames } from '../journal/subjects.ts'
import { checkSchema } from '../store/connection/migrate.ts'
import { createPool } from '../store/connection/pool.ts'
import { withSession } from '../store/connection/session.ts'
import { fixShards } from '../store/shard/deployment.ts'
import { removeWorkerReport } from '../store/shard/health.ts'
import { countWorkers, joinWorkers } from '../store/shard/workers.ts'
import { startTraces } from '../tracing/start.ts'
import { LAST_SPANS_MS } from '../tracing/traces.ts'
import { CommandIntake } from './commands/intake.ts'
import { commonLoops } from './drivers/all.ts'
import { EventRelay } from './events/relay.ts'
import { EventTelling } from './events/telling.ts'
import { Lacks } from './loans/lacks.ts'
import { Bell, type Loop, pause, runLoops } from './running/loop.ts'
import { newsOfShard } from './running/news.ts'
import { FairShare } from './shard/fair-share.ts'
import { campaignPauses } from './shard/holds.ts'
import { keepShard } from './shard/keep-shard.ts'
import { ReadFirst } from './shard/read-first.ts'
import { saveReports, WorkerReport, workerName } from './shard/report.ts'
import { SignalKeeper } from './signals/keep-signals.ts'

/** How long a worker waits for the first command: also how long it takes to stop. */
const COMMANDS_WAIT_MS = 1000
/** How often the workers are counted that share the shards. */
const COUNT_MS = 500

interface WorkerOptions {
  readonly config: Config
  readonly logger: Logger
  readonly pool: Pool
  readonly signal: AbortSignal
  /** how far projection and events may be behind before that is a condition (15,000) */
  readonly lagMs?: number
}

/** Counts the workers again and again, so that they share the shards. One shard needs no count. */
async function shareFairly(share: FairShare, { config, logger, signal }: WorkerOptions): Promise<void> {
  if (config.SHARDS === 1) return
  const count = () =>
    withSession(config, 'floodgate-worker-member', async (session, lost) => {
      await joinWorkers(session, config.NAMESPACE)
      while (!signal.aborted && !lost.aborted) {
        share.counted(await countWorkers(session, config.NAMESPACE))
        await pause(COUNT_MS, AbortSignal.any([signal, lost]))
      }
    })
  const loop = { name: 'count of workers', everyMs: COUNT_MS, vital: false, run: count }
  await runLoops([loop], signal, tellingTo(logger))
}

/** What the workers of all shards share. */
async function connectWorker(options: WorkerOptions) {
  const { config, logger, pool } = options
  const names = streamNames(config.NAMESPACE)
  const traces = await startTraces({ config, name: 'floodgate-worker', logger })
  const { gate, shards, connection } = await createGateParts(config, { pool, logger, name: 'floodgate-worker' })
  const jsm = await manager(connection)
  const streams = {
    replicas: config.NATS_REPLICAS,
    maxBytes: config.JOURNAL_MAX_BYTES,
    leastBytes: 2 * keptBound(config)
  }
  reservedBytes(jsm, names).then(
    (room) => logger.info({ room, replicas: streams.replicas }, `the journal's store: ${reservedText(room)}`),
    () => {}
  )
  const publisher = createPublisher(connection, 2000)
  const boards = createBoardWriter(config, 'floodgate-worker')
  const reading = { connection, jsm, traced: traces !== undefined }
  const journal = new SharedJournal((stream, from) => new StreamReader({ ...reading, stream, from }))
  const catalogue = new Catalogue({ pool })
  return { gate, shards, connection, jsm, journal, names, streams, publisher, boards, catalogue, traces }
}

type Connected = Awaited<ReturnType<typeof connectWorker>>

/** What belongs to no shard and may be done by every worker at once. */
function everybodysLoops(options: WorkerOptions, connected: Connected, reports: readonly WorkerReport[]): Loop[] {
  const { config, logger, pool } = options
  const { gate, connection, jsm, names, streams, publisher, catalogue } = connected
  const keepStream = () => ensurePublicStream(jsm, names, { ...streams, keepSeconds: config.JOURNAL_KEEP })
  const queue = new CommandQueue({ connection, jsm, names, streams })
  const intake = new CommandIntake({ queue, pool, gate, catalogue, publisher, names, logger })
  const signals = new SignalKeeper({ queue: new SignalQueue({ connection, jsm, names }), pool })
  const save = () => saveReports(pool, reports)
  return [
    { name: 'report', everyMs: 1000, vital: false, run: save },
    { name: 'public stream', everyMs: 5000, vital: false, run: keepStream },
    { name: 'signals', everyMs: 1000, restMs: 2000, vital: false, run: () => signals.step() },
    { name: 'commands', everyMs: 0, vital: false, run: () => intake.step(COMMANDS_WAIT_MS) }
  ]
}

/** What belongs to no shard and is done once: by the owner of the first shard, as long as a gate decides. */
function onceBeside(options: WorkerOptions, connected: Connected, parts: { campaigns: Campaigns; followed: Bell }) {
  const { pool, logger } = options
  const { gate, shards } = connected
  const { campaigns, followed } = parts
  let first: ReadFirst | undefined
  const loops = commonLoops({
    ...{ ...connected, pool, followed, logger },
    mayAsk: async () => (await first?.isRead()) ?? false,
    driveIntents: ({ submit }) => driveIntents({ pool, gate: { ...gate, submit } }),
    driveSettlements: () => campaigns.driveSettlements()
  })
  const isOpen = () => shards.some(({ watch }) => watch.current() !== undefined)
  // what did not run has not found nothing: it does not rest
  const whileOpen = loops.map((loop) => ({ ...loop, run: async () => (isOpen() ? loop.run() : undefined) }))
  return (signal: AbortSignal) => {
    first = new ReadFirst({ ...connected, pool, shards: gate.numbers })
    return runLoops(whileOpen, signal, tellingTo(logger))
  }
}

/** What gateways lack in a shard, from now on. */
function hearWishes({ connection, names }: Connected, shard: number): Lacks {
  const lacks = new Lacks()
  connection.nc.subscribe(names.gateSubject(shard, 'wanted'), {
    callback: (error, message) => {
      if (error === null) lacks.hear(message.string())
    }
  })
  return lacks
}

const tellingTo = (logger: Logger) => (name: string, error: unknown) =>
  logger.warn({ err: error, loop: name }, `${name} failed; it is tried again`)

/** Runs the worker until the signal fires. @throws SchemaError, ShardsDifferError, NatsError at start */
export async function runWorkerUntil(options: WorkerOptions): Promise<void> {
  const { config, logger, pool, signal } = options
  await checkSchema(pool)
  await fixShards(pool, config.SHARDS)
  const connected = await connectWorker(options)
  const { gate, shards, publisher, boards, traces } = connected
  const campaigns = new Campaigns({ pool, gate })
  const worker = workerName()
  const owned = shards.map((parts) => ({
    parts,
    report: new WorkerReport({ worker, shard: parts.shard }, options.lagMs)
  }))
  const reports = owned.map(({ report }) => report)
  const keeping = runLoops(everybodysLoops(options, connected, reports), signal, tellingTo(logger))
  const share = new FairShare(config.SHARDS)
  const followed = new Bell()
  const beside = onceBeside(options, connected, { campaigns, followed })
  const pauses = campaignPauses(campaigns)
  const owning = owned.map(({ parts, report }) => {
    const { shard } = parts
    const events = new EventRelay({ ...connected, pool, shard, logger })
    const ownerOptions = {
      ...{ ...connected, parts, pool, pauses, logger },
      namespace: config.NAMESPACE,
      keepSeconds: config.JOURNAL_KEEP,
      keyRetentionSeconds: config.KEY_RETENTION,
      eventsPlace: () => events.place,
      report,
      lacks: hearWishes(connected, shard),
      news: newsOfShard(followed),
      share
    }
    const telling = new EventTelling(events, share, logger)
    return keepShard(ownerOptions, { ...options, share, telling, beside: shard === 0 ? beside : undefined })
  })
  await Promise.all([...owning, shareFairly(share, options)])
  await keeping
  await removeWorkerReport(pool, worker).catch(() => {})
  publisher.close()
  boards.close()
  await Promise.all([gate.close(1000), traces?.close(LAST_SPANS_MS)])
}

/** The worker as a process: until SIGTERM or SIGINT. */
export async function runWorker(config: Config): Promise<void> {
  armFailPoints(config)
  outliveFullDisk()
  const logger = createLogger(config, 'floodgate-worker')
  const pool = createPool(config, { max: 6 + 2 * config.SHARDS, name: 'floodgate-worker' })
  const stop = new AbortController()
  process.once('SIGTERM', () => stop.abort())
  process.once('SIGINT', () => stop.abort())
  process.send?.({ type: 'pids', pids: [process.pid] })
  await runWorkerUntil({ config, logger, pool, signal: stop.signal })
  await pool.end()
}
