import type { FastifyError, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Sale } from '../../campaign/kinds/sale/rules.ts'
import { replayField } from '../../record/replay.ts'
import { ProblemError } from '../problems/problems.ts'
import { confirmedView } from '../views/order.ts'
import { fixedHash } from '../wire/idempotency.ts'
import { BuyBody, Confirmed, Order, OrderList } from '../wire/schemas.ts'
import type { Decided, HttpKind, Page, Participation } from './kind.ts'
import { commonView, countedSessionsView, liveSessionView, rulesViewOf, sessionRemaining } from './parts/page.ts'
import { common, left, limit, nullable, optional, sessions, sessionsOfRules, words } from './parts/page-schemas.ts'

/** a sale's price is final; these fields would ask for another price */
const STACKING_FIELDS = ['coupon', 'couponCode', 'points', 'discount']

/** The validator sees only unknown fields in a body that asks for a second discount; the contract has its own code for that. */
function refuseStacking(error: FastifyError, request: FastifyRequest): never {
  const body = request.body
  if (error.validation !== undefined && typeof body === 'object' && body !== null) {
    const fields = STACKING_FIELDS.filter((field) => Object.hasOwn(body, field))
    if (fields.length > 0) throw new ProblemError('STACKING_NOT_ALLOWED', { fields })
  }
  throw error
}

const participation: Participation<Sale, typeof BuyBody> = {
  url: '/v1/campaigns/:campaign/sales/:sale/orders',
  param: 'sale',
  tag: 'orders',
  operationId: 'buy',
  summary: 'Buy units of a sale',
  body: BuyBody,
  example: { quantity: 1 },
  onError: refuseStacking,
  command({ user, level, key, body, found }) {
    const { quantity } = body
    const [campaign, activity] = [found.campaign.id, found.activity.id]
    const hash = fixedHash(`/v1/campaigns/${campaign}/sales/${activity}/orders`, quantity)
    const request = `{"quantity":${quantity}}`
    return { op: 'buy', user, key: replayField.client(key), hash, campaign, activity, quantity, level, request }
  }
}

const decided: Decided = {
  decides: 'order',
  member: 'order',
  schema: Order,
  confirmed: { file: 'confirmed.json', schema: Confirmed },
  documents: { 'order.json': Order, 'order-list.json': OrderList },
  body: (decision, { requestId }) => confirmedView(decision, requestId)
}

const terms = {
  ...common('sale'),
  sku: optional(Type.String()),
  listPrice: optional(Type.Integer({ description: 'minor units' })),
  price: Type.Integer({ description: 'minor units' }),
  currency: Type.String({ description: 'ISO 4217' }),
  unitsPerUser: limit('units of this sale for one user'),
  payWithinSeconds: nullable('integer'),
  levelDiscount: optional(Type.Boolean({ description: "the discount of a buyer's level applies" })),
  shipWithin: optional(
    Type.Object({ businessDays: Type.Integer(), from: words('acceptance', 'campaignEnd') }, { title: 'ShipWithin' })
  )
}

const page: Page<Sale> = {
  view: (sale, context) => ({
    ...commonView(sale, context),
    ...(sale.sku !== undefined && { sku: sale.sku }),
    ...(sale.listPrice !== undefined && { listPrice: sale.listPrice }),
    price: sale.price,
    currency: sale.currency,
    unitsPerUser: sale.unitsPerUser || null,
    payWithinSeconds: sale.payWithinSeconds || null,
    ...(sale.levelDiscount && { levelDiscount: true }),
    ...(sale.shipWithin !== undefined && { shipWithin: sale.shipWithin }),
    remaining: sessionRemaining(sale, context),
    sessions: countedSessionsView(sale, context)
  }),
  liveView: (sale, context) => liveSessionView(sale, context, { price: sale.price }),
  rulesView: (sale, context) => rulesViewOf(page.view(sale, context)),
  schemas: {
    view: Type.Object({ ...terms, remaining: left, ...sessions }, { title: 'Sale' }),
    rules: Type.Object({ ...terms, ...sessionsOfRules }, { title: 'SaleTerms' }),
    live: {}
  }
}

export const sale: HttpKind<Sale> = {
  actions: [{ participation, decided }],
  page,
  standing: { most: ({ unitsPerUser }) => unitsPerUser, schema: {} }
}
