import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { checkBody, Reason } from '../campaign/adjust-body.ts'
import { Flag, Id, whole } from '../campaign/definition-parts.ts'
import type { Campaigns } from '../campaign/lifecycle.ts'
import { actorOf, asProblem, sendChange } from './admin-campaign-answers.ts'
import { requireKey } from './idempotency.ts'
import { requireRole } from './operator-auth.ts'
import { ProblemError } from './problems.ts'

const UserParams = Type.Object({ user: Type.String({ pattern: '^[A-Za-z0-9_.@-]{1,64}$' }) })

/** `revokeWins` and `returnQuota` are about wins, of which a sale has none. */
const Disqualification = Type.Object(
  { campaign: Id, reason: Reason, revokeWins: Type.Optional(Flag), returnQuota: Type.Optional(Flag) },
  { additionalProperties: false }
)

const Grant = Type.Object(
  {
    campaign: Id,
    unit: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'must be what is granted, such as "entitlement:vip"'
    }),
    amount: whole(1, 1000),
    reason: Reason
  },
  { additionalProperties: false }
)

const ENTITLEMENT = /^entitlement:([a-z0-9][a-z0-9-]{0,31})$/

function entitlementOf(unit: string): string {
  const name = ENTITLEMENT.exec(unit)?.[1]
  if (name !== undefined) return name
  const detail = `${JSON.stringify(unit)} cannot be granted: points and chances are not built yet; "entitlement:<name>" can`
  throw new ProblemError('VALIDATION', { errors: [{ pointer: '/unit', detail }] })
}

/** What operators do to one user of a campaign. */
export function adminUsers(
  app: FastifyInstance,
  { campaigns, now = Date.now }: { campaigns: Campaigns; now?: () => number }
): void {
  const route = { onRequest: requireKey, preHandler: requireRole('operator'), schema: { params: UserParams } }

  app.post<{ Params: { user: string } }>('/admin/v1/users/:user/disqualification', route, async (request, reply) => {
    const checked = checkBody(Disqualification, request.body)
    if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
    const { campaign, reason } = checked.body
    const target = { campaign, user: request.params.user }
    return sendChange(reply, await asProblem(campaigns.disqualify(target, actorOf(request, reason))), now())
  })

  app.post<{ Params: { user: string } }>('/admin/v1/users/:user/grants', route, async (request, reply) => {
    const checked = checkBody(Grant, request.body)
    if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
    const { campaign, unit, amount, reason } = checked.body
    const target = { campaign, user: request.params.user, entitlement: entitlementOf(unit), amount }
    return sendChange(reply, await asProblem(campaigns.grant(target, actorOf(request, reason))), now())
  })
}
