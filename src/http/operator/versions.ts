import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { differencesOf } from '../../base/differences.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { findVersion, listVersions } from '../../store/campaigns/campaigns.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { CampaignParams } from '../wire/schemas.ts'
import { asProblem } from './views/campaign-answers.ts'
import { versionView } from './views/campaign-views.ts'
import { type Named, type Page, PageQuery, pageOf, pageView } from './views/pages.ts'

interface VersionRoutes {
  readonly campaigns: Pick<Campaigns, 'get'>
  readonly pool: Pool
}

const number = Type.String({ pattern: '^[1-9][0-9]{0,8}$' })
const VersionParams = Type.Object({ ...CampaignParams.properties, version: number })
const Against = Type.Object({ against: Type.Optional(number) }, { additionalProperties: false })

type OneVersion = { Params: { campaign: string; version: string }; Querystring: { against?: string } }

/** The versions of a campaign's definition, and what one changes in another. */
export function versionRoutes(app: FastifyInstance, { campaigns, pool }: VersionRoutes): void {
  const viewer = { preHandler: requireRole('viewer') }

  app.get<Named & Page>(
    '/admin/v1/campaigns/:campaign/versions',
    { ...viewer, schema: { params: CampaignParams, querystring: PageQuery } },
    async (request) => {
      const { id } = await asProblem(campaigns.get(request.params.campaign))
      const { limit, before } = pageOf(request.query)
      const rows = await fromStore(listVersions(pool, id, { limit: limit + 1, before }))
      return pageView(rows, limit, { view: versionView, place: (row) => row.version })
    }
  )

  const versionOf = async (campaign: string, version: string) => {
    const row = await fromStore(findVersion(pool, campaign, Number(version)))
    if (row === undefined) throw new ProblemError('NOT_FOUND', {}, `${campaign} has no version ${version}.`)
    return row
  }

  app.get<OneVersion>(
    '/admin/v1/campaigns/:campaign/versions/:version',
    { ...viewer, schema: { params: VersionParams, querystring: Against } },
    async (request) => {
      const { campaign, version } = request.params
      const { against } = request.query
      const { id } = await asProblem(campaigns.get(campaign))
      const row = await versionOf(id, version)
      if (against === undefined) return versionView(row)
      const other = await versionOf(id, against)
      return {
        ...versionView(row),
        against: other.version,
        differences: differencesOf(other.definition, row.definition)
      }
    }
  )
}
