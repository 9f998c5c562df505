import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyError, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { Static } from 'typebox'
import type { Gate } from '../gate/gate.ts'
import { claimsOf, type OnRequest } from './auth.ts'
import { buyHash, keyOf, requireKey } from './idempotency.ts'
import type { HttpMetrics } from './metrics.ts'
import { sendOutcome } from './outcome-replies.ts'
import { ProblemError } from './problems.ts'
import type { Directory } from './sales-directory.ts'
import { BuyBody, decisionAnswers, SaleParams } from './schemas.ts'

export interface BuyOptions {
  readonly gate: Gate
  readonly directory: Directory
  readonly authenticate: OnRequest
  readonly metrics: HttpMetrics
}

const URL = '/v1/campaigns/:campaign/sales/:sale/orders'
/** a sale's price is final: these would ask for another */
const STACKING_FIELDS = ['coupon', 'couponCode', 'points', 'discount']

interface BuyRequest extends FastifyRequest {
  readonly params: Static<typeof SaleParams>
  readonly body: Static<typeof BuyBody>
}

/**
 * POST .../orders, the hot path: everything on it is there because it must be. Its answers are counted where they are
 * made, for a hook after the answer costs a tenth of a refusal. A sale that the catalogue knows costs two look-ups; only
 * an unknown one costs a promise.
 */
export const buyRoute: FastifyPluginAsyncTypebox<BuyOptions> = async (
  app,
  { gate, directory, authenticate, metrics }
) => {
  const answers = metrics.answers(URL)

  function enter(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    request.answers = answers
    authenticate(request, reply, done)
  }

  function buy(request: BuyRequest, reply: FastifyReply): void {
    const { campaign, sale } = request.params
    const { user, level } = claimsOf(request)
    const { quantity } = request.body
    const command = {
      op: 'buy',
      user,
      key: `u:${keyOf(request)}`,
      hash: buyHash(campaign, sale, quantity),
      campaign,
      activity: sale,
      quantity,
      level,
      request: `{"quantity":${quantity}}`
    } as const
    gate
      .submit(command)
      .then((outcome) => {
        metrics.outcome(outcome)
        sendOutcome(request, reply, outcome)
      })
      .catch((error) => reply.send(error))
  }

  app.post(
    URL,
    {
      onRequest: [enter, requireKey],
      errorHandler: refuseStacking,
      schema: {
        operationId: 'buy',
        summary: 'Buy units of a sale',
        tags: ['orders'],
        security: [{ storefront: [] }],
        params: SaleParams,
        body: BuyBody,
        response: decisionAnswers
      }
    },
    (request, reply) => {
      const { campaign, sale } = request.params
      const known = directory.findSale(campaign, sale)
      if (known instanceof Promise) {
        known
          .then((late) => {
            if (late === undefined) throw new ProblemError('NOT_FOUND')
            buy(request, reply)
          })
          .catch((error) => reply.send(error))
        return
      }
      buy(request, reply)
    }
  )
}

/** A body that asks for a second discount is unknown fields to the validator; the contract has a code of its own. */
function refuseStacking(error: FastifyError, request: FastifyRequest): never {
  const body = request.body
  if (error.validation !== undefined && typeof body === 'object' && body !== null) {
    const fields = STACKING_FIELDS.filter((field) => Object.hasOwn(body, field))
    if (fields.length > 0) throw new ProblemError('STACKING_NOT_ALLOWED', { fields })
  }
  throw error
}
