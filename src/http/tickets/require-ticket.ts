import type { FastifyRequest } from 'fastify'
import type { CatalogueActivity } from '../../campaign/carrying/catalogue.ts'
import type { UserReader } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { identityOf } from '../auth/storefront.ts'
import { keyOf } from '../wire/idempotency.ts'
import type { Intention } from './challenge.ts'
import type { Tickets } from './tickets.ts'

export const TICKET_HEADER = 'floodgate-ticket'

/** What a request is for, as tickets name it. */
export function intentionOf(request: FastifyRequest, campaign: string, activity: string): Intention {
  return { campaign, activity, user: identityOf(request).user, key: keyOf(request) }
}

/**
 * Lets a request pass that has its ticket, or whose key was decided before: a replay is answered for as long as its key is remembered, which
 * is longer than tickets live. The gate is asked for that only where a ticket is missing or wrong, and a look-up is cheaper than a decision.
 * @returns the refusal of a request that may not pass: a value, because an error with its stack would cost 3 us
 * @throws UnavailableError while nobody can tell
 */
export async function lackOfTicket(
  request: FastifyRequest,
  { campaign, activity }: CatalogueActivity,
  { tickets, gate }: { readonly tickets: Tickets; readonly gate: Pick<UserReader, 'lookup'> }
): Promise<'TICKET_REQUIRED' | 'TICKET_INVALID' | undefined> {
  const intention = intentionOf(request, campaign.id, activity.id)
  const given = request.headers[TICKET_HEADER]
  const ticket = typeof given === 'string' ? given : ''
  if (ticket !== '' && (await tickets.isValid(intention, ticket))) return undefined
  const before = await gate.lookup(intention.user, replayField.client(intention.key))
  if (before !== undefined) return undefined
  return ticket === '' ? 'TICKET_REQUIRED' : 'TICKET_INVALID'
}
