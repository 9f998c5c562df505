import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { type StoredShare, sharesOnChannel } from '../../store/shares/shares.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { optional } from '../kinds/parts/page-schemas.ts'
import { shareMembers } from '../kinds/share/created.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { AnonymousReads } from '../running/anonymous-reads.ts'
import { maskUser } from '../views/mask-user.ts'
import { cacheable } from '../wire/answer-headers.ts'
import { type ItemReader, type PageRequest, pageOf, pageView, unite } from '../wire/pages.ts'
import { CampaignParams, ListQuery, listOf, refusals } from '../wire/schemas.ts'
import { storedShareView } from './view.ts'

interface CommunityOptions {
  readonly pool: pg.Pool
  readonly finder: ActivityFinder
  readonly now: () => number
}

/** The channel whose shares are for everybody; links on other channels are for those who get them. */
const COMMUNITY = 'community'

const { campaign: _campaign, ...pageFields } = ListQuery.properties
const CommunityQuery = Type.Object({ ...pageFields, channel: Type.Literal(COMMUNITY) }, { additionalProperties: false })

const CommunityShares = listOf(
  Type.Object(
    {
      ...shareMembers,
      text: optional(Type.String()),
      user: Type.String({ description: 'its user, with a part of the id hidden' })
    },
    { title: 'CommunityShare' }
  ),
  'CommunityShares'
)

const reader: ItemReader<StoredShare> = {
  placeOf: ({ createdAt, id }) => ({ at: createdAt.getTime(), id }),
  campaignOf: ({ campaign }) => campaign
}

const PAGE_MAX = 100
/** As with winners: later pages, of which clients can make up any number, have limits of their own. */
const FIRST_PAGES = { keepMs: 1000, most: 1000, perSecond: 20, atOnce: 2 }
const FURTHER_PAGES = { keepMs: 10_000, most: 200, perSecond: 10, atOnce: 1 }

/** GET .../shares?channel=community: what users shared for everybody, newest first, as Postgres has it. */
export const communityRoute: FastifyPluginAsyncTypebox<CommunityOptions> = async (app, { pool, finder, now }) => {
  const first = new AnonymousReads<StoredShare[]>({ ...FIRST_PAGES, now })
  const further = new AnonymousReads<StoredShare[]>({ ...FURTHER_PAGES, now })

  function rowsOf(campaign: string, { before }: PageRequest): Promise<StoredShare[]> {
    const name = [campaign, before?.at ?? '', before?.id ?? ''].join(' ')
    const page = { before, limit: PAGE_MAX + 1 }
    const read = () => fromStore(sharesOnChannel(pool, { campaign, channel: COMMUNITY }, page))
    return (before === undefined ? first : further).get(name, read)
  }

  app.get(
    '/v1/campaigns/:campaign/shares',
    {
      schema: {
        summary: 'What users shared in the community, newest first; user ids are masked',
        tags: ['shares'],
        params: CampaignParams,
        querystring: CommunityQuery,
        response: { 200: CommunityShares, ...refusals }
      }
    },
    async (request, reply) => {
      const campaign = await finder.findCampaign(request.params.campaign)
      if (campaign === undefined) throw new ProblemError('NOT_FOUND')
      const { channel: _channel, ...query } = request.query
      const page = pageOf(query)
      const found = unite({ live: [], stored: await rowsOf(campaign.id, page) }, page, reader)
      const language = pickLanguage(request.headers['accept-language'])
      const view = pageView(found, (share) => ({
        ...storedShareView(share, campaign.rules, language),
        user: maskUser(issuedUser(share.user))
      }))
      cacheable(reply, 1)
      return reply.send(view)
    }
  )
}
