import type pg from 'pg'
import type { Logger } from 'pino'
import { fromStore } from '../../base/deadline.ts'
import type { Decision, Outcome } from '../../gate/batch/outcomes.ts'
import type { Decider } from '../../gate/gate.ts'
import { decodeRefund } from '../../record/reports/refund.ts'
import { claimReference, keepReference, releaseReference } from '../../store/campaigns/payment-references.ts'
import { type AuditedCommand, type AuditedGate, createAuditedGate } from '../carrying/audited-gate.ts'
import { sameCurrency } from './order-bodies.ts'
import { type AskedChange, type Asker, orderChange } from './order-changes.ts'
import type { FoundOrder } from './order-lookup.ts'

interface ChangeParts {
  readonly gate: Decider
  readonly pool: pg.Pool
  readonly logger: Logger
}

/** A payment that the gate decided to give back is answered as a refusal: the order did not change. */
function answerOf(outcome: Outcome): Outcome {
  if (outcome.kind !== 'confirmed' || outcome.decision.type !== 'order.refund-due') return outcome
  return { kind: 'refused', code: 'NOT_PAYABLE', members: refundMembers(outcome.decision) }
}

function refundMembers({ id, report }: Decision): Record<string, unknown> {
  const refund = decodeRefund(report)
  if (refund === undefined) return {}
  const { status, amount, currency, reference } = refund
  return { orderStatus: status, refundDue: { eventId: id, amount, currency, reference } }
}

/** Whether an answer says that no payment uses the reference; undefined if it does not say. */
function isFree(outcome: Outcome): boolean | undefined {
  switch (outcome.kind) {
    case 'confirmed':
    case 'pending':
      return false
    case 'unavailable':
      return true
    case 'refused':
      // the gate answers either only if it decided something under the reference before
      return outcome.code !== 'KEY_REUSED' && outcome.code !== 'NOT_PAYABLE'
    case 'unknown':
      return undefined
    default:
      return outcome satisfies never
  }
}

/** Makes the function through which every change of an order goes that operators, services and other systems ask for, over HTTP and by commands. */
export function createOrderChange({ gate, pool, logger }: ChangeParts) {
  const submit: AuditedGate = createAuditedGate({ gate, pool, logger })

  /** A reference that could not be settled stays with its order, which is safe. */
  async function settle(reference: string, isReleased: boolean): Promise<void> {
    const settled = isReleased ? releaseReference(pool, reference) : keepReference(pool, reference)
    await fromStore(settled).catch((error: unknown) => {
      logger.warn({ err: error }, 'a payment reference could not be settled; it stays with its order')
    })
  }

  async function pay(command: AuditedCommand, { order }: FoundOrder, reference: string): Promise<Outcome> {
    const owner = await fromStore(claimReference(pool, reference, order.id))
    if (owner !== order.id) {
      return { kind: 'refused', code: 'CONFLICT', members: { reason: 'reference', order: owner } }
    }
    let isReleased: boolean | undefined = true
    try {
      const outcome = await submit(command)
      isReleased = isFree(outcome)
      return outcome
    } finally {
      if (isReleased !== undefined) await settle(reference, isReleased)
    }
  }

  /** @throws UnavailableError when Postgres does not answer: nothing was done */
  return async (found: FoundOrder, asked: AskedChange, asker: Asker): Promise<Outcome> => {
    if (asked.transition !== 'pay') return submit(orderChange(found, asked, asker))
    const payment = { ...asked, body: sameCurrency(asked.body) }
    return answerOf(await pay(orderChange(found, payment, asker), found, payment.body.reference))
  }
}
