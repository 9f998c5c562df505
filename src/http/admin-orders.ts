import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { CancellationBody, PaymentBody, ReturnBody, ShipmentBody } from '../campaign/order-bodies.ts'
import { fromStore } from '../gate/from-store.ts'
import { decisionsOfOrder } from '../store/orders.ts'
import { requireKey } from './idempotency.ts'
import { requireRole } from './operator-auth.ts'
import { createOrderChanger, type OrderChangeOptions } from './order-changes.ts'
import { liveOrderView } from './order-view.ts'
import { ProblemError } from './problems.ts'
import { decisionAnswers, OpenObject, OrderParams, refusals } from './schemas.ts'

const tags = ['orders']

/** What all changes of an order have in common: path, rights, key, answers. */
function route(action: string, summary: string) {
  return {
    url: `/admin/v1/orders/:order/${action}`,
    onRequest: requireKey,
    preHandler: requireRole('operator', `orders:${action}`),
    schema: { summary, tags, params: OrderParams, response: decisionAnswers }
  }
}

/** What operators and services do with one order. All are gate commands; Redis alone decides them. */
export const adminOrders: FastifyPluginAsyncTypebox<OrderChangeOptions> = async (app, options) => {
  await app.register(readingRoute, options)
  await app.register(changingRoutes, options)
}

const readingRoute: FastifyPluginAsyncTypebox<OrderChangeOptions> = async (app, { orders, pool }) => {
  app.get(
    '/admin/v1/orders/:order',
    {
      preHandler: requireRole('viewer', 'orders:read'),
      schema: {
        summary: 'An order, whose it is, and its decisions',
        tags,
        params: OrderParams,
        response: { 200: OpenObject, ...refusals }
      }
    },
    async (request) => {
      const found = await orders.findAny(request.params.order)
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      const history = await fromStore(decisionsOfOrder(pool, found.user, found.order.id))
      return {
        ...liveOrderView(found),
        user: found.user,
        returned: found.order.returned,
        history: history.map(({ id, type, at, request: data }) => ({ eventId: id, type, at: at.toISOString(), data }))
      }
    }
  )
}

const changingRoutes: FastifyPluginAsyncTypebox<OrderChangeOptions> = async (app, options) => {
  const change = createOrderChanger(options)
  const { url: payment, schema: paid, ...paying } = route('payment', 'Tell that an order was paid')
  app.post(payment, { ...paying, schema: { ...paid, body: PaymentBody } }, async (request, reply) =>
    change(request, reply, { transition: 'pay', body: request.body })
  )
  const { url: cancellation, schema: cancelled, ...cancelling } = route('cancellation', 'Cancel an order')
  app.post(cancellation, { ...cancelling, schema: { ...cancelled, body: CancellationBody } }, async (request, reply) =>
    change(request, reply, { transition: 'cancel', body: request.body })
  )
  const { url: shipment, schema: shipped, ...shipping } = route('shipment', 'Tell that an order was shipped')
  app.post(shipment, { ...shipping, schema: { ...shipped, body: ShipmentBody } }, async (request, reply) =>
    change(request, reply, { transition: 'ship', body: request.body })
  )
  const { url: back, schema: returned, ...returning } = route('return', 'Take units back')
  app.post(back, { ...returning, schema: { ...returned, body: ReturnBody } }, async (request, reply) =>
    change(request, reply, { transition: 'return', body: request.body })
  )
}
