import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../gate/from-store.ts'
import { isoTime } from '../gate/iso-time.ts'
import { decodeWin } from '../gate/win-record.ts'
import { publicWins, type StoredWin } from '../store/wins.ts'
import { BriefCache } from './brief-cache.ts'
import { type Winner, WinnerList } from './decision-schemas.ts'
import { type Language, pickLanguage } from './language.ts'
import { type ItemReader, pageOf, pageView, unite } from './pages.ts'
import { ProblemError } from './problems.ts'
import type { Directory } from './sales-directory.ts'
import { CampaignParams, ID_PATTERN, ListQuery, refusals } from './schemas.ts'
import { type FindPrize, wonPrize } from './win-view.ts'

export interface WinnersOptions {
  readonly pool: pg.Pool
  readonly directory: Directory
  readonly findPrize: FindPrize
  readonly now: () => number
}

const { campaign: _campaign, ...pageFields } = ListQuery.properties
const WinnersQuery = Type.Object(
  { ...pageFields, draw: Type.Optional(Type.String({ pattern: ID_PATTERN })) },
  { additionalProperties: false }
)

const LONG_ENOUGH = 5
const SHORT = 3

/**
 * A user id as everybody may see it: its first and last character. Short ids show less, for little would be left to guess;
 * the length is never shown.
 */
export function maskUser(user: string): string {
  if (user.length < SHORT) return '***'
  return user.length < LONG_ENOUGH ? `${user[0]}***` : `${user[0]}***${user.at(-1)}`
}

type Won = StoredWin & { readonly win: ReturnType<typeof decodeWin> }

const reader: ItemReader<Won> = {
  placeOf: ({ win }) => ({ at: win.wonAt, id: win.id }),
  campaignOf: ({ win }) => win.campaign
}

function winnerView({ user, win }: Won, findPrize: FindPrize, language: Language): Winner {
  const prize = wonPrize(win, findPrize(win.campaign, win.draw, win.prize), language)
  return { user: maskUser(user), draw: win.draw, prize, wonAt: isoTime(win.wonAt) }
}

/** GET .../winners: who won what, for everybody; read from Postgres at most once a second for the same page. */
export const winnersRoute: FastifyPluginAsyncTypebox<WinnersOptions> = async (app, options) => {
  const { pool, directory, findPrize, now } = options
  const pages = new BriefCache<object>({ keepMs: 1000, most: 200, now })

  async function read(campaign: string, query: { draw?: string; limit?: string; cursor?: string }, language: Language) {
    const page = pageOf(query)
    const rows = await fromStore(publicWins(pool, campaign, { ...page, draw: query.draw, limit: page.limit + 1 }))
    const stored = rows.map((row) => ({ ...row, win: decodeWin(row.id, row.record) }))
    return pageView(unite({ live: [], stored }, page, reader), (won) => winnerView(won, findPrize, language))
  }

  app.get(
    '/v1/campaigns/:campaign/winners',
    {
      schema: {
        summary: 'Wins of a campaign, newest first; user ids are masked',
        tags: ['campaigns'],
        params: CampaignParams,
        querystring: WinnersQuery,
        response: { 200: WinnerList, ...refusals }
      }
    },
    async (request, reply) => {
      const { campaign } = request.params
      if ((await directory.findCampaign(campaign)) === undefined) throw new ProblemError('NOT_FOUND')
      const { draw = '', limit = '', cursor = '' } = request.query
      const language = pickLanguage(request.headers['accept-language'])
      const name = [campaign, language, draw, limit, cursor].join(' ')
      const page = await pages.get(name, () => read(campaign, request.query, language))
      reply.headers({ 'cache-control': 'public, max-age=1', vary: 'accept-language' })
      return reply.send(page as never)
    }
  )
}
