import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { ID_PATTERN } from '../../base/shapes.ts'
import { Reason } from '../../campaign/change/patch.ts'
import { calendarEtag, getCalendar, saveCalendar } from '../../campaign/lifecycle/calendars.ts'
import { CalendarLists } from '../../campaign/parts/calendar.ts'
import type { CalendarRow } from '../../store/campaigns/calendars.ts'
import { requireRole } from '../auth/operator.ts'
import { OpenObject, refusals } from '../wire/schemas.ts'
import { actorOf, asProblem } from './views/campaign-answers.ts'

const params = Type.Object({ calendar: Type.String({ pattern: ID_PATTERN }) })
const querystring = Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false })

type Named = { Params: { calendar: string } }

const calendarView = ({ updatedAt, ...row }: CalendarRow) => ({ ...row, updatedAt: updatedAt.toISOString() })

/** The deployment's calendars of holidays and worked weekend days. */
export function adminCalendars(app: FastifyInstance, { pool }: { readonly pool: Pool }): void {
  app.get<Named>(
    '/admin/v1/calendars/:calendar',
    { preHandler: requireRole('viewer'), schema: { params, response: { 200: OpenObject, ...refusals } } },
    async (request, reply) => {
      const calendar = await asProblem(getCalendar(pool, request.params.calendar))
      return reply.header('etag', calendarEtag(calendar)).send(calendarView(calendar))
    }
  )

  app.put<Named & { Querystring: { reason?: string } }>(
    '/admin/v1/calendars/:calendar',
    {
      preHandler: requireRole('admin'),
      schema: { params, querystring, response: { 200: OpenObject, 201: OpenObject, ...refusals } },
      config: { takes: CalendarLists }
    },
    async (request, reply) => {
      const draft = { id: request.params.calendar, input: request.body ?? {} }
      const { calendar, created } = await asProblem(saveCalendar(pool, draft, actorOf(request, request.query.reason)))
      return reply
        .code(created ? 201 : 200)
        .header('etag', calendarEtag(calendar))
        .send(calendarView(calendar))
    }
  )
}
