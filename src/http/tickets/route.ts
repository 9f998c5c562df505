import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { isoTime } from '../../base/iso-time.ts'
import { ID_PATTERN } from '../../base/shapes.ts'
import { statusOf } from '../../campaign/carrying/catalogue.ts'
import type { Admission } from '../../gate/gate.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import type { OnRequest } from '../auth/storefront.ts'
import { ProblemError } from '../problems/problems.ts'
import { refuseBusy } from '../views/outcome.ts'
import { requireKey } from '../wire/idempotency.ts'
import { refusals, Time } from '../wire/schemas.ts'
import { Challenge, Solution } from './challenge.ts'
import { intentionOf } from './require-ticket.ts'
import type { Tickets } from './tickets.ts'

interface TicketRouteOptions {
  readonly gate: Admission
  readonly tickets: Tickets
  readonly finder: ActivityFinder
  readonly authenticate: OnRequest
  /** ms since 1970 */
  readonly now: () => number
}

const Params = Type.Object({ campaign: Type.String({ pattern: ID_PATTERN }) })

const TicketBody = Type.Object(
  {
    activity: Type.String({ pattern: ID_PATTERN, description: 'the sale or draw' }),
    challenge: Type.Optional(
      Type.String({
        maxLength: 2048,
        description: 'the `token` of a challenge, with its `solution`; absent: asks for a challenge'
      })
    ),
    solution: Type.Optional(Solution)
  },
  { additionalProperties: false }
)

const ChallengeAnswer = Type.Object({ challenge: Challenge }, { title: 'ChallengeAnswer' })
const TicketAnswer = Type.Object(
  { ticket: Type.String({ description: 'goes back as Floodgate-Ticket' }), expiresAt: Time },
  { title: 'Ticket' }
)

const invalid = (pointer: string, detail: string) => new ProblemError('VALIDATION', { errors: [{ pointer, detail }] })

const WRONG =
  'This is no solution of a challenge for this activity and Idempotency-Key, or it came too late. Ask for a new one.'

/**
 * POST .../tickets: a challenge, and for its solution a ticket. The Idempotency-Key is that of the purchase or spin that the ticket is for; nothing
 * is decided under it here, so it may come as often as it has to.
 */
export const ticketRoute: FastifyPluginAsyncTypebox<TicketRouteOptions> = async (app, options) => {
  const { gate, tickets, finder, authenticate, now } = options

  /** Who could not use a ticket now is turned away as cheaply as from the gate itself. */
  const enter: OnRequest = (request, reply, done) => {
    if (gate.isBusy()) refuseBusy(request, reply)
    else authenticate(request, reply, done)
  }

  /** @throws ProblemError where no ticket is asked for: nobody computes in vain */
  async function requireUse(campaign: string, activity: string): Promise<void> {
    const found = await finder.findActivity(campaign, activity)
    if (found === undefined) throw new ProblemError('NOT_FOUND')
    if (!found.activity.requires.ticket) throw invalid('/activity', 'asks for no ticket: send the request itself')
    if (['ended', 'settled'].includes(statusOf(found.campaign, now()))) throw new ProblemError('ENDED')
  }

  app.post(
    '/v1/campaigns/:campaign/tickets',
    {
      onRequest: [enter, requireKey],
      schema: {
        summary:
          'Ask for a challenge, and give its solution for a ticket; with the Idempotency-Key of the request that it is for',
        tags: ['tickets'],
        security: [{ storefront: [] }],
        params: Params,
        body: TicketBody,
        response: { 201: Type.Union([ChallengeAnswer, TicketAnswer]), ...refusals }
      }
    },
    async (request, reply) => {
      const { campaign } = request.params
      const { activity, challenge, solution } = request.body
      const intention = intentionOf(request, campaign, activity)
      if (challenge === undefined && solution === undefined) {
        await requireUse(campaign, activity)
        return reply.code(201).send({ challenge: await tickets.challenge(intention) })
      }
      if (challenge === undefined) throw invalid('/challenge', 'is required with a solution')
      if (solution === undefined) throw invalid('/solution', 'is required with a challenge')
      const given = await tickets.exchange(intention, { challenge, solution })
      if (given === undefined) throw new ProblemError('TICKET_INVALID', {}, WRONG)
      return reply.code(201).send({ ticket: given.ticket, expiresAt: isoTime(given.expiresAt) })
    }
  )
}
