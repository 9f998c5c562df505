import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { UnavailableError } from '../../base/errors.ts'
import { DECISION_PATTERN } from '../../base/shapes.ts'
import { createOrderChange } from '../../campaign/actions/change-order.ts'
import { orderBodies } from '../../campaign/actions/order-bodies.ts'
import type { AskedChange } from '../../campaign/actions/order-changes.ts'
import { findAnyOrder } from '../../campaign/actions/order-lookup.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { Decider, UserReader } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { type CommandEvent, type CommandResult, complaint, rejected } from './event.ts'

/** The member that the data of a command about an order has beside the body of the HTTP route. */
export const OrderNamed = Type.Object({ order: Type.String({ pattern: DECISION_PATTERN }) })

const orderName = Compile(OrderNamed)

const validators = {
  pay: Compile(orderBodies.pay),
  cancel: Compile(orderBodies.cancel),
  ship: Compile(orderBodies.ship),
  return: Compile(orderBodies.return)
}

interface OrderParts {
  readonly gate: Decider & Pick<UserReader, 'orderOf' | 'ownerOf'>
  readonly pool: Pool
  readonly logger: Logger
}

/** The replay field of a command, from its source and id; these may be too long for a field themselves. */
function commandField({ source, id }: CommandEvent): string {
  const digest = createHash('sha256').update(`${source}\n${id}`).digest('base64url').slice(0, 22)
  return replayField.command(digest)
}

/**
 * Carries out a transition of an order like the HTTP routes of the admin port: their bodies, and `order`.
 * @throws UnavailableError when the gate, Redis or Postgres gave no definite answer; a second attempt does nothing twice
 */
export async function carryOutOrderChange(
  { gate, pool, logger }: OrderParts,
  transition: AskedChange['transition'],
  event: CommandEvent
): Promise<CommandResult> {
  const { data } = event
  if (!orderName.Check(data)) return rejected('VALIDATION', `data: ${complaint(orderName, data)}`)
  const { order: id, ...body } = data
  const found = await findAnyOrder({ gate, pool }, id)
  if (found === undefined) return rejected('NOT_FOUND', 'there is no such order')
  const about = { campaign: found.order.campaign, user: found.user }
  const validator = validators[transition]
  if (!validator.Check(body)) return rejected('VALIDATION', `data: ${complaint(validator, body)}`, about)
  // the validator is that of the transition
  const asked = { transition, body } as AskedChange
  const change = createOrderChange({ gate, pool, logger })
  const outcome = await change(found, asked, { name: event.source, key: commandField(event) })
  return resultOf(outcome, about, id)
}

/** The reason of a refusal that its code does not show. */
function whyRefused({ reason, order: other, refundDue }: Record<string, unknown>, order: string): string {
  if (reason === 'reference') return `the payment of this reference was told for order ${String(other)}`
  const same = `the order ${order} is as it was`
  return refundDue === undefined ? same : `${same}; the payment is noted and its money is due back`
}

function resultOf(outcome: Outcome, about: { campaign: string; user: string }, order: string): CommandResult {
  switch (outcome.kind) {
    case 'confirmed': {
      const { id: eventId, order: moved } = outcome.decision
      return { ...about, accepted: true, data: { order, status: moved?.status, eventId } }
    }
    case 'refused':
      return rejected(outcome.code, whyRefused(outcome.members, order), about)
    case 'pending':
    case 'unavailable':
    case 'unknown':
      throw new UnavailableError('The gate gave no definite answer.')
    default:
      return outcome satisfies never
  }
}
