import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type pg from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { DECISION_PATTERN, ID_PATTERN } from '../../base/shapes.ts'
import { findAssist, findShare } from '../../campaign/actions/share-lookup.ts'
import { voidAssist, voidShare } from '../../campaign/actions/void-shares.ts'
import type { AuditedGate } from '../../campaign/carrying/audited-gate.ts'
import { Reason } from '../../campaign/change/patch.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { UserReader } from '../../gate/gate.ts'
import { assistById, noteVoidedAssists } from '../../store/shares/assists.ts'
import { shareFigures, sharesById } from '../../store/shares/shares.ts'
import { noteVoidedShares } from '../../store/shares/verification.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { sharingOf } from '../kinds/share/created.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { sendOutcome } from '../views/outcome.ts'
import { confirmedHead } from '../views/schemas.ts'
import { keyOf } from '../wire/idempotency.ts'
import { CampaignParams, Pending, refusals } from '../wire/schemas.ts'

interface AdminShareOptions {
  readonly pool: pg.Pool
  readonly gate: UserReader
  readonly submit: AuditedGate
  readonly finder: ActivityFinder
  readonly metrics: HttpMetrics
}

const campaign = Type.String({ pattern: ID_PATTERN })
const id = Type.String({ pattern: DECISION_PATTERN })
const ShareParams = Type.Object({ campaign, share: id })
const AssistParams = Type.Object({ campaign, assist: id })

const Query = Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false })

const Voided = Type.Object({ id: Type.String(), status: Type.Literal('voided') })
const ShareVoided = Type.Object({ ...confirmedHead, share: Voided })
const AssistVoided = Type.Object({ ...confirmedHead, assist: Voided })

const Figures = Type.Object({
  items: Type.Array(
    Type.Object({
      channel: Type.String(),
      subject: Type.String({ description: 'goods, campaign, experience or result' }),
      ...Object.fromEntries(
        ['shares', 'verified', 'voided', 'clicks', 'repeats', 'bots', 'orders', 'registrations'].map((name) => [
          name,
          Type.Integer()
        ])
      )
    })
  )
})

/** Routes by which operators void shares and assists, and see how shares do. */
export const adminShares: FastifyPluginAsyncTypebox<AdminShareOptions> = async (app, options) => {
  const { pool, gate, submit, finder, metrics } = options
  const storedShare = async (id: string) => (await fromStore(sharesById(pool, [id])))[0]
  const storedAssist = (id: string) => fromStore(assistById(pool, id))

  /** The answer once the decision stands. @param note stores it at once: the follower would a moment later */
  async function answer(
    { request, reply }: { request: FastifyRequest; reply: FastifyReply },
    outcome: Outcome,
    voided: { readonly member: string; readonly id: string; note(): Promise<void> }
  ) {
    metrics.outcome(outcome)
    if (outcome.kind !== 'confirmed') return sendOutcome(request, reply, outcome)
    if (outcome.replayed) throw new ProblemError('VOIDED')
    // nothing is lost where Postgres is away: the follower stores it from the journal
    await fromStore(voided.note()).catch(() => undefined)
    const { id, sequence } = outcome.decision
    const head = { outcome: 'confirmed', requestId: keyOf(request), sequence, eventId: id }
    return reply.code(200).send({ ...head, [voided.member]: { id: voided.id, status: 'voided' } })
  }

  app.delete(
    '/admin/v1/campaigns/:campaign/shares/:share',
    {
      preHandler: requireRole('operator'),
      schema: { params: ShareParams, querystring: Query, response: { 200: ShareVoided, 202: Pending, ...refusals } }
    },
    async (request, reply) => {
      const found = await findShare({ gate, stored: storedShare }, request.params.share)
      const campaign = await finder.findCampaign(request.params.campaign)
      if (found === undefined || campaign === undefined || found.campaign !== campaign.id)
        throw new ProblemError('NOT_FOUND')
      const sharing = sharingOf(campaign.rules)
      if (found.voided || sharing === undefined) throw new ProblemError('VOIDED')
      const asked = { operator: request.operator.name, reason: request.query.reason }
      const outcome = await submit(voidShare(found, sharing.id, asked))
      const note = () => noteVoidedShares(pool, campaign.id, [found.id])
      return answer({ request, reply }, outcome, { member: 'share', id: found.id, note })
    }
  )

  app.delete(
    '/admin/v1/campaigns/:campaign/assists/:assist',
    {
      preHandler: requireRole('operator'),
      schema: { params: AssistParams, querystring: Query, response: { 200: AssistVoided, 202: Pending, ...refusals } }
    },
    async (request, reply) => {
      const found = await findAssist({ gate, stored: storedAssist }, request.params.assist)
      if (found === undefined || found.campaign !== request.params.campaign) throw new ProblemError('NOT_FOUND')
      if (found.voided) throw new ProblemError('VOIDED')
      const outcome = await submit(voidAssist(found, { operator: request.operator.name, reason: request.query.reason }))
      const note = () => noteVoidedAssists(pool, [found.id])
      return answer({ request, reply }, outcome, { member: 'assist', id: found.id, note })
    }
  )

  app.get(
    '/admin/v1/campaigns/:campaign/shares',
    {
      preHandler: requireRole('viewer'),
      schema: { params: CampaignParams, response: { 200: Figures, ...refusals } }
    },
    async (request) => ({ items: await fromStore(shareFigures(pool, request.params.campaign)) })
  )
}
