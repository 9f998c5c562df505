import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { messageOf } from '../base/errors.ts'
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
import { reservedBytes, reservedText } from '../journal/room.ts'
import { ensurePublicStream, manager } from '../journal/streams.ts'
import { streamNames } from '../journal/subjects.ts'
import { checkSchema } from '../store/connection/migrate.ts'
import { createPool } from '../store/connection/pool.ts'
import { withSession } from '../store/connection/session.ts'
import { CommandIntake } from './commands/intake.ts'
import { EventRelay } from './events/relay.ts'
import { pause, runLoops } from './running/loop.ts'
import { campaignPauses } from './shard/holds.ts'
import { type OwnerOptions, ShardOwner } from './shard/owner.ts'
import { RecoveryError } from './shard/recovery-error.ts'
import { WorkerReport } from './shard/report.ts'

/** Events gather this long: many in one go cost one pull and one ack. */
const EVENTS_GATHER_MS = 20

/** How long a worker waits for the first command: also how long it takes to stop. */
const COMMANDS_WAIT_MS = 1000

/** How long a worker waits before it tries again to own a shard that another holds, or that it could not open. */
const RETRY_MS = 500
/** After some recoveries that failed: each try makes an epoch and a stream, and maybe only people can help. */
const LONGEST_RETRY_MS = 30_000

interface WorkerOptions {
  readonly config: Config
  readonly logger: Logger
  readonly pool: Pool
  readonly signal: AbortSignal
  /** how far projection and events may be behind before that is a condition (15,000) */
  readonly lagMs?: number
}

/** Tells events from the first time the shard is taken until another worker is seen to hold it: Postgres away is no end. */
class EventTelling {
  #stop: AbortController | undefined
  #running: Promise<void> = Promise.resolve()
  readonly #events: EventRelay
  readonly #logger: Logger

  constructor(events: EventRelay, logger: Logger) {
    this.#events = events
    this.#logger = logger
  }

  start(): void {
    if (this.#stop) return
    this.#stop = new AbortController()
    const run = () => this.#events.step(1000)
    this.#running = runLoops(
      [{ name: 'events', everyMs: EVENTS_GATHER_MS, vital: false, run }],
      this.#stop.signal,
      (name, error) => this.#logger.warn({ err: error, loop: name }, `${name} failed; it is tried again`)
    )
  }

  async stop(): Promise<void> {
    this.#stop?.abort()
    await this.#running
    this.#stop = undefined
  }
}

/** The first try again comes soon: Redis may have been exchanged in the middle. */
function waitAfter(failed: number): number {
  return failed === 0 ? RETRY_MS : Math.min(RETRY_MS * 2 ** (failed - 1), LONGEST_RETRY_MS)
}

/** Takes the shard, works on it, and starts over when that ends, until the signal fires. */
async function ownWhilePossible(
  options: OwnerOptions,
  { telling, config, logger, signal }: WorkerOptions & { readonly telling: EventTelling }
): Promise<void> {
  let failed = 0
  let told = ''
  while (!signal.aborted) {
    let waitMs = RETRY_MS
    try {
      await withSession(config, 'floodgate-worker-owner', async (session, lost) => {
        const owner = await ShardOwner.take(options, session)
        if (!owner) {
          options.report.standsBy()
          return telling.stop()
        }
        logger.info({ shard: options.parts.shard }, 'this worker owns the shard')
        telling.start()
        await owner.run(AbortSignal.any([signal, lost]))
      })
      told = ''
    } catch (error) {
      failed = error instanceof RecoveryError ? failed + 1 : 0
      waitMs = waitAfter(failed)
      const alarm = failed > 1 ? { alarm: 'RECOVERY_FAILS', tries: failed } : {}
      const what = messageOf(error)
      options.report.standsBy(what)
      // an outage is one line, not one for each look at it
      const line = what === told && failed === 0 ? 'debug' : 'error'
      logger[line]({ ...alarm, err: error, waitMs }, 'the work on the shard ended; it is taken up again')
      told = what
    }
    await pause(waitMs, signal)
  }
  await telling.stop()
}

/** Runs the worker until the signal fires. @throws SchemaError, NatsError at start */
export async function runWorkerUntil(options: WorkerOptions): Promise<void> {
  const { config, logger, pool, signal } = options
  await checkSchema(pool)
  const names = streamNames(config.NAMESPACE)
  const parts = await createGateParts(config, { pool, logger, name: 'floodgate-worker' })
  const boards = createBoardWriter(config, 'floodgate-worker')
  const jsm = await manager(parts.connection)
  const streams = {
    replicas: config.NATS_REPLICAS,
    maxBytes: config.JOURNAL_MAX_BYTES,
    leastBytes: 2 * keptBound(config)
  }
  reservedBytes(jsm, names).then(
    (room) => logger.info({ room, replicas: streams.replicas }, `the journal's store: ${reservedText(room)}`),
    () => {}
  )
  const publisher = createPublisher(parts.connection, 2000)
  const events = new EventRelay({
    connection: parts.connection,
    jsm,
    publisher,
    pool,
    names,
    shard: parts.shard,
    logger
  })
  const keepStream = () => ensurePublicStream(jsm, names, { ...streams, keepSeconds: config.JOURNAL_KEEP })
  const queue = new CommandQueue({ connection: parts.connection, jsm, names, streams })
  const intake = new CommandIntake({
    queue,
    pool,
    gate: parts.gate,
    catalogue: new Catalogue({ pool }),
    publisher,
    names,
    logger
  })
  const campaigns = new Campaigns({ pool, gate: parts.gate })
  const report = new WorkerReport(options.lagMs)
  // these belong to no shard: every worker does them
  const keeping = runLoops(
    [
      { name: 'report', everyMs: 1000, vital: false, run: () => report.save(pool) },
      { name: 'public stream', everyMs: 5000, vital: false, run: keepStream },
      { name: 'commands', everyMs: 0, vital: false, run: () => intake.step(COMMANDS_WAIT_MS) }
    ],
    signal,
    (name, error) => logger.warn({ err: error, loop: name }, `${name} failed; it is tried again`)
  )
  await ownWhilePossible(
    {
      parts,
      pool,
      boards,
      jsm,
      names,
      namespace: config.NAMESPACE,
      streams,
      keepSeconds: config.JOURNAL_KEEP,
      keyRetentionSeconds: config.KEY_RETENTION,
      publisher,
      driveIntents: () => driveIntents({ pool, gate: parts.gate }),
      driveSettlements: () => campaigns.driveSettlements(),
      pauses: campaignPauses(campaigns),
      eventsPlace: () => events.place,
      report,
      logger
    },
    { ...options, telling: new EventTelling(events, logger) }
  )
  await keeping
  await report.remove(pool).catch(() => {})
  await events.close()
  publisher.close()
  boards.close()
  await parts.gate.close(1000)
}

/** The worker as a process: until SIGTERM or SIGINT. */
export async function runWorker(config: Config): Promise<void> {
  armFailPoints(config)
  outliveFullDisk()
  const logger = createLogger(config, 'floodgate-worker')
  const pool = createPool(config, { max: 8, name: 'floodgate-worker' })
  const stop = new AbortController()
  process.once('SIGTERM', () => stop.abort())
  process.once('SIGINT', () => stop.abort())
  process.send?.({ type: 'pids', pids: [process.pid] })
  await runWorkerUntil({ config, logger, pool, signal: stop.signal })
  await pool.end()
}
