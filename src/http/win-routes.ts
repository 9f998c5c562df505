import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type pg from 'pg'
import type { WinCommand } from '../gate/commands.ts'
import { fromStore } from '../gate/from-store.ts'
import type { Gate, LiveWin } from '../gate/gate.ts'
import { saveWinDetails } from '../store/win-details.ts'
import type { AnswerDesk } from './answer-desk.ts'
import { claimsOf, type OnRequest } from './auth.ts'
import { answersOf, ConfirmedWin, Win, WinList } from './decision-schemas.ts'
import { fixedHash, keyOf, requireKey } from './idempotency.ts'
import { pickLanguage } from './language.ts'
import type { HttpMetrics } from './metrics.ts'
import { sendConfirmed, sendOutcome } from './outcome-replies.ts'
import { pageOf, pageView } from './pages.ts'
import { ProblemError } from './problems.ts'
import { ListQuery, refusals, WinParams } from './schemas.ts'
import { createDetailsHash, detailsOf, WinClaimBody, type WinDetails } from './win-claim.ts'
import type { WinDirectory } from './win-directory.ts'
import { liveWinView } from './win-view.ts'

export interface WinOptions {
  readonly gate: Gate
  readonly pool: pg.Pool
  readonly wins: WinDirectory
  readonly desk: AnswerDesk
  readonly authenticate: OnRequest
  readonly metrics: HttpMetrics
  readonly now: () => number
}

const tags = ['wins']
const security = [{ storefront: [] }]

/** Wins of the signed-in user. Nobody else's win exists here, and codes are shown to nobody else. */
export const winRoutes: FastifyPluginAsyncTypebox<WinOptions> = async (app, options) => {
  await app.register(readingRoutes, options)
  await app.register(claimRoute, options)
}

const readingRoutes: FastifyPluginAsyncTypebox<WinOptions> = async (app, { wins, desk, authenticate }) => {
  const languageOf = (request: FastifyRequest) => pickLanguage(request.headers['accept-language'])
  const { findPrize } = desk

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
      const page = await wins.list(claimsOf(request).user, pageOf(request.query))
      const codes = await desk.codesOfWins(page.items)
      const language = languageOf(request)
      const view = (found: LiveWin) => liveWinView(found, { language, findPrize, code: codes.get(found.win.id) })
      return reply.header('cache-control', 'no-store').send(pageView(page, view))
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
      const found = await wins.find(claimsOf(request).user, request.params.win)
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      const codes = await desk.codesOfWins([found])
      const context = { language: languageOf(request), findPrize, code: codes.get(found.win.id) }
      return reply.header('cache-control', 'no-store').send(liveWinView(found, context))
    }
  )
}

/** The user's claim of a win. */
function claimCommand(user: string, { key, hash }: { key: string; hash: string }, { win }: LiveWin): WinCommand {
  return {
    op: 'win',
    change: 'claim',
    by: 'user',
    user,
    key,
    hash,
    campaign: win.campaign,
    activity: win.draw,
    win: win.id,
    returnQuota: false,
    request: '{}'
  }
}

const claimRoute: FastifyPluginAsyncTypebox<WinOptions> = async (app, options) => {
  const { gate, pool, wins, desk, authenticate, metrics, now } = options
  const hashOfDetails = createDetailsHash()

  /**
   * The hash of a claim, after what it says is kept: before the gate decides, so that no claimed win is without its
   * address. A win that cannot be claimed any more is refused without that, unless this very request claimed it before.
   */
  async function keep(
    user: string,
    { win }: LiveWin,
    { key, details }: { key: string; details: WinDetails }
  ): Promise<string> {
    const isOpen = win.status === 'won' && (win.claimBy === null || now() < win.claimBy)
    if (!isOpen && (await gate.lookup(user, key)) === undefined) return 'closed'
    const hash = await hashOfDetails(win.id, details)
    if (isOpen) await fromStore(saveWinDetails(pool, { win: win.id, key, hash, details }))
    return hash
  }

  async function claim(request: FastifyRequest, reply: FastifyReply, found: LiveWin): Promise<FastifyReply> {
    const { user } = claimsOf(request)
    const { win } = found
    const key = `u:${keyOf(request)}`
    const details = detailsOf(win.type, request.body)
    const hash =
      details === undefined ? fixedHash(`/v1/wins/${win.id}/claim`) : await keep(user, found, { key, details })
    const outcome = await gate.submit(claimCommand(user, { key, hash }, found))
    metrics.outcome(outcome)
    if (outcome.kind !== 'confirmed') return sendOutcome(request, reply, outcome)
    const body = await desk.bodyOf({
      decision: outcome.decision,
      campaign: win.campaign,
      activity: win.draw,
      requestId: keyOf(request),
      language: pickLanguage(request.headers['accept-language'])
    })
    return sendConfirmed(request, reply, { outcome, body })
  }

  app.post(
    '/v1/wins/:win/claim',
    {
      onRequest: [authenticate, requireKey],
      schema: {
        summary: 'Claim a win of mine: an address, an account or nothing, by the type of its prize',
        tags,
        security,
        params: WinParams,
        body: WinClaimBody,
        response: answersOf(ConfirmedWin)
      }
    },
    async (request, reply) => {
      const found = await wins.find(claimsOf(request).user, request.params.win)
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      return claim(request, reply, found)
    }
  )
}
