import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { AuditedGate } from '../../campaign/carrying/audited-gate.ts'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import { type Campaigns, rulesInForce } from '../../campaign/lifecycle/lifecycle.ts'
import { Flag, Id, MAX_UNITS } from '../../campaign/parts/shapes.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import type { WinFinder } from '../wins/find-wins.ts'
import { poolsIn, type RevokedWins, returnsQuota, revokeWinsOf } from '../wins/revocation.ts'
import { UserId } from '../wire/schemas.ts'
import { userOfPath } from '../wire/user-in.ts'
import { actorOf, asProblem, sendChange } from './campaign-answers.ts'
import { changeView } from './campaign-views.ts'

interface AdminUserOptions {
  readonly campaigns: Campaigns
  readonly wins: WinFinder
  readonly submit: AuditedGate
  /** ms since 1970 */
  readonly now?: () => number
}

export const UserParams = Type.Object({ user: UserId })

const Disqualification = Type.Object(
  { campaign: Id, reason: Reason, revokeWins: Type.Optional(Flag), returnQuota: Type.Optional(Flag) },
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
  const { campaigns, now = Date.now } = options
  const route = { preHandler: requireRole('operator'), schema: { params: UserParams } }

  app.post<Named>(
    '/admin/v1/users/:user/disqualification',
    { ...route, config: { takes: Disqualification } },
    async (request, reply) => {
      const checked = checkBody(Disqualification, request.body)
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      const { campaign, reason, revokeWins, returnQuota } = checked.body
      const target = { campaign, user: userOfPath(request.params.user) }
      const change = await asProblem(campaigns.disqualify(target, actorOf(request, reason)))
      // revoke wins only after the user is disqualified, so that no new ones come; a repeated request goes on where this one stopped
      if (revokeWins !== true || change.intent?.state !== 'applied') return sendChange(reply, change, now())
      const revocation = {
        operator: request.operator.name,
        reason,
        returnQuota: returnsQuota(rulesInForce(change.campaign), returnQuota),
        poolOf: poolsIn(rulesInForce(change.campaign))
      }
      const wins = await revokeWinsOf(options, target, revocation)
      return reply.code(wins.open.length > 0 ? 202 : 200).send({ ...changeView(change, now()), ...winsView(wins) })
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

  app.post<Named>('/admin/v1/users/:user/grants', { ...route, config: { takes: Grant } }, async (request, reply) => {
    const checked = checkBody(Grant, request.body)
    if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
    const { campaign, unit, amount, reason } = checked.body
    const target = { campaign, user: userOfPath(request.params.user), unit, amount }
    return sendChange(reply, await asProblem(campaigns.grant(target, actorOf(request, reason))), now())
  })
}

function winsView({ revoked, open }: RevokedWins) {
  if (open.length === 0) return { revokedWins: revoked }
  return { revokedWins: revoked, openWins: open, outcome: 'pending', retryAfterMs: 1000 }
}
