import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import { Campaigns } from '../campaign/lifecycle.ts'
import type { Config } from '../config/config.ts'
import type { Gate } from '../gate/gate.ts'
import { adminCampaigns } from './admin-campaigns.ts'
import { adminOrders } from './admin-orders.ts'
import { installRefusals } from './error-handler.ts'
import { type HealthCheck, healthRoutes } from './health.ts'
import { countAnswers, type HttpMetrics } from './metrics.ts'
import { createOperatorHook, requireRole } from './operator-auth.ts'
import { createOrderDirectory } from './order-directory.ts'
import './request-types.ts'
import { createServer, protectAnswers, trustedProxies } from './server.ts'

/** What the admin app is built of. */
export interface AdminParts {
  readonly config: Config
  readonly gate: Gate
  readonly pool: pg.Pool
  readonly logger: Logger
  readonly metrics: HttpMetrics
  readonly health: HealthCheck
  /** figures of all processes of this gateway as Prometheus text */
  readonly metricsText: () => Promise<string>
}

/** a definition with a thousand sessions, and lists of codes */
const BODY_MAX = 2 * 1024 * 1024

/** The admin port: none of its routes exists on the public one. */
export async function buildAdminApp(parts: AdminParts): Promise<FastifyInstance> {
  const { config, gate, pool, logger, metrics, health } = parts
  const app = createServer({ bodyLimitBytes: BODY_MAX, proxies: trustedProxies(config) })
  installRefusals(app, { logger, bodyLimitBytes: BODY_MAX, metrics })
  const orders = createOrderDirectory(gate, pool)

  await app.register(healthRoutes, { health })
  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await parts.metricsText())
  )
  await app.register(async (admin) => {
    countAnswers(admin, metrics)
    protectAnswers(admin)
    admin.addHook('onRequest', createOperatorHook(pool))
    admin.get('/admin/v1/health', { preHandler: requireRole('viewer', 'health:read') }, async () => ({
      ready: health.ready,
      ...(await health.parts())
    }))
    await admin.register(adminOrders, { gate, pool, orders, metrics, logger })
    await admin.register(adminCampaigns, { campaigns: new Campaigns({ pool, gate }), pool, gate })
  })
  return app
}
