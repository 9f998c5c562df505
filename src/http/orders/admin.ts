import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { orderBodies } from '../../campaign/actions/order-bodies.ts'
import { type AskedChange, orderActions } from '../../campaign/actions/order-changes.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { archivedCampaigns } from '../../store/reading/archived.ts'
import { decisionsOfOrder } from '../../store/reading/orders.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { archivedView } from '../views/archived.ts'
import { liveOrderView } from '../views/order.ts'
import { decisionAnswers, OpenObject, OrderParams, refusals } from '../wire/schemas.ts'
import { createOrderChanger, type OrderChangeOptions } from './change.ts'
import { orderParts } from './history.ts'

const tags = ['orders']

/** The options that all routes for changes of an order share: path, rights, key, answers. */
function route(action: (typeof orderActions)[keyof typeof orderActions], summary: string) {
  return {
    url: `/admin/v1/orders/:order/${action}`,
    preHandler: requireRole('operator', `orders:${action}`),
    schema: { summary, tags, params: OrderParams, response: decisionAnswers }
  }
}

/** Routes by which operators and services change an order. All are commands, which only the gate decides. */
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
        summary: 'An order with its buyer, payments, shipments, returns, money that is due back, and its decisions',
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
        user: issuedUser(found.user),
        returned: found.order.returned,
        ...orderParts(history),
        ...(await archivedPart(pool, found.order.campaign, history.length)),
        history: history.map(({ id, type, at, request: data }) => ({ eventId: id, type, at: at.toISOString(), data }))
      }
    }
  )
}

/** Why an order has no history: it is in the archive of its campaign. */
async function archivedPart(pool: Pool, campaign: string, known: number) {
  const [archived] = known > 0 ? [] : await fromStore(archivedCampaigns(pool, campaign))
  return archived === undefined ? {} : { archived: archivedView(archived) }
}

const summaries = {
  pay: 'Record a payment of an order',
  cancel: 'Cancel an order',
  ship: 'Record a shipment of an order, or news of it',
  return: 'Take units of an order back'
} as const

const changingRoutes: FastifyPluginAsyncTypebox<OrderChangeOptions> = async (app, options) => {
  const change = createOrderChanger(options)
  for (const transition of Object.keys(summaries) as Array<keyof typeof summaries>) {
    const { url, schema, ...common } = route(orderActions[transition], summaries[transition])
    app.post(url, { ...common, schema: { ...schema, body: orderBodies[transition] } }, async (request, reply) =>
      // the schema is that of the transition
      change(request, reply, { transition, body: request.body } as AskedChange)
    )
  }
}
