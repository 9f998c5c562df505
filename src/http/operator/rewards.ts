import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { approvalOf } from '../../campaign/actions/hand-over.ts'
import { poolsIn, returnsQuota, revocationOf } from '../../campaign/actions/revocation.ts'
import type { AuditedGate } from '../../campaign/carrying/audited-gate.ts'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import { closeReview, findReview, listReviews, type Review, releaseCredit } from '../../store/campaigns/reviews.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { sendOutcome } from '../views/outcome.ts'
import { keyOf } from '../wire/idempotency.ts'
import { CampaignParams, OpenObject, refusals } from '../wire/schemas.ts'
import { asProblem } from './views/campaign-answers.ts'
import { type Named, PageQuery, pageOf, pageView } from './views/pages.ts'

/** Finds a win of any user. */
interface WinSource {
  findAny(id: string): Promise<Parameters<typeof revocationOf>[0] | undefined>
}

interface RewardOptions {
  readonly pool: Pool
  readonly wins: WinSource
  readonly submit: AuditedGate
  readonly finder: ActivityFinder
  readonly campaigns: Campaigns
}

const closed = { additionalProperties: false }
const Query = Type.Object(
  {
    ...PageQuery.properties,
    state: Type.Optional(Type.Unsafe<Review['state']>({ type: 'string', enum: ['waiting', 'approved', 'rejected'] }))
  },
  closed
)
const Approval = Type.Object({ reason: Type.Optional(Reason) }, closed)
const Rejection = Type.Object({ reason: Reason }, closed)
const RewardParams = Type.Object({ reward: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }) })

function reviewView({ id, win, what, user, askedAt, decidedAt, role: _role, ...rest }: Review) {
  return {
    id: String(id),
    kind: win === null ? 'reward' : 'win',
    ...rest,
    user: issuedUser(user),
    win,
    [win === null ? 'action' : 'prize']: what,
    askedAt: askedAt.toISOString(),
    decidedAt: decidedAt?.toISOString() ?? null
  }
}

type Verdict = {
  readonly state: 'approved' | 'rejected'
  readonly operator: string
  readonly reason: string | undefined
}

/** Whether a review of a win can be closed after a refusal: it is decided so already, or nothing can come of it any more. */
function isOver(outcome: Outcome, { state }: Verdict): boolean {
  if (outcome.kind !== 'refused') return false
  if (state === 'rejected') return outcome.code === 'VOIDED' || outcome.code === 'ENDED'
  return outcome.members.fulfilment === 'approved'
}

/** Rewards that wait for somebody, where the campaign wants them reviewed. */
export async function rewardRoutes(app: FastifyInstance, options: RewardOptions): Promise<void> {
  const { pool, wins, submit, finder, campaigns } = options

  app.get<Named & { Querystring: { limit?: string; cursor?: string; state?: Review['state'] } }>(
    '/admin/v1/campaigns/:campaign/rewards',
    {
      preHandler: requireRole('viewer'),
      schema: { params: CampaignParams, querystring: Query, response: { 200: OpenObject, ...refusals } }
    },
    async (request) => {
      const { id: campaign } = await asProblem(campaigns.get(request.params.campaign))
      const { state = 'waiting', ...query } = request.query
      const page = pageOf(query)
      const rows = await fromStore(listReviews(pool, { campaign, state }, { ...page, limit: page.limit + 1 }))
      return pageView(rows, page.limit, { view: reviewView, place: ({ id }) => id })
    }
  )

  /** Has the gate decide about a win; a reward for what others did is released, or not, by Postgres. */
  async function decide(request: FastifyRequest, review: Review, verdict: Verdict): Promise<Outcome | undefined> {
    if (review.win === null) return undefined
    const found = await wins.findAny(review.win)
    if (found === undefined) throw new ProblemError('NOT_FOUND')
    const { operator, reason = '', state } = verdict
    if (state === 'approved') return submit(approvalOf(found, { operator, reason, key: keyOf(request) }))
    const rules = (await finder.findCampaign(review.campaign))?.rules
    const returnQuota = returnsQuota(rules, undefined)
    return submit(revocationOf(found, { operator, reason, returnQuota, poolOf: poolsIn(rules) }))
  }

  async function close(review: Review, verdict: Verdict): Promise<void> {
    await fromStore(
      inTransaction(pool, async (client) => {
        if (!(await closeReview(client, review.id, verdict))) return
        if (review.win === null) await releaseCredit(client, review, verdict.state === 'approved')
        await recordAudit(client, {
          operator: verdict.operator,
          action: `reward.${verdict.state}`,
          target: review.win === null ? `user:${issuedUser(review.user)}` : `win:${review.win}`,
          reason: verdict.reason,
          after: {
            reward: String(review.id),
            campaign: review.campaign,
            activity: review.activity,
            cause: review.cause
          }
        })
      })
    )
  }

  async function answer(request: FastifyRequest, reply: FastifyReply, verdict: Verdict): Promise<FastifyReply> {
    const id = Number((request.params as { reward: string }).reward)
    const review = await fromStore(findReview(pool, id))
    if (review === undefined) throw new ProblemError('NOT_FOUND')
    if (review.state === 'waiting') {
      const outcome = await decide(request, review, verdict)
      const isOpen = outcome !== undefined && outcome.kind !== 'confirmed' && !isOver(outcome, verdict)
      if (isOpen) return sendOutcome(request, reply, outcome)
      await close(review, verdict)
    }
    const now = await fromStore(findReview(pool, id))
    if (now?.state !== verdict.state) {
      throw new ProblemError('CONFLICT', { state: now?.state }, `This reward is ${now?.state ?? 'gone'} already.`)
    }
    return reply.send(reviewView(now))
  }

  for (const [action, state, takes] of [
    ['approval', 'approved', Approval],
    ['rejection', 'rejected', Rejection]
  ] as const) {
    app.post<{ Params: { reward: string } }>(
      `/admin/v1/rewards/:reward/${action}`,
      {
        preHandler: requireRole('operator'),
        schema: { params: RewardParams, response: { 200: OpenObject, ...refusals } },
        config: { takes }
      },
      async (request, reply) => {
        const checked = checkBody(takes, request.body ?? {})
        if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
        return answer(request, reply, { state, operator: request.operator.name, reason: checked.body.reason })
      }
    )
  }
}
