import Fastify from 'fastify'
import { BuyBody, Confirmed, SaleParams } from '../../src/http/wire/schemas.ts'
import { BUY_ROUTE, type BuyRequest, confirmation } from './buy-schemas.ts'
import { serve } from './serve.ts'

/**
 * The yardstick for CPU: Fastify with the route, the body and the answer of a buy, and nothing behind it. No token is
 * read, nothing is decided, nothing is kept.
 */
const app = Fastify({ logger: false })
let sequence = 0

app.post<BuyRequest>(
  BUY_ROUTE,
  { schema: { params: SaleParams, body: BuyBody, response: { 201: Confirmed } } },
  (request, reply) => {
    sequence += 1
    const key = request.headers['idempotency-key']
    const { quantity } = request.body
    void reply.code(201).send(confirmation({ key, ...request.params, quantity, sequence, position: sequence }))
  }
)

await serve(app)
