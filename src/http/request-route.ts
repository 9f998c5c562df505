import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { AnswerDesk } from './answer-desk.ts'
import { claimsOf, type OnRequest } from './auth.ts'
import type { DecisionDirectory } from './decision-directory.ts'
import { ConfirmedAny } from './decision-schemas.ts'
import { cleanKey } from './idempotency.ts'
import { pickLanguage } from './language.ts'
import { pendingView } from './outcome-replies.ts'
import { ProblemError } from './problems.ts'
import { KeyParams, Pending, refusals } from './schemas.ts'
import type { Turns } from './turns.ts'

export interface RequestOptions {
  readonly decisions: DecisionDirectory
  readonly desk: AnswerDesk
  readonly authenticate: OnRequest
  readonly turns: Turns
}

/** GET /v1/requests/{key}: the answer to a POST whose answer was lost. */
export const requestRoute: FastifyPluginAsyncTypebox<RequestOptions> = async (
  app,
  { decisions, desk, authenticate, turns }
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
      const { user } = claimsOf(request)
      const found = await turns.take(reply, user, () => decisions.outcomeOf(user, key))
      if (found === undefined)
        throw new ProblemError('NOT_FOUND', {}, 'No decision stands under this key: send the request again with it.')
      if (found === 'pending') return reply.code(202).send(pendingView(key))
      const language = pickLanguage(request.headers['accept-language'])
      return reply.code(200).send(await desk.bodyOf({ ...found, requestId: key, language }))
    }
  )
}
