import type { FastifyReply, FastifyRequest } from 'fastify'
import { isoTime } from '../gate/iso-time.ts'
import type { Outcome } from '../gate/outcomes.ts'
import { countAnswer } from './answer-counts.ts'
import { closesConnections } from './drain.ts'
import { confirmedView } from './order-view.ts'
import { ProblemError, sendProblem, spreadMs } from './problems.ts'
import type { Confirmed, Pending } from './schemas.ts'

const PENDING_RETRY_MS = 250
const UNKNOWN_RETRY_MS = 250

/** Members that the gate gives in ms and the contract shows as times. */
const TIMES = ['opensAt', 'nextOpensAt', 'resetsAt'] as const

/** Members of a refusal as they go out. */
export function refusalMembers(members: Record<string, unknown>): Record<string, unknown> {
  let shown = members
  for (const name of TIMES) {
    const value = members[name]
    if (typeof value === 'number') shown = { ...shown, [name]: isoTime(value) }
  }
  return shown
}

/** The body of a 202: no promise, and where to ask again. */
export function pendingView(requestId: string): Pending {
  return {
    outcome: 'pending',
    requestId,
    statusUrl: `/v1/requests/${encodeURIComponent(requestId)}`,
    retryAfterMs: spreadMs(PENDING_RETRY_MS)
  }
}

/**
 * Answers a command about an order with what the gate said: 201, 202, or a problem.
 * @param requestId the idempotency key of the request
 */
export function sendOutcome(request: FastifyRequest, reply: FastifyReply, outcome: Outcome): FastifyReply {
  const requestId = request.idempotencyKey ?? request.id
  switch (outcome.kind) {
    case 'confirmed': {
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      return sendGood(request, reply.code(201), confirmedView(outcome.decision, requestId))
    }
    case 'pending':
      return sendGood(request, reply.code(202), pendingView(requestId))
    case 'refused': {
      // NOT_FOUND counts against the address, which is the error handler's business
      if (outcome.code === 'NOT_FOUND') return reply.send(new ProblemError('NOT_FOUND'))
      return sendProblem(request, reply, { code: outcome.code, members: refusalMembers(outcome.members) })
    }
    case 'unavailable':
      return sendProblem(request, reply, { code: 'UNAVAILABLE', members: { retryAfterMs: outcome.retryAfterMs } })
    case 'unknown':
      return sendProblem(request, reply, { code: 'UNKNOWN_OUTCOME', members: { retryAfterMs: UNKNOWN_RETRY_MS } })
    default:
      return outcome satisfies never
  }
}

function sendGood(request: FastifyRequest, reply: FastifyReply, body: Confirmed | Pending): FastifyReply {
  if (closesConnections()) reply.header('connection', 'close')
  if (request.answers !== null) countAnswer(request.answers, reply.statusCode)
  return reply.send(body)
}
