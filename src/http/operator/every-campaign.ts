import type { FastifyInstance, FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { NoticeTexts } from '../../campaign/change/notice.ts'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import type { OneOfAll } from '../../campaign/lifecycle/every-campaign.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { actorOf, asProblem } from './views/campaign-answers.ts'

const closed = { additionalProperties: false }
const Pause = Type.Object({ reason: Reason, notice: Type.Optional(NoticeTexts) }, closed)
const Resumption = Type.Object({ reason: Type.Optional(Reason) }, closed)

type One =
  | { readonly id: string; readonly outcome: 'confirmed' | 'pending'; readonly intent?: string }
  | { readonly id: string; readonly outcome: 'refused'; readonly code: string; readonly detail: string }

function oneView(one: OneOfAll): One {
  const { campaign: id } = one
  if ('refused' in one) return { id, outcome: 'refused', code: one.refused.code, detail: one.refused.message }
  const { intent } = one.change
  if (intent === undefined) return { id, outcome: 'confirmed' }
  if (intent.state !== 'refused')
    return { id, outcome: intent.state === 'open' ? 'pending' : 'confirmed', intent: String(intent.id) }
  return { id, outcome: 'refused', code: 'CONFLICT', detail: `The gate refused the change: ${intent.refusal}.` }
}

/** Answers 202 while one of them is not journaled, as the change of one does. */
function sendAll(reply: FastifyReply, all: readonly OneOfAll[]): FastifyReply {
  const campaigns = all.map(oneView)
  const isPending = campaigns.some(({ outcome }) => outcome === 'pending')
  if (!isPending) return reply.send({ outcome: 'confirmed', campaigns })
  return reply.code(202).send({ outcome: 'pending', retryAfterMs: 1000, campaigns })
}

/** Routes that change every campaign. */
export async function adminEveryCampaign(app: FastifyInstance, { campaigns }: { campaigns: Campaigns }): Promise<void> {
  const preHandler = requireRole('operator')

  app.post('/admin/v1/pause', { preHandler, config: { takes: Pause } }, async (request, reply) => {
    const checked = checkBody(Pause, request.body)
    if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
    const { reason, notice } = checked.body
    return sendAll(reply, await asProblem(campaigns.pauseAll(actorOf(request, reason), notice)))
  })

  app.post('/admin/v1/resumption', { preHandler, config: { takes: Resumption } }, async (request, reply) => {
    const checked = checkBody(Resumption, request.body ?? {})
    if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
    return sendAll(reply, await asProblem(campaigns.resumeAll(actorOf(request, checked.body.reason))))
  })
}
