import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { LiveWin } from '../../gate/gate.ts'
import { identityOf } from '../auth/storefront.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { Win, WinList } from '../views/schemas.ts'
import { liveWinView } from '../views/win.ts'
import { pageOf, pageView } from '../wire/pages.ts'
import { ListQuery, refusals, WinParams } from '../wire/schemas.ts'
import { type WinOptions, winClaimRoute } from './claim-route.ts'

const tags = ['wins']
const security = [{ storefront: [] }]

/** Routes of the signed-in user's wins. A win of another user is NOT_FOUND, and only the owner sees codes. */
export const winRoutes: FastifyPluginAsyncTypebox<WinOptions> = async (app, options) => {
  const { wins, bodies, authenticate, turns } = options
  await app.register(winClaimRoute, options)
  const languageOf = (request: FastifyRequest) => pickLanguage(request.headers['accept-language'])
  const { findPrize } = bodies

  app.get(
    '/v1/me/wins',
    {
      onRequest: authenticate,
      schema: {
        summary: 'My wins, newest first',
        tags,
        security,
        querystring: ListQuery,
        response: { 200: WinList, ...refusals }
      }
    },
    async (request, reply) => {
      const { user } = identityOf(request)
      const { page, codes } = await turns.take(reply, user, async () => {
        const listed = await wins.list(user, pageOf(request.query))
        return { page: listed, codes: await bodies.codesOfWins(listed.items) }
      })
      const language = languageOf(request)
      const view = (found: LiveWin) => liveWinView(found, { language, findPrize, code: codes.get(found.win.id) })
      return reply.send(pageView(page, view))
    }
  )

  app.get(
    '/v1/wins/:win',
    {
      onRequest: authenticate,
      schema: {
        summary: 'A win of mine as it is now',
        tags,
        security,
        params: WinParams,
        response: { 200: Win, ...refusals }
      }
    },
    async (request, reply) => {
      const { user } = identityOf(request)
      const shown = await turns.take(reply, user, async () => {
        const found = await wins.find(user, request.params.win)
        return found && { found, codes: await bodies.codesOfWins([found]) }
      })
      if (shown === undefined) throw new ProblemError('NOT_FOUND')
      const context = { language: languageOf(request), findPrize, code: shown.codes.get(shown.found.win.id) }
      return reply.header('cache-control', 'no-store').send(liveWinView(shown.found, context))
    }
  )
}
