import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { DECISION_PATTERN, ID_PATTERN } from '../../base/shapes.ts'
import { findShare } from '../../campaign/actions/share-lookup.ts'
import { type CatalogueCampaign, statusOf } from '../../campaign/carrying/catalogue.ts'
import { poolsOf } from '../../campaign/kinds/prizes.ts'
import { givesOn } from '../../campaign/kinds/share/rules.ts'
import { restsOnShares } from '../../campaign/parts/levels.ts'
import { dayNumberAt } from '../../campaign/parts/local-time.ts'
import type { UserReader } from '../../gate/gate.ts'
import { type CountedShare, sharesById } from '../../store/shares/shares.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import type { OnRequest } from '../auth/storefront.ts'
import { sharingOf } from '../kinds/share/created.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { refusals } from '../wire/schemas.ts'
import { communityRoute } from './community-route.ts'
import { readTogether } from './read-together.ts'
import { SharePage, sharePage } from './view.ts'
import { VisitCounter } from './visit-counter.ts'
import { lookingAt } from './visitor.ts'

interface ShareOptions {
  readonly pool: pg.Pool
  readonly gate: UserReader
  readonly finder: ActivityFinder
  readonly authenticate: OnRequest
  readonly logger: Logger
  readonly now: () => number
}

const Params = Type.Object({
  campaign: Type.String({ pattern: ID_PATTERN }),
  share: Type.String({ pattern: DECISION_PATTERN })
})

/** A look of a user who is signed in, which verifies the share of somebody else while the campaign runs: a link is looked at for years. */
function lookOfUser(share: CountedShare, campaign: CatalogueCampaign, { user, at }: { user: string; at: number }) {
  const sharing = sharingOf(campaign.rules)
  const forLevels = restsOnShares(campaign.rules)
  const seen = { share: share.id, campaign: campaign.id, forLevels, at }
  const isOver = ['ended', 'settled'].includes(statusOf(campaign, at))
  const verifies = sharing?.verifiedBy === 'visit' && share.verifiedBy === null && !isOver
  return {
    ...seen,
    by: `user ${user}`,
    user,
    verifies: verifies
      ? {
          ...seen,
          activity: sharing.id,
          channel: share.channel,
          pool: poolsOf(sharing),
          isReward: givesOn(sharing, share.channel),
          sharer: share.user,
          timezone: campaign.rules.timezone,
          by: 'visit'
        }
      : undefined
  }
}

/** Pages of shares: anybody may look, and who is signed in says so. */
export const shareRoutes: FastifyPluginAsyncTypebox<ShareOptions> = async (app, options) => {
  const { pool, gate, finder, authenticate, logger, now } = options
  const stored = readTogether((ids: readonly string[]) => fromStore(sharesById(pool, ids)))
  const counter = new VisitCounter({ pool, logger })
  app.addHook('onClose', () => counter.close())

  /** A token may be left out, but one that is sent has to be good. */
  const maySignIn: OnRequest = (request, reply, done) => {
    if (request.headers.authorization === undefined) done()
    else authenticate(request, reply, done)
  }

  function noteLook(request: FastifyRequest, share: CountedShare, campaign: CatalogueCampaign): void {
    const user = request.identity?.user
    const looking = lookingAt(request)
    if (looking.is === 'nobody' || share.voided || user === share.user) return
    if (looking.is === 'somebody' && user !== undefined) {
      counter.note(lookOfUser(share, campaign, { user, at: now() }))
      return
    }
    const at = now()
    const forLevels = restsOnShares(campaign.rules)
    const by = looking.is === 'somebody' ? `${dayNumberAt(at, campaign.rules.timezone)} ${looking.by}` : ''
    counter.note({ share: share.id, campaign: campaign.id, by, user: null, forLevels, at })
  }

  app.get(
    '/v1/campaigns/:campaign/shares/:share',
    {
      onRequest: maySignIn,
      schema: {
        summary: 'A share: its card, its assists; a look counts as a click',
        tags: ['shares'],
        security: [{}, { storefront: [] }],
        params: Params,
        response: { 200: SharePage, ...refusals }
      }
    },
    async (request, reply) => {
      const campaign = await finder.findCampaign(request.params.campaign)
      const share = campaign && (await findShare({ gate, stored }, request.params.share))
      if (share?.campaign !== campaign?.id || campaign === undefined || share === undefined) {
        throw new ProblemError('NOT_FOUND')
      }
      noteLook(request, share, campaign)
      const language = pickLanguage(request.headers['accept-language'])
      const user = request.identity?.user ?? null
      // each look counts, and its user sees more than others
      reply.header('cache-control', 'private, no-store')
      return reply.send(sharePage(share, { rules: campaign.rules, user, language }))
    }
  )
  await app.register(communityRoute, { pool, finder, now })
}
