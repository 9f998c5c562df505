import { type Static, Type } from 'typebox'
import { isoTime } from '../../base/iso-time.ts'
import { ID_PATTERN } from '../../base/shapes.ts'
import type { Reservation } from '../../campaign/kinds/reservation/rules.ts'
import { userField } from '../../record/fields.ts'
import { decodeReservation } from '../../record/reports/reservation.ts'
import { requestHash } from '../../record/request-hash.ts'
import { confirmedHead } from '../views/schemas.ts'
import { fixedHash } from '../wire/idempotency.ts'
import { Time } from '../wire/schemas.ts'
import type { Decided, HttpKind, Page, Participation, Standings } from './kind.ts'
import { participateCommand } from './parts/command.ts'
import { headOf } from './parts/decision.ts'
import {
  type CampaignFigures,
  commonView,
  liveHead,
  rulesViewOf,
  sessionsView,
  type ViewContext
} from './parts/page.ts'
import { common, limit, nullable, optional, sessions, sessionsOfRules } from './parts/page-schemas.ts'

const ReservationBody = Type.Unsafe<{ readonly session?: string } | null>({
  ...Type.Object(
    {
      session: Type.Optional(Type.String({ pattern: ID_PATTERN, description: 'one session; all of them where absent' }))
    },
    { additionalProperties: false }
  ),
  type: ['object', 'null'],
  title: 'Reservation of a session'
})

const participation: Participation<Reservation, typeof ReservationBody> = {
  url: '/v1/campaigns/:campaign/reservations/:reservation',
  param: 'reservation',
  tag: 'reservations',
  operationId: 'reserve',
  summary: 'Be reminded before a session opens, and have the right to take part where it asks for a reservation',
  body: ReservationBody,
  example: { session: 'am' },
  command(wish) {
    const { campaign, activity } = wish.found
    const path = `/v1/campaigns/${campaign.id}/reservations/${activity.id}`
    const session = wish.body?.session
    if (session === undefined) return participateCommand(wish, { hash: fixedHash(path) })
    const body = { session }
    const hash = requestHash('POST', path, body)
    return participateCommand(wish, { hash, about: session, request: JSON.stringify(body) })
  }
}

const Made = Type.Object(
  {
    id: Type.String(),
    reservation: Type.String(),
    session: nullable('string', 'null where all sessions are reserved'),
    remindAt: Type.String({
      format: 'date-time',
      description: 'the reminder comes at this time, or up to a minute before it; of all sessions: that of the next one'
    })
  },
  { title: 'Reservation' }
)

const decided: Decided = {
  decides: 'reservation',
  member: 'reservation',
  schema: Made,
  confirmed: {
    file: 'confirmed-reservation.json',
    schema: Type.Object({ ...confirmedHead, reservation: Made }, { title: 'ConfirmedReservation' })
  },
  documents: { 'reservation.json': Made },
  body(decision, context) {
    const { session, remindAt } = decodeReservation(decision.report)
    const reservation: Static<typeof Made> = {
      id: decision.id,
      reservation: context.activity,
      session: session === '' ? null : session,
      remindAt: isoTime(remindAt)
    }
    return { ...headOf(decision, context), reservation }
  }
}

/** How many reserved a session by its id, '' for all sessions; undefined while it is not known. */
function countOf(figures: CampaignFigures | undefined, id: string, session: string): number | undefined {
  return figures && (figures.counts.get(`${id}/${session}:reserved`) ?? 0)
}

/** All reservations, whatever they are of; null while it is not known. */
function totalOf(figures: CampaignFigures | undefined, id: string): number | null {
  if (figures === undefined) return null
  const counts = [...figures.counts].filter(([name]) => name.startsWith(`${id}/`) && name.endsWith(':reserved'))
  return counts.reduce((sum, [, count]) => sum + count, 0)
}

const Target = Type.Object({
  session: Type.String(),
  opensAt: Time,
  remindAt: Time,
  reserved: optional(nullable('integer', 'users who reserved it, or all sessions; null while it is not known'))
})

const terms = {
  ...common('reservation'),
  of: Type.String({ description: 'the sale or draw' }),
  remindMinutes: Type.Integer({ description: 'how long before the opening the reminder comes' }),
  perUser: limit('reservations of one user')
}

function pageView(reservation: Reservation, context: ViewContext) {
  const { id, of, remindMs, perUser } = reservation
  const { figures } = context
  const all = countOf(figures, id, '')
  const target = context.campaign.rules.activities.find((activity) => activity.id === of)
  return {
    ...commonView(reservation, context),
    of,
    remindMinutes: remindMs / 60_000,
    perUser: perUser || null,
    reserved: totalOf(figures, id),
    targets: (target?.sessions ?? []).map((session) => ({
      session: session.id,
      opensAt: isoTime(session.opensAt),
      remindAt: isoTime(session.opensAt - remindMs),
      reserved: all === undefined ? null : all + (countOf(figures, id, session.id) ?? 0)
    })),
    sessions: sessionsView(reservation)
  }
}

const page: Page<Reservation> = {
  view: pageView,
  liveView: (reservation, context) => ({
    ...liveHead(reservation, context),
    reserved: totalOf(context.figures, reservation.id)
  }),
  rulesView(reservation, context) {
    const { reserved: _all, ...view } = pageView(reservation, context)
    return rulesViewOf(view, { targets: view.targets.map(({ reserved: _reserved, ...target }) => target) })
  },
  hasCounts: true,
  schemas: {
    view: Type.Object(
      {
        ...terms,
        reserved: nullable('integer', 'reservations; null while it is not known'),
        targets: Type.Array(Target),
        ...sessions
      },
      { title: 'ReservationPage' }
    ),
    rules: Type.Object({ ...terms, targets: Type.Array(Target), ...sessionsOfRules }, { title: 'ReservationTerms' }),
    live: { reserved: optional(nullable('integer')) }
  }
}

/** A user's standing names sessions that are still to open, at most so many. */
const SHOWN = 50

const standing: Standings<Reservation> = {
  most: ({ perUser }) => perUser,
  view({ campaign, fields, now }, { id, of }) {
    const target = campaign.rules.activities.find((activity) => activity.id === of)
    const toCome = (target?.sessions ?? []).filter(({ closesAt }) => closesAt > now).slice(0, SHOWN)
    const all = fields[userField.once(campaign.id, id, '')] !== undefined
    const own = toCome.filter((session) => fields[userField.once(campaign.id, id, session.id)] !== undefined)
    return { reserved: (all ? toCome : own).map((session) => session.id) }
  },
  schema: {
    reserved: optional(
      Type.Array(Type.String(), { description: 'sessions that are open or to come and that I reserved' })
    )
  }
}

export const reservation: HttpKind<Reservation> = { actions: [{ participation, decided }], page, standing }
