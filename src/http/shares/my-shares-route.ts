import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { type Static, Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { newShare } from '../../campaign/actions/share-lookup.ts'
import type { UserReader } from '../../gate/gate.ts'
import { type CountedShare, sharesOfUser } from '../../store/shares/shares.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import type { Turns } from '../answering/turns.ts'
import { identityOf, type OnRequest } from '../auth/storefront.ts'
import { optional } from '../kinds/parts/page-schemas.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { type ItemReader, pageOf, pageView, unite } from '../wire/pages.ts'
import { CampaignParams, ListQuery, listOf, NullableTime, refusals } from '../wire/schemas.ts'
import { ownFigures, ownShare } from './view.ts'

interface MySharesOptions {
  readonly pool: pg.Pool
  readonly gate: Pick<UserReader, 'unstoredOf'>
  readonly finder: ActivityFinder
  readonly authenticate: OnRequest
  readonly turns: Turns
}

/** A share of the user, and whether it is journaled: one that is not can still vanish. */
type Live = CountedShare & { readonly journaled: boolean }

const { campaign: _campaign, ...pageFields } = ListQuery.properties

const MyShare = Type.Object(
  {
    ...ownFigures,
    verifiedAt: NullableTime,
    pending: optional(Type.Literal(true, { description: 'decided, and not in the journal yet: it may still vanish' }))
  },
  { title: 'MyShare' }
)
export const MyShares = listOf(MyShare, 'MyShares')

const reader: ItemReader<Live> = {
  placeOf: ({ createdAt, id }) => ({ at: createdAt.getTime(), id }),
  campaignOf: ({ campaign }) => campaign
}

/** GET .../me/shares: what the signed-in user shared in a campaign, newest first, with what became of each. */
export const mySharesRoute: FastifyPluginAsyncTypebox<MySharesOptions> = async (app, options) => {
  const { pool, gate, finder, authenticate, turns } = options
  app.get(
    '/v1/campaigns/:campaign/me/shares',
    {
      onRequest: authenticate,
      schema: {
        summary: 'My shares in a campaign, newest first: clicks, assists, conversions, verified or not',
        tags: ['shares'],
        security: [{ storefront: [] }],
        params: CampaignParams,
        querystring: Type.Object(pageFields, { additionalProperties: false }),
        response: { 200: MyShares, ...refusals }
      }
    },
    async (request, reply) => {
      const campaign = await finder.findCampaign(request.params.campaign)
      if (campaign === undefined) throw new ProblemError('NOT_FOUND')
      const { user } = identityOf(request)
      const language = pickLanguage(request.headers['accept-language'])
      const page = pageOf(request.query)
      const found = await turns.take(reply, user, async () => {
        // Redis first: a share that leaves it between the two reads is in Postgres by the second one
        const waiting = await gate.unstoredOf(user)
        const rows = await fromStore(
          sharesOfUser(pool, { campaign: campaign.id, user }, { ...page, limit: page.limit + 1 })
        )
        const stored = rows.map((share) => ({ ...share, journaled: true }))
        const known = new Set(stored.map(({ id }) => id))
        const live = waiting
          .filter((decision) => decision.campaign === campaign.id && !known.has(decision.id))
          .flatMap((decision) => {
            const share = newShare(decision, user)
            return share === undefined ? [] : [{ ...share, journaled: decision.journaled }]
          })
        return unite({ live, stored }, page, reader)
      })
      const view = (share: Live): Static<typeof MyShare> => ({
        ...ownShare(share, { rules: campaign.rules, language }),
        verifiedAt: share.verifiedAt?.toISOString() ?? null,
        ...(!share.journaled && { pending: true })
      })
      return reply.header('cache-control', 'no-store').send(pageView(found, view))
    }
  )
}
