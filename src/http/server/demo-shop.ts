import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import { createOrderChange } from '../../campaign/actions/change-order.ts'
import type { Config } from '../../config/config.ts'
import { isBuilt } from '../../console/app-files.ts'
import type { Decider } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { insideUser } from '../../store/connection/user-name.ts'
import { signTokens } from '../auth/sign-token.ts'
import { identityOf, type OnRequest } from '../auth/storefront.ts'
import type { OrderFinder } from '../orders/find-orders.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { sendOrderOutcome } from '../views/outcome.ts'
import { keyOf, requireKey } from '../wire/idempotency.ts'
import { EmptyBody, OrderParams } from '../wire/schemas.ts'
import { registerPages, shopApp } from './app-pages.ts'

interface DemoOptions {
  readonly config: Config
  readonly gate: Decider
  readonly pool: pg.Pool
  readonly orders: OrderFinder
  readonly authenticate: OnRequest
  readonly metrics: HttpMetrics
  readonly logger: Logger
}

const HOUR_SECONDS = 3600
/** who pays, in the audit trail */
const PAYER = 'demo-shop'
const TokenBody = Type.Object({ user: Type.String({ minLength: 1 }) }, { additionalProperties: false })

/** Whether a gateway has the demo storefront. It signs anybody in under any name, so it has to be asked for, and production never has it. */
export function hasDemoShop({ DEMO_SHOP, FLOODGATE_ENV, TOKEN_JWKS_URL }: Config): boolean {
  return DEMO_SHOP === 1 && FLOODGATE_ENV === 'development' && TOKEN_JWKS_URL === ''
}

/**
 * The demo storefront at /shop, and the two systems that a shop has beside Floodgate: who signs users in, and who takes their money. Neither is part of the
 * contract.
 */
export const demoShop: FastifyPluginAsyncTypebox<DemoOptions> = async (app, options) => {
  const { config, gate, pool, orders, authenticate, metrics, logger } = options
  const hidden = { hide: true } as const
  if (isBuilt(shopApp)) {
    await registerPages(app, shopApp)
    app.get('/demo', { schema: hidden }, (_request, reply) => reply.redirect(shopApp.base))
  }

  app.post('/demo/token', { schema: { ...hidden, body: TokenBody } }, (request, reply) => {
    const { user } = request.body
    if (insideUser(user) === undefined) {
      throw new ProblemError('VALIDATION', {
        errors: [{ pointer: '/user', detail: 'is no name that a user can have' }]
      })
    }
    const { TOKEN_SECRET: secret, TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: audience } = config
    const [token] = signTokens({ secret, issuer, audience, users: [user], ttlSeconds: HOUR_SECONDS })
    return reply.header('cache-control', 'no-store').send({ user, token })
  })

  const change = createOrderChange({ gate, pool, logger })
  app.post(
    '/demo/orders/:order/payment',
    { onRequest: [authenticate, requireKey], schema: { ...hidden, params: OrderParams, body: EmptyBody } },
    async (request, reply) => {
      const { user } = identityOf(request)
      const found = await orders.find(user, request.params.order)
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      const { id, unitPrice, quantity, currency } = found.order
      const body = { amount: unitPrice * quantity, currency, reference: `demo-${id}` }
      const asker = { name: PAYER, key: replayField.operator(PAYER, keyOf(request)) }
      const outcome = await change({ ...found, user }, { transition: 'pay', body }, asker)
      metrics.outcome(outcome)
      return sendOrderOutcome(request, reply, outcome)
    }
  )
}
