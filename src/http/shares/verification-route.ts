import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { DECISION_PATTERN, ID_PATTERN } from '../../base/shapes.ts'
import { findShare } from '../../campaign/actions/share-lookup.ts'
import { verifyAndCredit } from '../../campaign/actions/verify-shares.ts'
import { poolsOf } from '../../campaign/kinds/prizes.ts'
import { givesOn } from '../../campaign/kinds/share/rules.ts'
import { restsOnShares } from '../../campaign/parts/levels.ts'
import type { UserReader } from '../../gate/gate.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { sharesById } from '../../store/shares/shares.ts'
import { noteShareReport } from '../../store/shares/verification.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { words } from '../kinds/parts/page-schemas.ts'
import { sharingOf } from '../kinds/share/created.ts'
import { ProblemError } from '../problems/problems.ts'
import { refusals, SourceEventId } from '../wire/schemas.ts'

interface VerificationOptions {
  readonly pool: pg.Pool
  readonly gate: UserReader
  readonly finder: ActivityFinder
  readonly now: () => number
}

const Params = Type.Object({
  campaign: Type.String({ pattern: ID_PATTERN }),
  share: Type.String({ pattern: DECISION_PATTERN })
})

const Body = Type.Object(
  {
    sourceEventId: SourceEventId,
    verified: Type.Boolean({ description: 'false is noted and changes nothing: an operator voids a share' })
  },
  { additionalProperties: false, title: 'Verification' }
)

const Answer = Type.Object(
  {
    share: Type.String(),
    status: words('created', 'verified'),
    repeated: Type.Boolean({ description: 'this event was reported before' })
  },
  { title: 'VerificationAnswer' }
)

/** POST .../verification: another system says whether a share is genuine. What its user gets for it follows within a second. */
export const verificationRoute: FastifyPluginAsyncTypebox<VerificationOptions> = async (app, options) => {
  const { pool, gate, finder, now } = options
  const stored = async (id: string) => (await fromStore(sharesById(pool, [id])))[0]

  app.post(
    '/service/v1/campaigns/:campaign/shares/:share/verification',
    {
      preHandler: requireRole('operator', 'shares:verification'),
      schema: { params: Params, body: Body, response: { 200: Answer, ...refusals } }
    },
    async (request) => {
      const { sourceEventId, verified } = request.body
      const campaign = await finder.findCampaign(request.params.campaign)
      const share = campaign && (await findShare({ gate, stored }, request.params.share))
      const sharing = sharingOf(campaign?.rules)
      if (share === undefined || sharing === undefined || share.campaign !== campaign?.id) {
        throw new ProblemError('NOT_FOUND')
      }
      if (share.voided) throw new ProblemError('VOIDED')
      // nobody would be owed anything any more, the settlement said
      if (campaign.settled) throw new ProblemError('ENDED')
      const source = request.operator.name
      const report = { campaign: campaign.id, source, sourceEventId, share: share.id, verified }
      const genuine = {
        share: share.id,
        campaign: campaign.id,
        activity: sharing.id,
        channel: share.channel,
        pool: poolsOf(sharing),
        isReward: givesOn(sharing, share.channel),
        sharer: share.user,
        timezone: campaign.rules.timezone,
        forLevels: restsOnShares(campaign.rules),
        by: source,
        at: now()
      }
      const noted = await fromStore(
        inTransaction(pool, async (session) => {
          const result = await noteShareReport(session, report)
          if (result === 'noted' && verified) await verifyAndCredit(session, [genuine])
          return result
        })
      )
      if (noted === 'conflict')
        throw new ProblemError('CONFLICT', {}, 'This event told something else before; nothing was noted.')
      const isVerified = verified || share.verifiedBy !== null
      return { share: share.id, status: isVerified ? 'verified' : 'created', repeated: noted === 'repeated' } as const
    }
  )
}
