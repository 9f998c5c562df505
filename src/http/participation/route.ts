import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { CatalogueActivity } from '../../campaign/carrying/catalogue.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { Decider } from '../../gate/gate.ts'
import type { ActivityUse } from '../answering/activity-use.ts'
import type { AnswerDesk } from '../answering/answer.ts'
import type { Directory } from '../answering/find-activity.ts'
import { claimsOf, type OnRequest } from '../auth/storefront.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { sendConfirmed, sendOutcome } from '../views/outcome.ts'
import { keyOf, requireKey } from '../wire/idempotency.ts'
import { buying, claiming, completing, type Participation, spinning } from './kinds.ts'

export interface ParticipationOptions {
  readonly gate: Decider
  readonly directory: Directory
  readonly desk: AnswerDesk
  readonly authenticate: OnRequest
  readonly metrics: HttpMetrics
  readonly use: ActivityUse
}

/** a sale's price is final: these would ask for another */
const STACKING_FIELDS = ['coupon', 'couponCode', 'points', 'discount']

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

type Params = Readonly<Record<string, string>>
type PostRequest<Body> = FastifyRequest<{ Params: Params; Body: Body }>

/**
 * One of the hot paths: everything on it is there because it must be. Its answers are counted where they are made, for a
 * hook after the answer costs a tenth of a refusal. An activity that the catalogue knows costs two look-ups; only an
 * unknown one costs a promise.
 */
function participationRoute<Kind extends ActivityRules['kind'], Body extends TSchema>(
  app: FastifyInstance,
  options: ParticipationOptions,
  part: Participation<Kind, Body>
): void {
  const { gate, directory, desk, authenticate, metrics, use } = options
  const { kind, param } = part
  const url = `/v1/campaigns/:campaign/${part.folder}/:${param}/${part.action}`
  const answers = metrics.answers(url)

  function enter(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    request.answers = answers
    authenticate(request, reply, done)
  }

  function answer(exchange: Exchange, outcome: Outcome, found: CatalogueActivity): void {
    const { request, reply } = exchange
    metrics.outcome(outcome)
    if (outcome.kind !== 'confirmed') {
      sendOutcome(request, reply, outcome)
      return
    }
    if (!outcome.replayed) use.count(found.campaign.id, found.activity.id)
    const body = desk.bodyOf({
      decision: outcome.decision,
      campaign: found.campaign.id,
      activity: found.activity.id,
      rules: found.activity,
      requestId: keyOf(request),
      language: pickLanguage(request.headers['accept-language'])
    })
    if (body instanceof Promise) {
      body.then((late) => sendConfirmed(request, reply, { outcome, body: late })).catch((error) => reply.send(error))
      return
    }
    sendConfirmed(request, reply, { outcome, body })
  }

  function submit(request: PostRequest<unknown>, reply: FastifyReply, found: CatalogueActivity): void {
    const { user, level } = claimsOf(request)
    const body = request.body as never
    gate
      .submit(part.command({ user, level, key: keyOf(request), body, found }))
      .then((outcome) => answer({ request, reply }, outcome, found))
      .catch((error) => reply.send(error))
  }

  app.post<{ Params: Params; Body: unknown }>(
    url,
    {
      onRequest: [enter, requireKey],
      ...(kind === 'sale' && { errorHandler: refuseStacking }),
      schema: {
        operationId: part.operationId,
        summary: part.summary,
        tags: [kind === 'sale' ? 'orders' : part.folder],
        security: [{ storefront: [] }],
        params: Type.Object({ campaign: Type.String(), [param]: Type.String() }),
        body: part.body,
        response: part.response
      }
    },
    (request, reply) => {
      const { campaign = '', [param]: activity = '' } = request.params
      const known = directory.findActivity(campaign, activity)
      if (known instanceof Promise) {
        known
          .then((late) => {
            if (late?.activity.kind !== kind) throw new ProblemError('NOT_FOUND')
            submit(request, reply, late)
          })
          .catch((error) => reply.send(error))
        return
      }
      if (known.activity.kind !== kind) throw new ProblemError('NOT_FOUND')
      submit(request, reply, known)
    }
  )
}

/** Everything by which a user takes part: buying, spinning, claiming, completing. */
export async function participationRoutes(app: FastifyInstance, options: ParticipationOptions): Promise<void> {
  participationRoute(app, options, buying)
  participationRoute(app, options, spinning)
  participationRoute(app, options, claiming)
  participationRoute(app, options, completing)
}

/** A body that asks for a second discount is unknown fields to the validator; the contract has a code of its own. */
function refuseStacking(error: FastifyError, request: FastifyRequest): never {
  const body = request.body
  if (error.validation !== undefined && typeof body === 'object' && body !== null) {
    const fields = STACKING_FIELDS.filter((field) => Object.hasOwn(body, field))
    if (fields.length > 0) throw new ProblemError('STACKING_NOT_ALLOWED', { fields })
  }
  throw error
}
