import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { isoTime } from '../../base/iso-time.ts'
import { ID_PATTERN } from '../../base/shapes.ts'
import { prizesOf } from '../../campaign/kinds/prizes.ts'
import { decodeWin } from '../../record/win.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { publicWins, type StoredWin } from '../../store/reading/wins.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { type Language, pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { AnonymousReads } from '../running/anonymous-reads.ts'
import { maskUser } from '../views/mask-user.ts'
import { type Winner, WinnerList } from '../views/schemas.ts'
import { type FindPrize, wonPrize } from '../views/win.ts'
import { cacheable } from '../wire/answer-headers.ts'
import { type ItemReader, type PageRequest, pageOf, pageView, unite } from '../wire/pages.ts'
import { CampaignParams, ListQuery, refusals } from '../wire/schemas.ts'

interface WinnersOptions {
  readonly pool: pg.Pool
  readonly finder: ActivityFinder
  readonly findPrize: FindPrize
  readonly now: () => number
}

const { campaign: _campaign, ...pageFields } = ListQuery.properties
const WinnersQuery = Type.Object(
  { ...pageFields, draw: Type.Optional(Type.String({ pattern: ID_PATTERN })) },
  { additionalProperties: false }
)

type Won = StoredWin & { readonly win: ReturnType<typeof decodeWin> }

const reader: ItemReader<Won> = {
  placeOf: ({ win }) => ({ at: win.wonAt, id: win.id }),
  campaignOf: ({ win }) => win.campaign
}

function winnerView({ user, win }: Won, findPrize: FindPrize, language: Language): Winner {
  const prize = wonPrize(win, findPrize(win.campaign, win.draw, win.prize), language)
  return { user: maskUser(issuedUser(user)), draw: win.draw, prize, wonAt: isoTime(win.wonAt) }
}

const PAGE_MAX = 100

/**
 * There is one first page for each campaign and draw, but clients can make up any number of later pages. So later pages have
 * limits of their own: they cannot push first pages out, and they get fewer reads of Postgres.
 */
const FIRST_PAGES = { keepMs: 1000, most: 1000, perSecond: 20, atOnce: 2 }
const FURTHER_PAGES = { keepMs: 10_000, most: 200, perSecond: 10, atOnce: 1 }

/**
 * GET .../winners: who won what, for everybody. A page is read from Postgres at most once a second, and all pages together 30
 * times.
 */
export const winnersRoute: FastifyPluginAsyncTypebox<WinnersOptions> = async (app, options) => {
  const { pool, finder, findPrize, now } = options
  const first = new AnonymousReads<StoredWin[]>({ ...FIRST_PAGES, now })
  const further = new AnonymousReads<StoredWin[]>({ ...FURTHER_PAGES, now })

  async function isKnown(campaign: string, draw: string | undefined): Promise<boolean> {
    if (draw === undefined) return (await finder.findCampaign(campaign)) !== undefined
    const found = await finder.findActivity(campaign, draw)
    return found !== undefined && prizesOf(found.activity).length > 0
  }

  /** The longest page after a place: requests for pages of any length share one read. */
  function rowsOf(campaign: string, draw: string | undefined, { before }: PageRequest): Promise<StoredWin[]> {
    const name = [campaign, draw ?? '', before?.at ?? '', before?.id ?? ''].join(' ')
    const read = () => fromStore(publicWins(pool, campaign, { draw, before, limit: PAGE_MAX + 1 }))
    return (before === undefined ? first : further).get(name, read)
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
      const { draw, ...query } = request.query
      if (!(await isKnown(campaign, draw))) throw new ProblemError('NOT_FOUND')
      const page = pageOf(query)
      const rows = await rowsOf(campaign, draw, page)
      const stored = rows.map((row) => ({ ...row, win: decodeWin(row.id, row.record) }))
      const language = pickLanguage(request.headers['accept-language'])
      const view = pageView(unite({ live: [], stored }, page, reader), (won) => winnerView(won, findPrize, language))
      cacheable(reply, 1)
      return reply.send(view)
    }
  )
}
