import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { fromStore } from '../../base/deadline.ts'
import type { LiveWin } from '../../gate/gate.ts'
import { fulfilmentsOf } from '../../store/reading/fulfilments.ts'
import { identityOf } from '../auth/storefront.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { Win, WinList } from '../views/schemas.ts'
import { ownWinView } from '../views/win.ts'
import { pageOf, pageView } from '../wire/pages.ts'
import { ListQuery, refusals, WinParams } from '../wire/schemas.ts'
import { type WinOptions, winClaimRoute } from './claim-route.ts'

const tags = ['wins']
const security = [{ storefront: [] }]

/** Routes of the signed-in user's wins. A win of another user is NOT_FOUND, and only the owner sees codes. */
export const winRoutes: FastifyPluginAsyncTypebox<WinOptions> = async (app, options) => {
  const { wins, bodies, authenticate, turns, pool } = options
  await app.register(winClaimRoute, options)
  const languageOf = (request: FastifyRequest) => pickLanguage(request.headers['accept-language'])
  const { findPrize } = bodies

  /** What Postgres alone knows of some wins. */
  async function knownOf(found: readonly LiveWin[]) {
    const codes = await bodies.codesOfWins(found)
    const handedOver = await fromStore(
      fulfilmentsOf(
        pool,
        found.filter(({ win }) => win.status === 'claimed').map(({ win }) => win.id)
      )
    )
    return ({ win: { id } }: LiveWin) => ({ code: codes.get(id), handedOver: handedOver.get(id) })
  }

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
      const { page, known } = await turns.take(reply, user, async () => {
        const listed = await wins.list(user, pageOf(request.query))
        return { page: listed, known: await knownOf(listed.items) }
      })
      const language = languageOf(request)
      const view = (found: LiveWin) => ownWinView(found, { language, findPrize, ...known(found) })
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
        return found && { found, known: await knownOf([found]) }
      })
      if (shown === undefined) throw new ProblemError('NOT_FOUND')
      const { found, known } = shown
      const context = { language: languageOf(request), findPrize, ...known(found) }
      return reply.header('cache-control', 'no-store').send(ownWinView(found, context))
    }
  )
}
