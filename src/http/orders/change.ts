import type { FastifyReply, FastifyRequest } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import { createOrderChange } from '../../campaign/actions/change-order.ts'
import type { AskedChange } from '../../campaign/actions/order-changes.ts'
import type { Decider } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { sendOrderOutcome } from '../views/outcome.ts'
import { keyOf } from '../wire/idempotency.ts'
import type { OrderFinder } from './find-orders.ts'

export interface OrderChangeOptions {
  readonly gate: Decider
  readonly pool: pg.Pool
  readonly orders: OrderFinder
  readonly metrics: HttpMetrics
  readonly logger: Logger
}

/** Sends changes of orders to the gate, audits them, and answers. */
export function createOrderChanger({ gate, pool, orders, metrics, logger }: OrderChangeOptions) {
  const change = createOrderChange({ gate, pool, logger })
  return async (
    request: FastifyRequest<{ Params: { order: string } }>,
    reply: FastifyReply,
    asked: AskedChange
  ): Promise<FastifyReply> => {
    const found = await orders.findAny(request.params.order)
    if (found === undefined) throw new ProblemError('NOT_FOUND')
    const { name } = request.operator
    // keys of different operators must not collide
    const outcome = await change(found, asked, { name, key: replayField.operator(name, keyOf(request)) })
    metrics.outcome(outcome)
    return sendOrderOutcome(request, reply, outcome)
  }
}
