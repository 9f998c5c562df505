import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { decisionsOfOrder } from '../store/orders.ts'
import { CancellationBody, PaymentBody, ReturnBody, ShipmentBody } from './admin-order-bodies.ts'
import { requireKey } from './idempotency.ts'
import { requireRole } from './operator-auth.ts'
import { createOrderChanger, type FoundOrder, type OrderChangeOptions, operatorKey } from './order-changes.ts'
import { fromStore, type OrderDirectory } from './order-directory.ts'
import { liveOrderView } from './order-view.ts'
import { ProblemError } from './problems.ts'
import { decisionAnswers, OpenObject, OrderParams, refusals } from './schemas.ts'

export interface AdminOrderOptions extends OrderChangeOptions {
  readonly orders: OrderDirectory
}

const tags = ['orders']

async function findOrder(orders: OrderDirectory, id: string): Promise<FoundOrder> {
  const found = await orders.findAny(id)
  if (found === undefined) throw new ProblemError('NOT_FOUND')
  return found
}

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
export const adminOrders: FastifyPluginAsyncTypebox<AdminOrderOptions> = async (app, options) => {
  await app.register(readingRoute, options)
  await app.register(paymentRoute, options)
  await app.register(deliveryRoutes, options)
}

const readingRoute: FastifyPluginAsyncTypebox<AdminOrderOptions> = async (app, { orders, pool }) => {
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
      const found = await findOrder(orders, request.params.order)
      const history = await fromStore(decisionsOfOrder(pool, found.user, found.order.id))
      return {
        ...liveOrderView(found),
        user: found.user,
        returned: found.order.returned,
        history: history.map(({ id, type, at }) => ({ eventId: id, type, at: at.toISOString() }))
      }
    }
  )
}

const paymentRoute: FastifyPluginAsyncTypebox<AdminOrderOptions> = async (app, options) => {
  const change = createOrderChanger(options)
  const { url, schema, ...common } = route('payment', 'Tell that an order was paid')
  app.post(url, { ...common, schema: { ...schema, body: PaymentBody } }, async (request, reply) => {
    const { body } = request
    const found = await findOrder(options.orders, request.params.order)
    const { amount, currency, reference } = body
    // a payment counts once by its reference, whoever reports it and under whichever Idempotency-Key
    const key = `x:pay:${found.order.id}:${reference}`
    const terms = { amount, currency }
    return change(request, reply, { found, transition: 'pay', action: 'payment', key, body, terms })
  })
}

const deliveryRoutes: FastifyPluginAsyncTypebox<AdminOrderOptions> = async (app, options) => {
  const change = createOrderChanger(options)
  const { orders } = options

  const cancellation = route('cancellation', 'Cancel an order')
  app.post(
    cancellation.url,
    { ...cancellation, schema: { ...cancellation.schema, body: CancellationBody } },
    async (request, reply) => {
      const found = await findOrder(orders, request.params.order)
      const body = request.body ?? {}
      const key = operatorKey(request)
      return change(request, reply, { found, transition: 'cancel', action: 'cancellation', key, body })
    }
  )

  const shipment = route('shipment', 'Tell that an order was shipped')
  app.post(
    shipment.url,
    { ...shipment, schema: { ...shipment.schema, body: ShipmentBody } },
    async (request, reply) => {
      const found = await findOrder(orders, request.params.order)
      const body = request.body ?? {}
      const key = operatorKey(request)
      return change(request, reply, { found, transition: 'ship', action: 'shipment', key, body })
    }
  )

  const returned = route('return', 'Take units back')
  app.post(returned.url, { ...returned, schema: { ...returned.schema, body: ReturnBody } }, async (request, reply) => {
    const { body } = request
    const found = await findOrder(orders, request.params.order)
    const quantity = body.quantity ?? Math.max(1, found.order.quantity - found.order.returned)
    const key = operatorKey(request)
    return change(request, reply, { found, transition: 'return', action: 'return', key, body, terms: { quantity } })
  })
}
