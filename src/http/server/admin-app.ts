import type { FastifyInstance, FastifyRequest } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import { isoTime } from '../../base/iso-time.ts'
import { createAuditedGate } from '../../campaign/carrying/audited-gate.ts'
import { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import type { Config } from '../../config/config.ts'
import type { Decider, Foreseer, HashReader, Lending, Shards, UserReader } from '../../gate/gate.ts'
import { runbookEntry } from '../../health/conditions.ts'
import type { WatchedCondition } from '../../health/monitor.ts'
import { askChangesOnce } from '../answering/asked-once.ts'
import { createAnswerBodies } from '../answering/bodies.ts'
import { createCodeAssigner } from '../answering/codes.ts'
import { createOperatorHook, requireRole } from '../auth/operator.ts'
import { whoAmI } from '../auth/who-am-i.ts'
import { LiveFigures } from '../campaigns/live-figures.ts'
import { adminComments } from '../discussions/admin.ts'
import { moderation } from '../discussions/moderation.ts'
import { affectedOrders } from '../operator/affected-orders.ts'
import { archiveRoutes } from '../operator/archive.ts'
import { archiveFileRoute } from '../operator/archive-file.ts'
import { auditRoute } from '../operator/audit.ts'
import { adminCalendars } from '../operator/calendars.ts'
import { adminCampaigns } from '../operator/campaigns.ts'
import { dryRunRoute } from '../operator/dry-run.ts'
import { adminEveryCampaign } from '../operator/every-campaign.ts'
import { createExcluding } from '../operator/excluding.ts'
import { jobRoute } from '../operator/jobs.ts'
import { participantsRoute } from '../operator/participants.ts'
import { createProofs } from '../operator/proofs.ts'
import { reportRoutes, supplierRoute } from '../operator/report.ts'
import { rewardRoutes } from '../operator/rewards.ts'
import { adminSearches } from '../operator/searches.ts'
import { owedRoute, settlementRoute } from '../operator/settlement.ts'
import { adminSurveys } from '../operator/survey-results.ts'
import { adminTimeline } from '../operator/timeline.ts'
import { adminUploads } from '../operator/uploads.ts'
import { adminUsers } from '../operator/users.ts'
import { adminOrders } from '../orders/admin.ts'
import { createOrderFinder } from '../orders/find-orders.ts'
import { countAnswers, type HttpMetrics } from '../running/metrics.ts'
import { winAddress } from '../wins/address.ts'
import { adminWins } from '../wins/admin.ts'
import { adminFulfilment } from '../wins/fulfilment.ts'
import { adminOperations } from './admin-operations.ts'
import { consoleApp, registerPages } from './app-pages.ts'
import { registerDocuments, registerOpenApi } from './documents.ts'
import { installRefusals } from './error-handler.ts'
import { type HealthCheck, healthRoutes } from './health.ts'
import '../wire/request-types.ts'
import { gameResultsRoute } from '../account/game.ts'
import { registrationRoute } from '../account/registration-route.ts'
import { serviceRoutes } from '../account/service-routes.ts'
import { type CatalogueSource, createActivityFinder } from '../answering/find-activity.ts'
import { adminShares } from '../shares/admin.ts'
import { verificationRoute } from '../shares/verification-route.ts'
import { operatorLiveRoute } from '../watching/live-route.ts'
import { SignalTotals } from '../watching/signal-totals.ts'
import { createWinFinder } from '../wins/find-wins.ts'
import { createServer, protectAnswers, trustedProxies } from './server.ts'
import { createShardMetrics } from './shard-metrics.ts'
import { createStockMetrics } from './stock-metrics.ts'

/** What the admin app needs. */
interface AdminParts {
  readonly config: Config
  readonly gate: Decider &
    Foreseer &
    UserReader &
    HashReader &
    Pick<Lending, 'look'> &
    Pick<Shards, 'depths' | 'health' | 'numbers'>
  readonly catalogue: CatalogueSource
  readonly pool: pg.Pool
  readonly logger: Logger
  readonly metrics: HttpMetrics
  readonly health: HealthCheck
  /** figures of all processes of this gateway as Prometheus text */
  readonly metricsText: () => Promise<string>
  /** ms since 1970 */
  readonly now?: () => number
  /** what all gateways signal; absent: nothing is heard */
  readonly signalTotals?: SignalTotals
  /** figures that the public port of this process shows too */
  readonly figures?: LiveFigures
  /** how long an answer waits for a change to be carried out before it is 202 */
  readonly carryMs?: number
}

/** a definition with a thousand sessions */
const BODY_MAX = 2 * 1024 * 1024
/** for files with a million lines, which are read as fast as Postgres takes them */
const REQUEST_TIMEOUT_MS = 15 * 60_000

type WithFigures = AdminParts & { readonly figures: LiveFigures }

/** Routes about orders, campaigns, users and wins, and those by which other systems report. */
async function registerRoutes(admin: FastifyInstance, parts: WithFigures): Promise<void> {
  const { gate, pool, logger, metrics, catalogue, now = Date.now } = parts
  const orders = createOrderFinder(gate, pool)
  const wins = createWinFinder(gate, pool)
  const finder = createActivityFinder(catalogue, now)
  const bodies = createAnswerBodies(catalogue, createCodeAssigner(pool, logger))
  const submit = createAuditedGate({ gate, pool, logger })
  const campaigns = new Campaigns({ pool, gate }, parts.carryMs === undefined ? {} : { carryMs: parts.carryMs })

  await admin.register(async (me) => whoAmI(me))
  await admin.register(adminOrders, { gate, pool, orders, metrics, logger })
  const proofs = createProofs({ catalogue, figures: parts.figures, now })
  await admin.register(adminCampaigns, { campaigns, pool, gate, figures: parts.figures, proofs })
  await admin.register(auditRoute, { pool })
  await admin.register(adminEveryCampaign, { campaigns })
  await admin.register(settlementRoute, { campaigns })
  await admin.register(archiveFileRoute, { pool, namespace: parts.config.NAMESPACE })
  await admin.register(archiveRoutes, { campaigns })
  await admin.register(reportRoutes, { pool, now })
  await admin.register(supplierRoute, { pool, campaigns, now })
  await admin.register(jobRoute, { campaigns, pool })
  await admin.register(affectedOrders, { campaigns, pool })
  await admin.register(async (calendars) => adminCalendars(calendars, { pool }))
  const excluding = createExcluding({ campaigns, pool, reader: gate, carryMs: parts.carryMs })
  await admin.register(async (users) => adminUsers(users, { campaigns, excluding }))
  await admin.register(participantsRoute, { pool, campaigns })
  await admin.register(adminSearches, { pool, bodies, campaigns, catalogue })
  await admin.register(async (surveys) => adminSurveys(surveys, { pool, campaigns }))
  await admin.register(adminTimeline, { gate, pool, catalogue })
  await admin.register(dryRunRoute, { gate, pool, finder, now })
  await admin.register(adminWins, { pool, wins, submit, finder, bodies, metrics })
  await admin.register(adminFulfilment, { pool, wins, submit, bodies, metrics })
  await admin.register(winAddress, { pool, wins })
  await admin.register(rewardRoutes, { pool, wins, submit, finder, campaigns })
  await admin.register(owedRoute, { pool, campaigns, now })
  await admin.register(adminComments, { pool, gate, finder })
  await admin.register(moderation, { pool, gate, submit, metrics })
  await admin.register(adminUploads, { campaigns, pool })
  await admin.register(adminShares, { pool, gate, submit, finder, metrics })
  await admin.register(serviceRoutes, { pool, finder, now })
  await admin.register(verificationRoute, { pool, gate, finder, now })
  await admin.register(registrationRoute, { pool, finder, now })
  await admin.register(gameResultsRoute, { gate, pool, finder, bodies, metrics, now })
}

function liveOptions(parts: WithFigures, authenticate: (request: FastifyRequest) => Promise<void>) {
  const { gate, pool, catalogue, health, figures, logger, now = Date.now } = parts
  const { signalTotals: signals = new SignalTotals({ pool, now }) } = parts
  const broken = async () => (await health.report()).conditions.filter(({ ok }) => !ok).map(({ name }) => name)
  const finder = createActivityFinder(catalogue, now)
  return { pool, gate, finder, figures, signals, broken, authenticate, logger, now }
}

const conditionView = ({ name, ok, since, detail }: WatchedCondition) => ({
  name,
  ok,
  since: isoTime(since),
  detail,
  runbook: runbookEntry(name)
})

/** The admin port: none of its routes exists on the public one. */
export async function buildAdminApp(parts: AdminParts): Promise<FastifyInstance> {
  const { config, pool, logger, metrics, health } = parts
  const proxies = trustedProxies(config)
  const app = createServer({
    bodyLimitBytes: BODY_MAX,
    tokenBytes: config.TOKEN_MAX_BYTES,
    keepAliveMs: config.KEEP_ALIVE_MS,
    proxies,
    requestTimeoutMs: REQUEST_TIMEOUT_MS
  })
  installRefusals(app, { logger, bodyLimitBytes: BODY_MAX, metrics })

  await registerOpenApi(app, {
    title: 'Floodgate, admin port',
    description:
      'For operators and services. Every change takes an Idempotency-Key, scoped to the operator; `x-requires` says which role people and which scope services need.',
    operations: adminOperations,
    bearer: 'operator'
  })
  await app.register(healthRoutes, { health, environment: config.FLOODGATE_ENV })
  const { gate, catalogue, now } = parts
  const { figures = new LiveFigures({ gate, catalogue, ...(now && { now }) }) } = parts
  const shard = createShardMetrics(parts)
  const stock = createStockMetrics({ figures, catalogue, ...(now && { now }) })
  app.get('/metrics', async (_request, reply) => {
    // a process that hangs makes the figures of all processes fail, but must not hide the figures that show the problem
    const own = parts.metricsText().catch((error: Error) => `# figures of the processes: ${error.message}`)
    const shared = await Promise.all([own, shard.metrics(), stock.metrics()])
    return reply.type(metrics.registry.contentType).send(shared.join('\n'))
  })
  await app.register(async (admin) => {
    countAnswers(admin, metrics)
    protectAnswers(admin)
    const authenticate = await createOperatorHook(admin, parts)
    admin.addHook('onRequest', authenticate)
    askChangesOnce(admin, { pool, logger })
    admin.get('/admin/v1/health', { preHandler: requireRole('viewer', 'health:read') }, async (request) => {
      const { conditions, ...parts } = await health.report()
      const { name, role } = request.operator
      const shown = conditions.map(conditionView)
      return { environment: config.FLOODGATE_ENV, operator: { name, role }, ...parts, conditions: shown }
    })
    await registerRoutes(admin, { ...parts, figures })
    await admin.register(operatorLiveRoute, liveOptions({ ...parts, figures }, authenticate))
  })
  await registerPages(app, consoleApp)
  await registerDocuments(app, config.NAMESPACE)
  return app
}
