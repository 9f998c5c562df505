import cluster from 'node:cluster'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { AggregatorRegistry } from 'prom-client'
import { FloodgateError, textOf } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { ConfigError } from '../../config/config-error.ts'
import { armFailPoints } from '../../config/fail-points.ts'
import { outliveFullDisk } from '../../config/logger.ts'
import { SchemaError } from '../../store/connection/schema-error.ts'
import { countPeople, howToAdd } from '../../store/operators/operators.ts'
import type { ActivityUse } from '../answering/activity-use.ts'
import { createSharedUse, sumUse } from '../answering/use-of-processes.ts'
import { SignalTotals } from '../watching/signal-totals.ts'
import { buildAdminApp } from './admin-app.ts'
import { buildPublicApp } from './app.ts'
import { HOPELESS_EXIT, startWorkers, type Workers } from './cluster.ts'
import { allowedOrigins } from './cors.ts'
import { createStop } from './graceful-stop.ts'
import { hearProcesses, type ProcessHealth, tellPrimary } from './health-of-processes.ts'
import { createGatewayParts, type GatewayParts } from './parts.ts'

/** The gateway cannot listen on a port that it needs. */
class PortError extends FloodgateError {
  readonly code = 'port'
  readonly meaning = 'The gateway cannot be reached without it, so it was not started.'
  readonly remedy: string

  constructor(what: string, remedy: string, options: ErrorOptions) {
    super(what, options)
    this.remedy = remedy
  }
}

async function listen(app: FastifyInstance, place: { host: string; port: number; variable: string }): Promise<string> {
  const { host, port, variable } = place
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'is in use' : code === 'EACCES' ? 'needs more rights' : 'cannot be listened on'
    const remedy = `Set ${variable} to another port, or stop what uses it.`
    throw new PortError(`Port ${port} on ${host} ${why}.`, remedy, { cause: error })
  }
}

function endOnFault(logger: Logger): void {
  const end = (what: string) => (error: unknown) => {
    logger.fatal({ err: error }, what)
    process.exit(1)
  }
  process.on('unhandledRejection', end('a promise was rejected and nobody listened'))
  process.on('uncaughtException', end('an error was thrown and nobody caught it'))
}

function onSignals(stop: (signal: string) => void): void {
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/** Sends a launcher, if there is one, the pids of all processes of this gateway. */
function tellPids(pids: readonly number[]): void {
  if (cluster.isWorker || process.send === undefined || !process.connected) return
  process.send({ type: 'pids', pids })
}

/** @param others given to the process that reports for all: the last reports of the others */
async function parts(config: Config, others?: () => readonly ProcessHealth[]): Promise<GatewayParts> {
  const made = await createGatewayParts(config, {
    others,
    onFailure: (error) => {
      made.logger.fatal(textOf(error))
      process.exit(HOPELESS_EXIT)
    }
  })
  endOnFault(made.logger)
  return made
}

async function listenAdmin(made: GatewayParts, metricsText: () => Promise<string>): Promise<FastifyInstance> {
  const { config, logger } = made
  const signalTotals = new SignalTotals({ pool: made.adminPool })
  made.signalLine.hear((text) => signalTotals.take(text))
  const admin = await buildAdminApp({ ...made, pool: made.adminPool, metricsText, signalTotals })
  made.health.watch()
  const url = await listen(admin, { host: config.ADMIN_HOST, port: config.ADMIN_PORT, variable: 'ADMIN_PORT' })
  logger.info({ url }, 'the admin port is open')
  // ignored: other messages report a database that is away
  void countPeople(made.pool).then(
    ({ people }) => people > 0 || logger.warn(`Nobody can use the admin port. ${howToAdd}`),
    () => {}
  )
  return admin
}

async function listenPublic(made: GatewayParts, use?: ActivityUse): Promise<FastifyInstance> {
  const { config, logger } = made
  const app = await buildPublicApp({ ...made, ...(use && { use }) })
  const url = await listen(app, { host: config.HOST, port: config.PORT, variable: 'PORT' })
  logger.info({ url, origins: allowedOrigins(config).map(String) }, 'the public port is open')
  return app
}

function stopOf(
  { config, logger, close }: GatewayParts,
  apps: readonly FastifyInstance[],
  before?: (ms: number) => Promise<void>
): (signal: string) => void {
  const [delayMs, drainMs] = [config.DRAIN_DELAY_MS, config.DRAIN_MS]
  return createStop({ logger, apps, delayMs, drainMs, ...(before && { before }), after: close })
}

/** One process for both ports. */
async function runAlone(config: Config): Promise<void> {
  const made = await parts(config, () => [])
  // first, as with several processes: whoever finds the public port ready may ask the admin port at once
  const admin = await listenAdmin(made, () => made.metrics.registry.metrics())
  onSignals(stopOf(made, [await listenPublic(made), admin]))
  tellPids([process.pid])
}

/** The first of several: it owns the admin port and the other processes. */
async function runPrimary(config: Config): Promise<void> {
  const made = await parts(config, hearProcesses())
  const figures = new AggregatorRegistry()
  const admin = await listenAdmin(made, () => figures.clusterMetrics())
  let workers: Workers | undefined
  onSignals(stopOf(made, [admin], async (ms) => workers?.stop(ms)))
  sumUse()
  workers = startWorkers({
    count: config.GATEWAY_PROCESSES,
    logger: made.logger,
    onChange: (pids) => tellPids([process.pid, ...pids]),
    onHopeless: () => {
      made.logger.fatal('a gateway process cannot start; see its message')
      process.exit(1)
    }
  })
}

/** One of several that serve the public port. */
async function runWorker(config: Config): Promise<void> {
  try {
    const made = await parts(config)
    AggregatorRegistry.setRegistries([made.metrics.registry])
    new AggregatorRegistry()
    tellPrimary(() => made.health.own())
    const apps = [await listenPublic(made, createSharedUse())]
    onSignals(stopOf(made, apps))
  } catch (error) {
    const hopeless = error instanceof PortError || error instanceof SchemaError || error instanceof ConfigError
    process.stderr.write(`${textOf(error)}\n`)
    process.exit(hopeless ? HOPELESS_EXIT : 1)
  }
}

/**
 * Runs the gateway until SIGTERM or SIGINT; resolves once the ports are open. With GATEWAY_PROCESSES above 1 the public port
 * is served by as many forked processes, and this one serves the admin port.
 * @throws SchemaError, ConfigError, PortError with messages for the operator
 */
export async function runGateway(config: Config): Promise<void> {
  armFailPoints(config)
  outliveFullDisk()
  if (config.GATEWAY_PROCESSES === 1) return runAlone(config)
  return cluster.isPrimary ? runPrimary(config) : runWorker(config)
}
