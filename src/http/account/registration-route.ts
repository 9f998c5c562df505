import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { type Static, Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { isoTime } from '../../base/iso-time.ts'
import { MOMENT_PATTERN, momentOf, NO_MOMENT } from '../../base/moment.ts'
import { DECISION_PATTERN, ID_PATTERN, visiblePattern } from '../../base/shapes.ts'
import { isNewUser } from '../../campaign/actions/new-users.ts'
import { reportRegistration } from '../../campaign/actions/registrations.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { refusals, SourceEventId, Time, UserId } from '../wire/schemas.ts'
import { userOfPath } from '../wire/user-in.ts'

interface RegistrationOptions {
  readonly pool: pg.Pool
  readonly finder: ActivityFinder
  readonly now: () => number
}

const Params = Type.Object({ campaign: Type.String({ pattern: ID_PATTERN }), user: UserId })

const Body = Type.Object(
  {
    sourceEventId: SourceEventId,
    registeredAt: Type.Unsafe<string | number>({
      type: ['string', 'integer'],
      pattern: MOMENT_PATTERN,
      minimum: 0,
      description: 'a moment of RFC 3339, or Unix seconds as in tokens'
    }),
    source: Type.Optional(
      Type.String({ pattern: visiblePattern(1, 64), description: 'where the user came from, for reports' })
    ),
    invite: Type.Optional(
      Type.String({
        pattern: '^[0-9A-Za-z]{1,32}$',
        description: 'the invitation code that led there; it binds nobody'
      })
    ),
    share: Type.Optional(Type.String({ pattern: DECISION_PATTERN, description: 'id of the share that led there' }))
  },
  { additionalProperties: false, title: 'Registration' }
)

const Answer = Type.Object(
  {
    registeredAt: Time,
    new: Type.Boolean({
      description: 'whether it counts as new: registered since the campaign opened. A time in the future does not'
    }),
    repeated: Type.Boolean({ description: 'this event was reported before' })
  },
  { title: 'RegistrationAnswer' }
)

/** the last moment of the year 9999: seconds that are milliseconds lie behind it, and Postgres takes it */
const LAST_MS = 253_402_300_799_000

/** Ms since 1970. @throws ProblemError VALIDATION for a text that is no moment */
function momentIn({ registeredAt }: Static<typeof Body>): number {
  const at = typeof registeredAt === 'number' ? registeredAt * 1000 : momentOf(registeredAt)
  if (at !== undefined) return Math.min(Math.max(at, 0), LAST_MS)
  throw new ProblemError('VALIDATION', { errors: [{ pointer: '/registeredAt', detail: NO_MOMENT }] })
}

/** POST .../users/{user}/registration: another system tells when a user registered. Invitations, shares and assists ask for it. */
export const registrationRoute: FastifyPluginAsyncTypebox<RegistrationOptions> = async (app, options) => {
  const { pool, finder, now } = options
  app.post(
    '/service/v1/campaigns/:campaign/users/:user/registration',
    {
      preHandler: requireRole('operator', 'users:registration'),
      schema: { params: Params, body: Body, response: { 200: Answer, ...refusals } }
    },
    async (request) => {
      const { body, operator } = request
      const user = userOfPath(request.params.user)
      const campaign = await finder.findCampaign(request.params.campaign)
      if (campaign === undefined) throw new ProblemError('NOT_FOUND')
      const { sourceEventId, source: origin = null, invite = null, share = null } = body
      const registeredAt = momentIn(body)
      const told = {
        source: operator.name,
        sourceEventId,
        user,
        registeredAt,
        reportedAt: now(),
        origin,
        invite,
        share
      }
      const recorded = await fromStore(reportRegistration(pool, campaign, told))
      if (recorded === 'conflict')
        throw new ProblemError('CONFLICT', {}, 'This event told something else before; nothing was noted.')
      return {
        registeredAt: isoTime(registeredAt),
        new: isNewUser(told, campaign.rules.opensAt),
        repeated: recorded === 'repeated'
      }
    }
  )
}
