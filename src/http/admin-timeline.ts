import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import { fromStore } from '../gate/from-store.ts'
import type { Gate } from '../gate/gate.ts'
import { isoTime } from '../gate/iso-time.ts'
import { decodeReport } from '../gate/report.ts'
import { decisionsOfUser, type TimelineEntry } from '../store/timeline.ts'
import type { Live } from './account-directory.ts'
import { UserParams } from './admin-users.ts'
import { requireRole } from './operator-auth.ts'
import { type ItemReader, pageOf, pageView, unite } from './pages.ts'
import { ListQuery } from './schemas.ts'

type Entry = Live<TimelineEntry>

const reader: ItemReader<Entry> = {
  placeOf: ({ at, id }) => ({ at: at.getTime(), id }),
  campaignOf: ({ campaign }) => campaign
}

function entryView({ id, type, campaign, activity, key, at, report, journaled }: Entry) {
  const { moves } = decodeReport(report)
  return {
    eventId: id,
    type,
    campaign: campaign === '' ? null : campaign,
    activity: activity === '' ? null : activity,
    // the Idempotency-Key, or what the system called it
    key: key.startsWith('u:') ? key.slice(2) : key,
    at: isoTime(at.getTime()),
    // a report without moves is of a kind that has none
    ...(moves.length > 0 && { moves }),
    ...(!journaled && { pending: true })
  }
}

/** GET .../timeline: everything that was decided about one user, for support. */
export async function adminTimeline(
  app: FastifyInstance,
  { gate, pool }: { readonly gate: Gate; readonly pool: pg.Pool }
): Promise<void> {
  app.get<{ Params: { user: string }; Querystring: { campaign?: string; limit?: string; cursor?: string } }>(
    '/admin/v1/users/:user/timeline',
    { preHandler: requireRole('viewer'), schema: { params: UserParams, querystring: ListQuery } },
    async (request) => {
      const { user } = request.params
      const page = pageOf(request.query)
      const waiting = await gate.unstoredOf(user)
      const known = await fromStore(decisionsOfUser(pool, user, { ...page, limit: page.limit + 1 }))
      const live = waiting.map(({ at, ...decision }) => ({ ...decision, at: new Date(at) }))
      const stored = known.map((entry) => ({ ...entry, journaled: true }))
      return pageView(unite({ live, stored }, page, reader), entryView)
    }
  )
}
