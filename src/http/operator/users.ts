import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { Flag, Id, MAX_UNITS } from '../../campaign/parts/shapes.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { UserId } from '../wire/schemas.ts'
import { userOfPath } from '../wire/user-in.ts'
import type { Excluding } from './excluding.ts'
import { actorOf, asProblem, sendChange } from './views/campaign-answers.ts'
import { changeView, foreseenView } from './views/campaign-views.ts'
import { type Dry, DryRunQuery } from './views/pages.ts'

interface AdminUserOptions {
  readonly campaigns: Campaigns
  readonly excluding: Excluding
  /** ms since 1970 */
  readonly now?: () => number
}

export const UserParams = Type.Object({ user: UserId })

const Disqualification = Type.Object(
  {
    campaign: Id,
    reason: Reason,
    revokeWins: Type.Optional(Flag),
    returnQuota: Type.Optional(Flag),
    revokeRewards: Type.Optional(Flag),
    cancelOrders: Type.Optional(Flag)
  },
  { additionalProperties: false }
)

const Requalification = Type.Object({ campaign: Id, reason: Type.Optional(Reason) }, { additionalProperties: false })

const Grant = Type.Object(
  {
    campaign: Id,
    unit: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'must be what is granted: "points" or another unit, "chances:<draw>" or "entitlement:<name>"'
    }),
    amount: Type.Integer({
      minimum: -MAX_UNITS,
      maximum: MAX_UNITS,
      not: { const: 0 },
      description: 'must be a whole number up to 1,000,000,000, negative to take back, not 0'
    }),
    reason: Reason
  },
  { additionalProperties: false }
)

type Named = { Params: { user: string } }

/** Routes for changes of one user of a campaign. */
export function adminUsers(app: FastifyInstance, options: AdminUserOptions): void {
  const { campaigns, excluding, now = Date.now } = options
  const route = { preHandler: requireRole('operator'), schema: { params: UserParams } }

  app.post<Named & Dry>(
    '/admin/v1/users/:user/disqualification',
    { ...route, schema: { ...route.schema, querystring: DryRunQuery }, config: { takes: Disqualification } },
    async (request, reply) => {
      const checked = checkBody(Disqualification, request.body)
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      const { reason, ...what } = checked.body
      const excluded = { ...what, user: userOfPath(request.params.user) }
      if (request.query.dryRun === 'true') return excluding.plan(excluded)
      const change = await asProblem(campaigns.disqualify(excluded, actorOf(request, reason)))
      const job = change.intent?.state === 'applied' ? await excluding.awaitJob(change.intent.id) : undefined
      if (job === undefined) return sendChange(reply, change, now())
      const view = { ...changeView(change, now()), ...job.view }
      return job.isDone ? view : reply.code(202).send({ ...view, outcome: 'pending', retryAfterMs: 1000 })
    }
  )

  app.delete<Named & { Querystring: { campaign: string; reason?: string } }>(
    '/admin/v1/users/:user/disqualification',
    { ...route, schema: { ...route.schema, querystring: Requalification } },
    async (request, reply) => {
      const { campaign, reason } = request.query
      const target = { campaign, user: userOfPath(request.params.user) }
      return sendChange(reply, await asProblem(campaigns.requalify(target, actorOf(request, reason))), now())
    }
  )

  app.post<Named & Dry>(
    '/admin/v1/users/:user/grants',
    { ...route, schema: { ...route.schema, querystring: DryRunQuery }, config: { takes: Grant } },
    async (request, reply) => {
      const checked = checkBody(Grant, request.body)
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      const { campaign, unit, amount, reason } = checked.body
      const target = { campaign, user: userOfPath(request.params.user), unit, amount }
      const actor = actorOf(request, reason)
      if (request.query.dryRun === 'true') {
        return foreseenView(await asProblem(campaigns.foreseeGrant(target, actor)), now())
      }
      return sendChange(reply, await asProblem(campaigns.grant(target, actor)), now())
    }
  )
}
