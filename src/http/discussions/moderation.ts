import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { Type } from 'typebox'
import { isoTime } from '../../base/iso-time.ts'
import { moderateComment } from '../../campaign/actions/moderate-comment.ts'
import type { AuditedGate } from '../../campaign/carrying/audited-gate.ts'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import type { UserReader } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { sendOutcome } from '../views/outcome.ts'
import { keyOf } from '../wire/idempotency.ts'
import { OpenObject, refusals } from '../wire/schemas.ts'
import { CommentParams, commentOfPath, moderates } from './admin.ts'

interface ModerationOptions {
  readonly pool: pg.Pool
  readonly gate: UserReader
  readonly submit: AuditedGate
  readonly metrics: HttpMetrics
}

const Visibility = Type.Object(
  {
    visible: Type.Boolean({ description: 'must be true (everybody sees it) or false (it is hidden)' }),
    reason: Reason
  },
  { additionalProperties: false }
)

/** The route that hides a comment or lets everybody see it. */
export const moderation: FastifyPluginAsyncTypebox<ModerationOptions> = async (app, options) => {
  const { pool, gate, submit, metrics } = options

  app.post(
    '/admin/v1/campaigns/:campaign/discussions/:discussion/comments/:comment/visibility',
    {
      preHandler: moderates,
      schema: { tags: ['discussions'], params: CommentParams, response: { 200: OpenObject, ...refusals } },
      config: { takes: Visibility }
    },
    async (request, reply) => {
      const checked = checkBody(Visibility, request.body)
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      const { visible, reason } = checked.body
      const found = await commentOfPath({ pool, gate }, request.params)
      const status = visible ? 'shown' : 'hidden'
      const { name: operator } = request.operator
      const key = keyOf(request)
      const command = moderateComment(found, { status, operator, key, reason })
      const field = replayField.operator(operator, key)
      const isDecided = (await gate.fieldsOf(found.user, [field]))[field] !== undefined
      if (found.status === status && !isDecided) throw new ProblemError('ALREADY_DONE')
      const outcome = await submit(command)
      metrics.outcome(outcome)
      if (outcome.kind !== 'confirmed') return sendOutcome(request, reply, outcome)
      if (outcome.replayed) reply.header('idempotent-replayed', 'true')
      const { id: eventId, sequence } = outcome.decision
      const { id, user, campaign, discussion, subject, replyTo, postedAt } = found
      return reply.code(201).send({
        outcome: 'confirmed',
        requestId: key,
        sequence,
        eventId,
        comment: {
          id,
          user: issuedUser(user),
          campaign,
          discussion,
          subject,
          status,
          replyTo,
          postedAt: isoTime(postedAt)
        }
      })
    }
  )
}
