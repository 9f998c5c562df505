import type { FastifyReply, FastifyRequest } from 'fastify'
import { isoTime } from '../../base/iso-time.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import { localiseAny, pickLanguage } from '../problems/language.ts'
import { ProblemError, sendProblem, spreadMs } from '../problems/problems.ts'
import { countAnswer } from '../running/answer-counts.ts'
import { closesConnections } from '../running/drain.ts'
import { keyOf } from '../wire/idempotency.ts'
import type { Pending } from '../wire/schemas.ts'
import { confirmedView } from './order.ts'
import type { ConfirmedBody } from './schemas.ts'

const PENDING_RETRY_MS = 250
const UNKNOWN_RETRY_MS = 250
/** When there is too much to do, those who are refused return within this many times the shortest wait, spread evenly. */
const BUSY_RETRY_MS = 1000
const BUSY_SPREAD = 4

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

/** What operators tell visitors of the campaign, beside the refusal that they paused it. */
function noticeFor(request: FastifyRequest): Record<string, unknown> {
  const notice = request.found?.campaign.notice
  return notice ? { notice: localiseAny(notice, pickLanguage(request.headers['accept-language'])) } : {}
}

/** The body of a 202: it promises nothing, and says where to ask again. */
export function pendingView(requestId: string): Pending {
  return {
    outcome: 'pending',
    requestId,
    statusUrl: `/v1/requests/${encodeURIComponent(requestId)}`,
    retryAfterMs: spreadMs(PENDING_RETRY_MS)
  }
}

type Confirmation = Extract<Outcome, { kind: 'confirmed' }>

/** Answers with a 201. @param answer.body made for this decision */
export function sendConfirmed(
  request: FastifyRequest,
  reply: FastifyReply,
  { outcome, body }: { outcome: Confirmation; body: ConfirmedBody }
): FastifyReply {
  if (outcome.replayed) reply.header('idempotent-replayed', 'true')
  return sendGood(request, reply.code(201), body)
}

/** Answers with a 200: what was asked for was decided before, under another key. */
export function sendEarlier(request: FastifyRequest, reply: FastifyReply, body: ConfirmedBody): FastifyReply {
  return sendGood(request, reply.code(200), body)
}

/** Answers with a 202 or a problem for an outcome that is not confirmed (yet). */
export function sendOutcome(
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: Exclude<Outcome, Confirmation>
): FastifyReply {
  switch (outcome.kind) {
    case 'pending':
      // the idempotency key of the request
      return sendGood(request, reply.code(202), pendingView(request.idempotencyKey ?? request.id))
    case 'refused': {
      // the error handler counts NOT_FOUND against the address
      if (outcome.code === 'NOT_FOUND') return reply.send(new ProblemError('NOT_FOUND'))
      const members = refusalMembers(outcome.members)
      const told = outcome.code === 'PAUSED' ? { ...members, ...noticeFor(request) } : members
      return sendProblem(request, reply, { code: outcome.code, members: told })
    }
    case 'unavailable':
      if (outcome.isBusy) return refuseBusy(request, reply)
      return sendProblem(request, reply, { code: 'UNAVAILABLE', members: { retryAfterMs: outcome.retryAfterMs } })
    case 'unknown':
      return sendProblem(request, reply, { code: 'UNKNOWN_OUTCOME', members: { retryAfterMs: UNKNOWN_RETRY_MS } })
    default:
      return outcome satisfies never
  }
}

/** Refuses a request because there is too much to do. Its Retry-After is whole seconds, so a spread of less than some would be none. */
export function refuseBusy(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const members = { retryAfterMs: BUSY_RETRY_MS }
  return sendProblem(request, reply, { code: 'UNAVAILABLE', members, spread: BUSY_SPREAD })
}

/** Answers with the outcome of a command about an order: 201, 202, or a problem. */
export function sendOrderOutcome(request: FastifyRequest, reply: FastifyReply, outcome: Outcome): FastifyReply {
  if (outcome.kind !== 'confirmed') return sendOutcome(request, reply, outcome)
  return sendConfirmed(request, reply, { outcome, body: confirmedView(outcome.decision, keyOf(request)) })
}

function sendGood(request: FastifyRequest, reply: FastifyReply, body: ConfirmedBody | Pending): FastifyReply {
  if (closesConnections()) reply.header('connection', 'close')
  if (request.answers !== null) countAnswer(request.answers, reply.statusCode)
  return reply.send(body)
}
