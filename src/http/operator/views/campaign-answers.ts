import type { FastifyReply, FastifyRequest } from 'fastify'
import { CampaignError } from '../../../campaign/carrying/campaign-error.ts'
import { type Actor, type Change, etagOf } from '../../../campaign/lifecycle/lifecycle.ts'
import { requestHash } from '../../../record/request-hash.ts'
import { ProblemError } from '../../problems/problems.ts'
import { changeView } from './campaign-views.ts'
import '../../wire/request-types.ts'

/** Runs work of the lifecycle; its refusals become problems. */
export async function asProblem<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof CampaignError) throw new ProblemError(error.code, error.members, error.message)
    throw error
  }
}

/** The operator of a request, in the form that the lifecycle needs. */
export function actorOf(request: FastifyRequest, reason?: string): Actor {
  const [path = ''] = request.url.split('?')
  return {
    operator: request.operator.name,
    reason,
    key: request.idempotencyKey ?? undefined,
    hash: requestHash(request.method, path, request.body ?? {}),
    askedAt: request.taken?.askedAt,
    ifMatch: request.headers['if-match']
  }
}

/** Answers 202 while the decision of a change is not journaled; the worker carries it out without another request. */
export function sendChange(reply: FastifyReply, change: Change, now: number): FastifyReply {
  const { intent, campaign } = change
  if (intent?.state === 'refused') {
    throw new ProblemError('CONFLICT', { intent: String(intent.id) }, `The gate refused the change: ${intent.refusal}.`)
  }
  const waiting = intent ? intent.state === 'open' : campaign.review === 'publishing'
  reply.header('etag', etagOf(campaign))
  const body = changeView(change, now)
  return waiting ? reply.code(202).send({ ...body, outcome: 'pending', retryAfterMs: 1000 }) : reply.send(body)
}
