import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { TransitionCommand } from '../../gate/batch/commands.ts'
import type { Decider, LiveOrder } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { requestHash } from '../../record/request-hash.ts'
import type { Turns } from '../answering/turns.ts'
import { identityOf, type OnRequest } from '../auth/storefront.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { traced } from '../running/request-trace.ts'
import { liveOrderView } from '../views/order.ts'
import { sendOrderOutcome } from '../views/outcome.ts'
import { keyOf, requireKey } from '../wire/idempotency.ts'
import { pageOf, pageView } from '../wire/pages.ts'
import { decisionAnswers, EmptyBody, ListQuery, Order, OrderList, OrderParams, refusals } from '../wire/schemas.ts'
import type { OrderFinder } from './find-orders.ts'

interface OrderOptions {
  readonly gate: Decider
  readonly orders: OrderFinder
  readonly authenticate: OnRequest
  readonly metrics: HttpMetrics
  readonly turns: Turns
}

const security = [{ storefront: [] }]

/** The user's cancellation of an order. */
function cancellation(user: string, key: string, { order }: LiveOrder): TransitionCommand {
  return {
    op: 'transition',
    transition: 'cancel',
    by: 'user',
    user,
    key: replayField.client(key),
    hash: requestHash('POST', `/v1/orders/${order.id}/cancellation`, {}),
    campaign: order.campaign,
    activity: order.activity,
    session: order.session,
    order: order.id,
    request: '{}'
  }
}

/** Routes of the signed-in user's orders. An order of another user is NOT_FOUND. */
export const orderRoutes: FastifyPluginAsyncTypebox<OrderOptions> = async (
  app,
  { gate, orders, authenticate, metrics, turns }
) => {
  app.get(
    '/v1/me/orders',
    {
      onRequest: authenticate,
      schema: {
        summary: 'My orders, newest first',
        tags: ['orders'],
        security,
        querystring: ListQuery,
        response: { 200: OrderList, ...refusals }
      }
    },
    async (request, reply) => {
      const { user } = identityOf(request)
      const page = await turns.take(reply, user, () => orders.list(user, pageOf(request.query)))
      return reply.header('cache-control', 'no-store').send(pageView(page, liveOrderView))
    }
  )

  app.get(
    '/v1/orders/:order',
    {
      onRequest: authenticate,
      schema: {
        summary: 'An order of mine as it is now',
        tags: ['orders'],
        security,
        params: OrderParams,
        response: { 200: Order, ...refusals }
      }
    },
    async (request, reply) => {
      const { user } = identityOf(request)
      const found = await turns.take(reply, user, () => orders.find(user, request.params.order))
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      return reply.send(liveOrderView(found))
    }
  )

  app.post(
    '/v1/orders/:order/cancellation',
    {
      onRequest: [authenticate, requireKey],
      schema: {
        summary: 'Cancel an order of mine, where the campaign allows it',
        tags: ['orders'],
        security,
        params: OrderParams,
        body: EmptyBody,
        response: decisionAnswers
      }
    },
    async (request, reply) => {
      const { user } = identityOf(request)
      const found = await turns.take(reply, user, () => orders.find(user, request.params.order))
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      const outcome = await gate.submit(traced(request, cancellation(user, keyOf(request), found)))
      metrics.outcome(outcome)
      return sendOrderOutcome(request, reply, outcome)
    }
  )
}
