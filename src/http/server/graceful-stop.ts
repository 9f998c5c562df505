import { Server } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { setDrainPhase } from '../running/drain.ts'

interface StopOptions {
  readonly logger: Logger
  readonly apps: readonly FastifyInstance[]
  /** how long /readyz says 503 before the listeners close, so that a balancer sees it */
  readonly delayMs: number
  /** longest duration of the stop after that */
  readonly drainMs: number
  /** stops something before the listeners close, such as forked processes, which have the same delay */
  readonly before?: (ms: number) => Promise<void>
  /** closes something after the last answer, within the ms that are left */
  readonly after: (ms: number) => Promise<void>
}

/** The shortest notice, so that local probes see 503 at /readyz before connections are refused; at most a tenth of the stop. */
const NOTICE_MS = 300
/** long enough for the next request of an active client */
const LAST_REQUESTS_MS = 150
const IDLE_EVERY_MS = 50

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/**
 * Accepts no new connections, answers requests on existing ones, then closes them. An HTTP server's own close would first
 * cut the connections that are idle at this instant, even if a request is on its way on them.
 */
async function closeApps(apps: readonly FastifyInstance[]): Promise<void> {
  setDrainPhase('closing')
  for (const app of apps) Server.prototype.close.call(app.server)
  await pause(LAST_REQUESTS_MS)
  const timer = setInterval(() => {
    for (const app of apps) app.server.closeIdleConnections()
  }, IDLE_EVERY_MS)
  try {
    await Promise.all(apps.map((app) => app.close()))
  } finally {
    clearInterval(timer)
  }
}

/**
 * Ends the process in order, once: /readyz says 503, listeners close, requests in flight are answered, what was decided is
 * published and settled, exit 0. After `delayMs` and `drainMs` it exits in any case: the relay publishes what Redis holds.
 */
export function createStop(options: StopOptions): (signal: string) => void {
  const { logger, apps, delayMs, drainMs, before, after } = options
  const noticeMs = Math.max(delayMs, Math.min(NOTICE_MS, drainMs / 10))
  let stopping = false
  return (signal) => {
    if (stopping) return
    stopping = true
    const deadline = Date.now() + delayMs + drainMs
    const left = () => Math.max(0, deadline - Date.now())
    setDrainPhase('leaving')
    logger.info({ signal, delayMs, drainMs }, 'stopping')
    setTimeout(() => {
      logger.warn('not everything was answered within DRAIN_MS')
      process.exit(0)
    }, delayMs + drainMs)
    // forked processes have a notice time of their own, so they get the signal at once
    const noticed = before === undefined ? pause(noticeMs) : before(left())
    void noticed
      .then(() => closeApps(apps))
      .then(() => after(Math.max(0, left() - IDLE_EVERY_MS)))
      .then(
        () => logger.info('stopped'),
        (error: unknown) => logger.error({ err: error }, 'the stop was not clean')
      )
      .then(() => process.exit(0))
  }
}
