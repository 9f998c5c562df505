import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { checkBody, Reason } from '../campaign/adjust-body.ts'
import type { AuditedGate } from '../campaign/audited-gate.ts'
import { Flag } from '../campaign/definition-parts.ts'
import { issuedUser } from '../store/user-name.ts'
import type { AnswerDesk } from './answer-desk.ts'
import { answersOf, ConfirmedWin } from './decision-schemas.ts'
import { keyOf } from './idempotency.ts'
import { pickLanguage } from './language.ts'
import type { HttpMetrics } from './metrics.ts'
import { requireRole } from './operator-auth.ts'
import { sendConfirmed, sendOutcome } from './outcome-replies.ts'
import { ProblemError } from './problems.ts'
import type { Directory } from './sales-directory.ts'
import { OpenObject, refusals, WinParams } from './schemas.ts'
import type { FoundWin, WinDirectory } from './win-directory.ts'
import { poolsIn, returnsQuota, revokeWin } from './win-revocation.ts'
import { liveWinView } from './win-view.ts'

export interface AdminWinOptions {
  readonly wins: WinDirectory
  readonly submit: AuditedGate
  readonly directory: Directory
  readonly desk: AnswerDesk
  readonly metrics: HttpMetrics
}

const RevocationBody = Type.Object(
  { reason: Reason, returnQuota: Type.Optional(Flag) },
  { additionalProperties: false }
)

type Named = { Params: { win: string } }

/** What operators do with one win. */
export async function adminWins(app: FastifyInstance, options: AdminWinOptions): Promise<void> {
  const { wins, submit, directory, desk, metrics } = options

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
      return { ...liveWinView(found, { language, findPrize: desk.findPrize }), user: issuedUser(found.user) }
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
      const rules = (await directory.findCampaign(campaign))?.rules
      const outcome = await revokeWin(submit, found, {
        operator: request.operator.name,
        reason,
        returnQuota: returnsQuota(rules, returnQuota),
        poolOf: poolsIn(rules)
      })
      metrics.outcome(outcome)
      if (outcome.kind !== 'confirmed') return sendOutcome(request, reply, outcome)
      const body = await desk.bodyOf({
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
