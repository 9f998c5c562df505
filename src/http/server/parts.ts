import type pg from 'pg'
import type { Logger } from 'pino'
import { Catalogue } from '../../campaign/carrying/catalogue.ts'
import type { Config } from '../../config/config.ts'
import { ConfigError } from '../../config/config-error.ts'
import { createLogger } from '../../config/logger.ts'
import { GateFigures } from '../../gate/batch/figures.ts'
import { type BoardReader, createBoardReader } from '../../gate/boards/board-reader.ts'
import type { Gate } from '../../gate/gate.ts'
import { startGate } from '../../gate/shard/create-gate.ts'
import { ConditionMonitor } from '../../health/monitor.ts'
import { openSignalLine, type SignalLine } from '../../journal/signals.ts'
import { streamNames } from '../../journal/subjects.ts'
import { checkSchema } from '../../store/connection/migrate.ts'
import { createPool } from '../../store/connection/pool.ts'
import { SchemaError } from '../../store/connection/schema-error.ts'
import { requireShards, ShardsDifferError } from '../../store/shard/deployment.ts'
import { startTraces } from '../../tracing/start.ts'
import { LAST_SPANS_MS, type Traces } from '../../tracing/traces.ts'
import { LiveFigures } from '../campaigns/live-figures.ts'
import { showHistograms } from '../running/histograms.ts'
import { createMetrics, type HttpMetrics } from '../running/metrics.ts'
import { createSeldom } from '../running/seldom.ts'
import { SignalCounts } from '../running/signals.ts'
import { showTraces } from '../running/trace-metric.ts'
import { HealthCheck } from './health.ts'
import type { ProcessHealth } from './health-of-processes.ts'

/** What a gateway process holds, whichever ports it serves. */
export interface GatewayParts {
  readonly config: Config
  readonly logger: Logger
  readonly pool: pg.Pool
  /** only for the admin port, so that its load leaves the public port its connections */
  readonly adminPool: pg.Pool
  readonly gate: Gate
  readonly boards: BoardReader
  readonly catalogue: Catalogue
  readonly metrics: HttpMetrics
  readonly health: HealthCheck
  /** one reading of Redis for both ports */
  readonly figures: LiveFigures
  readonly signals: SignalCounts
  readonly signalLine: SignalLine
  readonly traces: Traces | undefined
  /** Finishes work in flight and closes all parts within `ms`. */
  close(ms: number): Promise<void>
}

interface PartsOptions {
  /** called once when the database turns out to be too old after the start */
  readonly onFailure: (error: Error) => void
  /** the reports of the other processes; given to the process that reports for all and logs conditions */
  readonly others?: (() => readonly ProcessHealth[]) | undefined
}

const CONNECTIONS = 10
const ADMIN_CONNECTIONS = 6
const SCHEMA_PAUSE_MS = 1000

/**
 * Connects the parts of a gateway. Only a database that answers and is too old is an error; the process
 * serves while it waits for parts that do not answer yet.
 * @throws SchemaError, ShardsDifferError, ConfigError
 */
export async function createGatewayParts(config: Config, { onFailure, others }: PartsOptions): Promise<GatewayParts> {
  requireAddresses(config)
  const logger = createLogger(config, 'floodgate-gateway')
  const traces = await startTraces({ config, name: 'floodgate-gateway', logger })
  const pool = createPool(config, { max: CONNECTIONS, name: 'floodgate-gateway' })
  // a pool connects when it is used, so a process without the admin port opens no connection here
  const adminPool = createPool(config, { max: ADMIN_CONNECTIONS, name: 'floodgate-gateway-admin' })
  const schema = await watchSchema({ pool, logger, shards: config.SHARDS }, onFailure)
  const counted = new GateFigures()
  const gate = startGate(config, { pool, logger, figures: counted, traces })
  const boards = createBoardReader(config, 'floodgate-gateway')
  const names = streamNames(config.NAMESPACE)
  const signalLine = openSignalLine(config.NATS_URL, { creds: config.NATS_CREDS, names })
  const signals = new SignalCounts(signalLine.send)
  signals.start()
  const metrics = createMetrics()
  showHistograms(metrics.registry, signals.took, counted)
  if (traces !== undefined) showTraces(metrics.registry, traces.counts)
  const seldom = createSeldom()
  const catalogue = new Catalogue({
    pool,
    onError: (error) =>
      seldom('catalogue', (more) => logger.warn({ err: error, more }, 'the catalogue could not be read'))
  })
  await catalogue.start()
  return {
    config,
    logger,
    pool,
    adminPool,
    gate,
    boards,
    catalogue,
    metrics,
    figures: new LiveFigures({ gate, catalogue }),
    signals,
    signalLine,
    traces,
    health: new HealthCheck({
      gate,
      pool,
      ...(others && { others }),
      monitor: new ConditionMonitor({ log: others && logger })
    }),
    async close(ms) {
      schema.stop()
      catalogue.stop()
      boards.close()
      await gate.close(ms)
      signals.stop()
      await signalLine.close()
      const lastSpans = traces?.close(Math.min(ms, LAST_SPANS_MS))
      await Promise.all([pool.end(), adminPool.end(), lastSpans])
    }
  }
}

/** @throws ConfigError naming every address that is missing: a gateway starts no servers */
function requireAddresses(config: Config): void {
  const missing = (['REDIS_URL', 'NATS_URL', 'DATABASE_URL'] as const).filter((name) => config[name] === '')
  if (missing.length === 0) return
  throw new ConfigError(
    `${missing.join(', ')} must be set: a gateway needs running servers. For a local stack with its own servers run: npm start`
  )
}

/** What does not change by waiting: a schema, or a number of shards, that is another one. */
const isFinal = (error: unknown) => error instanceof SchemaError || error instanceof ShardsDifferError

async function watchSchema(
  { pool, logger, shards }: { readonly pool: pg.Pool; readonly logger: Logger; readonly shards: number },
  onFailure: (error: Error) => void
): Promise<{ stop(): void }> {
  const check = async () => {
    await checkSchema(pool)
    await requireShards(pool, shards)
  }
  let timer: NodeJS.Timeout | undefined
  async function again(): Promise<void> {
    try {
      await check()
    } catch (error) {
      if (error instanceof Error && isFinal(error)) onFailure(error)
      else timer = setTimeout(() => void again(), SCHEMA_PAUSE_MS)
    }
  }
  try {
    await check()
  } catch (error) {
    if (isFinal(error)) {
      await pool.end()
      throw error
    }
    logger.warn({ err: error }, 'Postgres does not answer yet; its schema is checked as soon as it does')
    timer = setTimeout(() => void again(), SCHEMA_PAUSE_MS)
  }
  return { stop: () => clearTimeout(timer) }
}
