import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import type { BoardReader } from '../../gate/boards/board-reader.ts'
import type { Admission, Decider, HashReader, Shards, UserReader } from '../../gate/gate.ts'
import { createMovementFinder } from '../account/find-movements.ts'
import { meRoute } from '../account/me-route.ts'
import { accountRoutes } from '../account/routes.ts'
import { ActivityUse } from '../answering/activity-use.ts'
import { createAnswerBodies } from '../answering/bodies.ts'
import { createCodeAssigner } from '../answering/codes.ts'
import { createDecisionFinder } from '../answering/find-decision.ts'
import { requestRoute } from '../answering/request-route.ts'
import { createAuthHook, tokenReader } from '../auth/storefront.ts'
import { createBoardFinder } from '../boards/find-board.ts'
import { boardRoute } from '../boards/route.ts'
import { LiveFigures } from '../campaigns/live-figures.ts'
import { liveRoute } from '../campaigns/live-route.ts'
import { campaignRoutes } from '../campaigns/routes.ts'
import { commentsRoute } from '../discussions/comments-route.ts'
import { myInvitesRoute } from '../invites/my-invites-route.ts'
import { qrRoute } from '../invites/qr-route.ts'
import { hotRoute } from '../operator/hot-activities.ts'
import { createOrderFinder } from '../orders/find-orders.ts'
import { orderRoutes } from '../orders/routes.ts'
import { participationRoutes } from '../participation/route.ts'
import { countAnswers, type HttpMetrics } from '../running/metrics.ts'
import { registerRateLimits } from '../running/rate-limits.ts'
import { traceRequests } from '../running/request-trace.ts'
import { SignalCounts } from '../running/signals.ts'
import { registerCors } from './cors.ts'
import { demoShop, hasDemoShop } from './demo-shop.ts'
import { registerDocuments, registerOpenApi } from './documents.ts'
import { installRefusals } from './error-handler.ts'
import { type HealthCheck, healthRoutes } from './health.ts'
import { publicOperations } from './operations.ts'
import '../wire/request-types.ts'
import type { Traces } from '../../tracing/traces.ts'
import { type CatalogueSource, createActivityFinder } from '../answering/find-activity.ts'
import { readingLimits, Turns } from '../answering/turns.ts'
import { mySharesRoute } from '../shares/my-shares-route.ts'
import { shareRoutes } from '../shares/routes.ts'
import { ticketRoute } from '../tickets/route.ts'
import { Tickets } from '../tickets/tickets.ts'
import { createWinFinder } from '../wins/find-wins.ts'
import { winRoutes } from '../wins/routes.ts'
import { winnersRoute } from '../wins/winners-route.ts'
import { createServer, protectAnswers, trustedProxies } from './server.ts'

/** What the public app needs. */
export interface PublicParts {
  readonly config: Config
  readonly gate: Decider & Admission & UserReader & HashReader & Pick<Shards, 'numbers'>
  readonly boards: BoardReader
  readonly catalogue: CatalogueSource
  readonly pool: pg.Pool
  readonly logger: Logger
  readonly metrics: HttpMetrics
  readonly health: HealthCheck
  /** ms since 1970 */
  readonly now?: () => number
  /** limits of parallel reads of signed-in users; tests set longer waits */
  readonly turns?: Turns
  /** figures that the admin port of this process shows too */
  readonly figures?: LiveFigures
  /** what comes of asking for activities; absent: nobody hears of it */
  readonly signals?: SignalCounts
  /** absent: nothing is traced */
  readonly traces?: Traces | undefined
  /** how often activities were used; absent if this process is the only one */
  readonly use?: ActivityUse
}

const BODY_MAX = 16 * 1024

/**
 * The public port. Plugins are registered in the order in which they act. The routes for taking part count their answers
 * themselves; a hook counts those of all other routes.
 */
export async function buildPublicApp(parts: PublicParts): Promise<FastifyInstance> {
  const { config, gate, pool, logger, metrics, health, traces, now = Date.now } = parts
  const { use = new ActivityUse(), signals = new SignalCounts(() => true) } = parts
  const app = createServer({
    bodyLimitBytes: BODY_MAX,
    tokenBytes: config.TOKEN_MAX_BYTES,
    keepAliveMs: config.KEEP_ALIVE_MS,
    proxies: trustedProxies(config),
    begins: traces && traceRequests(traces)
  })
  registerCors(app, config)
  const limits = await registerRateLimits(app, config)
  installRefusals(app, { logger, bodyLimitBytes: BODY_MAX, metrics, byAddress: limits.byAddress })
  await registerOpenApi(app, {
    title: 'Floodgate',
    description:
      'A flash-sale gateway. Every POST takes an Idempotency-Key; refusals are problem documents with a stable code.',
    operations: publicOperations,
    bearer: 'storefront'
  })

  const authenticate = createAuthHook(tokenReader(config, { logger, metrics }), limits.byUser)
  const finder = createActivityFinder(parts.catalogue, now)
  const { figures = new LiveFigures({ gate, catalogue: parts.catalogue, now }) } = parts
  const orders = createOrderFinder(gate, pool)
  const wins = createWinFinder(gate, pool)
  const accounts = createMovementFinder(gate, pool)
  const decisions = createDecisionFinder(gate, pool)
  const bodies = createAnswerBodies(parts.catalogue, createCodeAssigner(pool, logger))
  const { turns = new Turns(readingLimits) } = parts
  const boards = createBoardFinder({ pool, boards: parts.boards, now })
  const tickets = new Tickets({ pool, config, now })
  app.addHook('onReady', async () => tickets.prepare())

  await app.register(participationRoutes, {
    gate,
    services: { pool, gate },
    finder,
    bodies,
    authenticate,
    metrics,
    use,
    signals,
    tickets
  })
  await app.register(async (counted) => {
    countAnswers(counted, metrics)
    protectAnswers(counted)
    await counted.register(healthRoutes, { health, environment: config.FLOODGATE_ENV })
    await counted.register(campaignRoutes, { finder, figures, now })
    await counted.register(liveRoute, { finder, figures, now, listenersMax: config.LIVE_LISTENERS, logger })
    await counted.register(hotRoute, { finder, figures, use, now })
    await counted.register(winnersRoute, { pool, finder, findPrize: bodies.findPrize, now })
    await counted.register(boardRoute, { finder, boards, authenticate, now, turns })
    await counted.register(qrRoute, { finder })
    await counted.register(myInvitesRoute, { pool, gate, finder, authenticate, turns, now })
    await counted.register(mySharesRoute, { pool, gate, finder, authenticate, turns })
    await counted.register(shareRoutes, { pool, gate, finder, authenticate, logger, now })
    await counted.register(commentsRoute, { pool, finder, now })
    await counted.register(meRoute, { gate, pool, finder, authenticate, now, turns })
    await counted.register(ticketRoute, { gate, tickets, finder, authenticate, now })
    await counted.register(orderRoutes, { gate, orders, authenticate, metrics, turns })
    await counted.register(winRoutes, { gate, pool, wins, bodies, authenticate, metrics, now, turns })
    await counted.register(accountRoutes, { pool, accounts, catalogue: parts.catalogue, authenticate, turns })
    await counted.register(requestRoute, { decisions, bodies, authenticate, turns })
    if (hasDemoShop(config))
      await counted.register(demoShop, { config, gate, pool, orders, authenticate, metrics, logger })
    await registerDocuments(counted, config.NAMESPACE)
  })
  return app
}
