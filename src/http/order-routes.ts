import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { TransitionCommand } from '../gate/commands.ts'
import type { Gate, LiveOrder } from '../gate/gate.ts'
import type { OrderPlace } from '../store/orders.ts'
import { claimsOf, type OnRequest } from './auth.ts'
import { cleanKey, keyOf, requestHash, requireKey } from './idempotency.ts'
import type { HttpMetrics } from './metrics.ts'
import type { OrderDirectory } from './order-directory.ts'
import { confirmedView, liveOrderView } from './order-view.ts'
import { pendingView, sendOutcome } from './outcome-replies.ts'
import { ProblemError } from './problems.ts'
import {
  Confirmed,
  DECISION_PATTERN,
  decisionAnswers,
  EmptyBody,
  KeyParams,
  ListQuery,
  Order,
  OrderList,
  OrderParams,
  Pending,
  refusals
} from './schemas.ts'

export interface OrderOptions {
  readonly gate: Gate
  readonly orders: OrderDirectory
  readonly authenticate: OnRequest
  readonly metrics: HttpMetrics
}

const DEFAULT_LIMIT = 20
const DECISION = new RegExp(DECISION_PATTERN)
const security = [{ storefront: [] }]

function encodeCursor(place: OrderPlace): string {
  return Buffer.from(`${place.acceptedAt} ${place.id}`).toString('base64url')
}

/** @throws ProblemError VALIDATION for a cursor that no answer named */
function decodeCursor(cursor: string): OrderPlace {
  const [time = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split(' ')
  if (!/^\d{1,15}$/.test(time) || !DECISION.test(id)) {
    throw new ProblemError('VALIDATION', {
      errors: [{ pointer: '/cursor', detail: 'must be a nextCursor of an earlier answer' }]
    })
  }
  return { acceptedAt: Number(time), id }
}

/** The user's cancellation of an order. */
function cancellation(user: string, key: string, { order }: LiveOrder): TransitionCommand {
  return {
    op: 'transition',
    transition: 'cancel',
    by: 'user',
    user,
    key: `u:${key}`,
    hash: requestHash('POST', `/v1/orders/${order.id}/cancellation`, {}),
    campaign: order.campaign,
    activity: order.activity,
    session: order.session,
    order: order.id,
    request: '{}'
  }
}

/** Orders of the signed-in user, and what became of a request. Nobody else's order exists here. */
export const orderRoutes: FastifyPluginAsyncTypebox<OrderOptions> = async (
  app,
  { gate, orders, authenticate, metrics }
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
      const { campaign, cursor, limit = String(DEFAULT_LIMIT) } = request.query
      const before = cursor === undefined ? undefined : decodeCursor(cursor)
      const page = await orders.list(claimsOf(request).user, { campaign, before, limit: Number(limit) })
      reply.header('cache-control', 'no-store')
      return reply.send({
        items: page.orders.map(liveOrderView),
        nextCursor: page.next === undefined ? null : encodeCursor(page.next)
      })
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
      const found = await orders.find(claimsOf(request).user, request.params.order)
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      return reply.header('cache-control', 'no-store').send(liveOrderView(found))
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
      const { user } = claimsOf(request)
      const found = await orders.find(user, request.params.order)
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      const outcome = await gate.submit(cancellation(user, keyOf(request), found))
      metrics.outcome(outcome)
      return sendOutcome(request, reply, outcome)
    }
  )
}

/** GET /v1/requests/{key}: the answer to a POST whose answer was lost. */
export const requestRoute: FastifyPluginAsyncTypebox<Pick<OrderOptions, 'orders' | 'authenticate'>> = async (
  app,
  { orders, authenticate }
) => {
  app.get(
    '/v1/requests/:key',
    {
      onRequest: authenticate,
      schema: {
        summary: 'What became of a request of mine',
        tags: ['orders'],
        security,
        params: KeyParams,
        response: { 200: Confirmed, 202: Pending, ...refusals }
      }
    },
    async (request, reply) => {
      const key = cleanKey(request.params.key)
      if (key === undefined) throw new ProblemError('NOT_FOUND')
      const found = await orders.outcomeOf(claimsOf(request).user, key)
      if (found === undefined)
        throw new ProblemError('NOT_FOUND', {}, 'No decision stands under this key: send the request again with it.')
      reply.header('cache-control', 'no-store')
      if (found === 'pending') return reply.code(202).send(pendingView(key))
      return reply.code(200).send(confirmedView(found, key))
    }
  )
}
