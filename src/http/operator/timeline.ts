import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import type { UserReader } from '../../gate/gate.ts'
import { logical } from '../../record/keys.ts'
import { archivedCampaigns } from '../../store/reading/archived.ts'
import { decisionsOfUser, refusalsOfUser } from '../../store/reading/timeline.ts'
import { expiringOf } from '../account/expiring.ts'
import type { CatalogueSource } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { archivedView } from '../views/archived.ts'
import { type ItemReader, pageOf, pageView, unite } from '../wire/pages.ts'
import { ListQuery } from '../wire/schemas.ts'
import { userOfPath } from '../wire/user-in.ts'
import { UserParams } from './users.ts'
import { type TimelineDecision, type TimelineRefusal, timelineView } from './views/timeline-view.ts'

const reader: ItemReader<TimelineDecision | TimelineRefusal> = {
  placeOf: ({ at, id }) => ({ at: at.getTime(), id }),
  campaignOf: ({ campaign }) => campaign
}

interface TimelineParts {
  readonly gate: Pick<UserReader, 'unstoredOf'>
  readonly pool: pg.Pool
  readonly catalogue: Pick<CatalogueSource, 'list'>
}

/** GET .../timeline: all decisions about one user, and samples of refusals, for support. */
export async function adminTimeline(app: FastifyInstance, { gate, pool, catalogue }: TimelineParts): Promise<void> {
  app.get<{ Params: { user: string }; Querystring: { campaign?: string; limit?: string; cursor?: string } }>(
    '/admin/v1/users/:user/timeline',
    { preHandler: requireRole('viewer'), schema: { params: UserParams, querystring: ListQuery } },
    async (request) => {
      const user = userOfPath(request.params.user)
      const page = pageOf(request.query)
      const waiting = await gate.unstoredOf(user)
      const further = { ...page, limit: page.limit + 1 }
      const [known, refused] = await fromStore(
        Promise.all([
          decisionsOfUser(pool, { user, key: logical.user(user) }, further),
          refusalsOfUser(pool, user, further)
        ])
      )
      const live = waiting.map(({ at, ...decision }) => ({ ...decision, at: new Date(at) }))
      const stored = [...known.map((entry) => ({ ...entry, journaled: true })), ...refused]
      // on the first page: what a user did there is in no page
      const archived = page.before === undefined ? await fromStore(archivedCampaigns(pool, page.campaign)) : []
      const expiring = page.before === undefined ? await expiringOf({ pool, gate, catalogue }, user) : []
      const view = pageView(unite({ live, stored }, page, reader), timelineView)
      return { ...view, archived: archived.map(archivedView), expiring }
    }
  )
}
