import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { identityOf, type OnRequest } from '../auth/storefront.ts'
import { ConfirmedAny } from '../kinds/confirmed.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { pendingView } from '../views/outcome.ts'
import { cleanKey } from '../wire/idempotency.ts'
import { KeyParams, Pending, refusals } from '../wire/schemas.ts'
import type { AnswerBodies } from './bodies.ts'
import type { DecisionFinder } from './find-decision.ts'
import type { Turns } from './turns.ts'

interface RequestOptions {
  readonly decisions: DecisionFinder
  readonly bodies: AnswerBodies
  readonly authenticate: OnRequest
  readonly turns: Turns
}

/** GET /v1/requests/{key}: the answer of a POST, for clients that lost it. */
export const requestRoute: FastifyPluginAsyncTypebox<RequestOptions> = async (
  app,
  { decisions, bodies, authenticate, turns }
) => {
  app.get(
    '/v1/requests/:key',
    {
      onRequest: authenticate,
      schema: {
        summary: 'What became of a request of mine',
        tags: ['requests'],
        security: [{ storefront: [] }],
        params: KeyParams,
        response: { 200: ConfirmedAny, 202: Pending, ...refusals }
      }
    },
    async (request, reply) => {
      const key = cleanKey(request.params.key)
      if (key === undefined) throw new ProblemError('NOT_FOUND')
      const { user } = identityOf(request)
      const found = await turns.take(reply, user, () => decisions.outcomeOf(user, key))
      if (found === undefined)
        throw new ProblemError('NOT_FOUND', {}, 'No decision stands under this key: send the request again with it.')
      if (found === 'pending') return reply.code(202).send(pendingView(key))
      const language = pickLanguage(request.headers['accept-language'])
      return reply.code(200).send(await bodies.bodyOf({ ...found, requestId: key, language }))
    }
  )
}
