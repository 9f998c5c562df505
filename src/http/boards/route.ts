import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ID_PATTERN } from '../../base/shapes.ts'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import { periodAt, periodOfDate, WHOLE_CAMPAIGN } from '../../campaign/kinds/board/periods.ts'
import { type Board, isBoard } from '../../campaign/kinds/board/rules.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import type { Turns } from '../answering/turns.ts'
import type { OnRequest } from '../auth/storefront.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { cacheable } from '../wire/answer-headers.ts'
import { ListQuery, refusals } from '../wire/schemas.ts'
import type { BoardFinder } from './find-board.ts'
import { Leaderboard, leaderboardView } from './view.ts'

interface BoardOptions {
  readonly finder: ActivityFinder
  readonly boards: BoardFinder
  readonly authenticate: OnRequest
  readonly now: () => number
  readonly turns: Turns
}

const DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}'
const DEFAULT_LIMIT = 20

const BoardParams = Type.Object({
  campaign: Type.String({ pattern: ID_PATTERN }),
  board: Type.String({ pattern: ID_PATTERN })
})
const BoardQuery = Type.Object(
  {
    limit: ListQuery.properties.limit,
    period: Type.Optional(
      Type.String({
        pattern: `^(?:${WHOLE_CAMPAIGN}|${DATE})$`,
        description: 'a day of the day or week that is meant; the present one where absent, after the end the last one'
      })
    )
  },
  { additionalProperties: false }
)

const wrongPeriod = (detail: string) => new ProblemError('VALIDATION', { errors: [{ pointer: '/period', detail }] })

/** The period that is asked for. @throws ProblemError VALIDATION for what no calendar has, NOT_FOUND for what the campaign never has */
function periodOf(
  { rules }: CatalogueCampaign,
  board: Board,
  asked: { period: string | undefined; now: number }
): string {
  const at = (moment: number) => periodAt(board.period, moment, rules.timezone)
  const first = at(rules.opensAt)
  const last = at(rules.closesAt - 1)
  if (asked.period === undefined) return at(Math.min(Math.max(asked.now, rules.opensAt), rules.closesAt - 1))
  if (asked.period === WHOLE_CAMPAIGN) {
    if (board.period !== WHOLE_CAMPAIGN) throw wrongPeriod(`must be a date: this board counts by the ${board.period}`)
    return WHOLE_CAMPAIGN
  }
  if (board.period === WHOLE_CAMPAIGN) throw wrongPeriod('must be left out: this board counts the whole campaign')
  const period = periodOfDate(board.period, asked.period)
  if (period === undefined) throw wrongPeriod('must be a day of the calendar, such as 2026-11-28')
  if (period < first || period > last) throw new ProblemError('NOT_FOUND')
  return period
}

/** GET .../leaderboards/{board}: the first users, for everybody; with a token also the user's own rank and who stands around it. */
export const boardRoute: FastifyPluginAsyncTypebox<BoardOptions> = async (app, options) => {
  const { finder, boards, authenticate, now, turns } = options
  app.get(
    '/v1/campaigns/:campaign/leaderboards/:board',
    {
      // a token is read where there is one, and a wrong one is refused
      onRequest: (request, reply, done) =>
        request.headers.authorization === undefined ? done() : authenticate(request, reply, done),
      schema: {
        summary: 'The first users of a leaderboard, masked; with a token also my own rank and my neighbours',
        tags: ['campaigns'],
        security: [{}, { storefront: [] }],
        params: BoardParams,
        querystring: BoardQuery,
        response: { 200: Leaderboard, ...refusals }
      }
    },
    async (request, reply) => {
      const { campaign: id, board: name } = request.params
      const known = await finder.findActivity(id, name)
      if (known === undefined || !isBoard(known.activity)) throw new ProblemError('NOT_FOUND')
      const { campaign, activity: board } = known
      const period = periodOf(campaign, board, { period: request.query.period, now: now() })
      const place = { campaign: id, board: name, period }
      const found = await boards.top(place)
      const user = request.identity?.user
      const mine =
        user === undefined
          ? undefined
          : { user, around: await turns.take(reply, user, () => boards.around(found, user)) }
      const language = pickLanguage(request.headers['accept-language'])
      const limit = Number(request.query.limit ?? DEFAULT_LIMIT)
      const { opensAt } = campaign.rules
      if (user === undefined) cacheable(reply, 1)
      return reply.send(leaderboardView({ board, period, found, limit, language, opensAt, mine }))
    }
  )
}
