import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { createAuditedGate } from '../campaign/audited-gate.ts'
import { CancellationBody, PaymentBody, ReturnBody, ShipmentBody } from '../campaign/order-bodies.ts'
import { type AskedChange, orderChange } from '../campaign/order-changes.ts'
import { findAnyOrder } from '../campaign/order-lookup.ts'
import { type Gate, UnavailableError } from '../gate/gate.ts'
import type { Outcome } from '../gate/outcomes.ts'
import { type CommandEvent, type CommandResult, complaint, rejected } from './command-event.ts'

const OrderName = Compile(Type.Object({ order: Type.String({ pattern: '^\\d{1,4}-\\d{1,16}-\\d{1,16}$' }) }))

const pay = Compile(PaymentBody)
const cancel = Compile(CancellationBody)
const ship = Compile(ShipmentBody)
const giveBack = Compile(ReturnBody)

interface OrderParts {
  readonly gate: Pick<Gate, 'submit' | 'ordersOf' | 'ownerOf'>
  readonly pool: Pool
  readonly logger: Logger
}

/** The change that the fields beside `order` ask for, or what is wrong with them. */
function askedOf(transition: AskedChange['transition'], body: object): AskedChange | string {
  switch (transition) {
    case 'pay':
      return pay.Check(body) ? { transition, body } : complaint(pay, body)
    case 'cancel':
      return cancel.Check(body) ? { transition, body } : complaint(cancel, body)
    case 'ship':
      return ship.Check(body) ? { transition, body } : complaint(ship, body)
    case 'return':
      return giveBack.Check(body) ? { transition, body } : complaint(giveBack, body)
    default:
      return transition satisfies never
  }
}

/** Source and id name a command for ever; as they are they may be too long for a field. */
function replayField({ source, id }: CommandEvent): string {
  return `x:cmd:${createHash('sha256').update(`${source}\n${id}`).digest('base64url').slice(0, 22)}`
}

/**
 * Moves an order on as the HTTP routes of the admin port do: the fields of their bodies beside `order`.
 * @throws UnavailableError when the gate, Redis or Postgres gave no definite answer; asked again, nothing is done twice
 */
export async function carryOutOrderChange(
  { gate, pool, logger }: OrderParts,
  transition: AskedChange['transition'],
  event: CommandEvent
): Promise<CommandResult> {
  const { data } = event
  if (!OrderName.Check(data)) return rejected('VALIDATION', `data: ${complaint(OrderName, data)}`)
  const { order: id, ...body } = data
  const found = await findAnyOrder({ gate, pool }, id)
  if (found === undefined) return rejected('NOT_FOUND', 'there is no such order')
  const about = { campaign: found.order.campaign, user: found.user }
  const asked = askedOf(transition, body)
  if (typeof asked === 'string') return rejected('VALIDATION', `data: ${asked}`, about)
  const submit = createAuditedGate({ gate, pool, logger })
  const outcome = await submit(orderChange(found, asked, { name: event.source, key: replayField(event) }))
  return resultOf(outcome, about, id)
}

function resultOf(outcome: Outcome, about: { campaign: string; user: string }, order: string): CommandResult {
  switch (outcome.kind) {
    case 'confirmed': {
      const { id: eventId, order: moved } = outcome.decision
      return { ...about, accepted: true, data: { order, status: moved?.status, eventId } }
    }
    case 'refused':
      return rejected(outcome.code, `the order ${order} is as it was`, about)
    case 'pending':
    case 'unavailable':
    case 'unknown':
      throw new UnavailableError('The gate gave no definite answer.')
    default:
      return outcome satisfies never
  }
}
