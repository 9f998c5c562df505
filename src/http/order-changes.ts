import type { FastifyReply, FastifyRequest } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Transition, TransitionCommand } from '../gate/commands.ts'
import type { Gate, LiveOrder } from '../gate/gate.ts'
import type { Outcome } from '../gate/outcomes.ts'
import type { AuditEntry } from '../store/audit.ts'
import { createAuditedGate } from './audited-gate.ts'
import { keyOf, requestHash } from './idempotency.ts'
import type { HttpMetrics } from './metrics.ts'
import { orderView } from './order-view.ts'
import { sendOrderOutcome } from './outcome-replies.ts'

export interface OrderChangeOptions {
  readonly gate: Gate
  readonly pool: pg.Pool
  readonly metrics: HttpMetrics
  readonly logger: Logger
}

export type FoundOrder = LiveOrder & { readonly user: string }

/** What an operator or a service asks to be done with an order. */
export interface OrderChange {
  readonly found: FoundOrder
  readonly transition: Transition
  /** the last part of the path */
  readonly action: string
  /** the replay field */
  readonly key: string
  readonly body: object
  /** what the gate has to know of the body */
  readonly terms?: Pick<TransitionCommand, 'amount' | 'currency' | 'quantity'>
}

/** `x:op:<operator>:<Idempotency-Key>`: a key is the operator's own. */
export function operatorKey(request: FastifyRequest): string {
  return `x:op:${request.operator.name}:${keyOf(request)}`
}

function commandOf(request: FastifyRequest, change: OrderChange): TransitionCommand {
  const { order, user } = change.found
  return {
    op: 'transition',
    transition: change.transition,
    by: 'operator',
    user,
    key: change.key,
    hash: requestHash('POST', `/admin/v1/orders/${order.id}/${change.action}`, change.body),
    campaign: order.campaign,
    activity: order.activity,
    session: order.session,
    order: order.id,
    ...change.terms,
    request: JSON.stringify({ ...change.body, operator: request.operator.name })
  }
}

function entryOf(request: FastifyRequest, { found, action, body }: OrderChange, outcome: Outcome): AuditEntry {
  const after = 'decision' in outcome && outcome.decision.order !== undefined ? orderView(outcome.decision.order) : {}
  return {
    operator: request.operator.name,
    action: `order.${action}`,
    target: `order:${found.order.id}`,
    reason: 'reason' in body && typeof body.reason === 'string' ? body.reason : undefined,
    before: orderView(found.order),
    after: { ...after, outcome: outcome.kind }
  }
}

/** Sends changes of orders to the gate, audits them, and answers. */
export function createOrderChanger({ gate, pool, metrics, logger }: OrderChangeOptions) {
  const submit = createAuditedGate({ gate, pool, logger })
  return async (request: FastifyRequest, reply: FastifyReply, change: OrderChange): Promise<FastifyReply> => {
    const outcome = await submit({
      command: commandOf(request, change),
      entryOf: (decided) => entryOf(request, change, decided)
    })
    metrics.outcome(outcome)
    return sendOrderOutcome(request, reply, outcome)
  }
}
