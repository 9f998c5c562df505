import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { poolsIn, returnsQuota, revocationOf } from '../../campaign/actions/revocation.ts'
import type { AuditedGate } from '../../campaign/carrying/audited-gate.ts'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import { Flag } from '../../campaign/parts/shapes.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { fulfilmentsOf } from '../../store/reading/fulfilments.ts'
import type { AnswerBodies } from '../answering/bodies.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { fulfilmentView } from '../views/fulfilment.ts'
import { sendConfirmed, sendOutcome } from '../views/outcome.ts'
import { answersOf, ConfirmedWin } from '../views/schemas.ts'
import { liveWinView } from '../views/win.ts'
import { keyOf } from '../wire/idempotency.ts'
import { OpenObject, refusals, WinParams } from '../wire/schemas.ts'
import type { FoundWin, WinFinder } from './find-wins.ts'

interface AdminWinOptions {
  readonly pool: Pool
  readonly wins: WinFinder
  readonly submit: AuditedGate
  readonly finder: ActivityFinder
  readonly bodies: AnswerBodies
  readonly metrics: HttpMetrics
}

const RevocationBody = Type.Object(
  { reason: Reason, returnQuota: Type.Optional(Flag) },
  { additionalProperties: false }
)

type Named = { Params: { win: string } }

/** Routes by which operators change a win. */
export async function adminWins(app: FastifyInstance, options: AdminWinOptions): Promise<void> {
  const { wins, submit, finder, bodies, metrics, pool } = options

  async function find(id: string): Promise<FoundWin> {
    const found = await wins.findAny(id)
    if (found === undefined) throw new ProblemError('NOT_FOUND')
    return found
  }

  app.get<Named>(
    '/admin/v1/wins/:win',
    {
      preHandler: requireRole('viewer', 'wins:read'),
      schema: { params: WinParams, response: { 200: OpenObject, ...refusals } }
    },
    async (request) => {
      const found = await find(request.params.win)
      const language = pickLanguage(request.headers['accept-language'])
      const { id } = found.win
      const handedOver = (await fromStore(fulfilmentsOf(pool, [id]))).get(id)
      const view = liveWinView(found, { language, findPrize: bodies.findPrize, handedOver })
      return { ...view, ...fulfilmentView(found.win, handedOver), user: issuedUser(found.user) }
    }
  )

  app.post<Named>(
    '/admin/v1/wins/:win/revocation',
    {
      preHandler: requireRole('operator', 'wins:revocation'),
      schema: { params: WinParams, response: answersOf(ConfirmedWin) },
      config: { takes: RevocationBody }
    },
    async (request, reply) => {
      const checked = checkBody(RevocationBody, request.body)
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      const found = await find(request.params.win)
      const { campaign, draw } = found.win
      const { reason, returnQuota } = checked.body
      const rules = (await finder.findCampaign(campaign))?.rules
      const outcome = await submit(
        revocationOf(found, {
          operator: request.operator.name,
          reason,
          returnQuota: returnsQuota(rules, returnQuota),
          poolOf: poolsIn(rules)
        })
      )
      metrics.outcome(outcome)
      if (outcome.kind !== 'confirmed') return sendOutcome(request, reply, outcome)
      const body = await bodies.bodyOf({
        decision: outcome.decision,
        campaign,
        activity: draw,
        requestId: keyOf(request),
        language: pickLanguage(request.headers['accept-language'])
      })
      return sendConfirmed(request, reply, { outcome, body })
    }
  )
}
