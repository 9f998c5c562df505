import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { ID_PATTERN } from '../../base/shapes.ts'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { BaselineBody, putBaseline, readBaseline } from '../../export/report/baseline.ts'
import { asCsv } from '../../export/report/csv.ts'
import { readReport, storeFinal } from '../../export/report/report.ts'
import { supplierPayments, supplierSettlement } from '../../export/report/supplier.ts'
import { listReports } from '../../store/campaigns/reports.ts'
import { Turns } from '../answering/turns.ts'
import { requireRole } from '../auth/operator.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { reportPage } from '../report-page/page.tsx'
import { CampaignParams } from '../wire/schemas.ts'
import { actorOf, asProblem } from './views/campaign-answers.ts'
import type { Named } from './views/pages.ts'
import '../wire/request-types.ts'

interface ReportOptions {
  readonly pool: Pool
  /** ms since 1970 */
  readonly now: () => number
}

const Query = Type.Object(
  {
    format: Type.Optional(Type.String({ enum: ['json', 'csv', 'html'] })),
    version: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,8}$', description: 'a stored version' })),
    compareWith: Type.Optional(Type.String({ pattern: ID_PATTERN, description: 'another campaign' }))
  },
  { additionalProperties: false }
)
type Asked = Named & { Querystring: { format?: 'json' | 'csv' | 'html'; version?: string; compareWith?: string } }

const SupplierQuery = Type.Object(
  {
    supplier: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    format: Type.Optional(Type.String({ enum: ['json', 'csv'] }))
  },
  { additionalProperties: false }
)
type OfSupplier = Named & { Querystring: { supplier?: string; format?: 'json' | 'csv' } }

const FinalBody = Type.Object(
  { final: Type.Literal(true), reason: Type.Optional(Reason) },
  { additionalProperties: false }
)

/** A page that runs nothing and asks for nothing, whatever stands in a campaign's texts. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"

/** Counting holds a connection of the admin port for minutes at most, and whoever stops a sale meanwhile needs one too. */
const COUNTING = { perUser: 1, inAll: 2, waitingPerUser: 2, waitingInAll: 20, waitMs: 60_000 }

/** The report of a campaign: as it stands, as it was stored, and what it is compared with. */
export async function reportRoutes(app: FastifyInstance, { pool, now }: ReportOptions): Promise<void> {
  const params = CampaignParams
  const turns = new Turns(COUNTING)

  app.get<Asked>(
    '/admin/v1/campaigns/:campaign/report',
    { preHandler: requireRole('viewer'), schema: { params, querystring: Query } },
    async (request, reply) => {
      const { format = 'json', version, compareWith } = request.query
      const asked = { version: version === undefined ? undefined : Number(version), compareWith, now: now() }
      const read = () => asProblem(readReport(pool, request.params.campaign, asked))
      const report = await turns.take(reply, request.operator.name, read)
      if (format === 'json') return report
      const name = `${report.campaign}-report${report.version === null ? '' : `-${report.version}`}.${format}`
      if (format === 'csv') {
        reply.header('content-disposition', `attachment; filename="${name}"`)
        return reply.type('text/csv; charset=utf-8').send(asCsv(report))
      }
      reply.headers({ 'content-security-policy': PAGE_POLICY, 'content-disposition': `inline; filename="${name}"` })
      const page = reportPage(report, pickLanguage(request.headers['accept-language']))
      return reply.type('text/html; charset=utf-8').send(page)
    }
  )

  app.get<Named>(
    '/admin/v1/campaigns/:campaign/report/versions',
    { preHandler: requireRole('viewer'), schema: { params } },
    async (request) => {
      const items = await listReports(pool, request.params.campaign)
      return {
        items: items.map(({ madeAt, ...item }) => ({ ...item, madeAt: madeAt.toISOString() })),
        nextCursor: null
      }
    }
  )

  app.post<Named>(
    '/admin/v1/campaigns/:campaign/report',
    { preHandler: requireRole('operator'), schema: { params }, config: { takes: FinalBody } },
    async (request, reply) => {
      const checked = checkBody(FinalBody, request.body ?? {})
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      const actor = { ...actorOf(request, checked.body.reason), now: now() }
      const store = () => asProblem(storeFinal(pool, request.params.campaign, actor))
      return reply.code(201).send(await turns.take(reply, request.operator.name, store))
    }
  )

  app.get<Named>(
    '/admin/v1/campaigns/:campaign/baseline',
    { preHandler: requireRole('viewer'), schema: { params } },
    (request) => readBaseline(pool, request.params.campaign)
  )

  app.put<Named>(
    '/admin/v1/campaigns/:campaign/baseline',
    { preHandler: requireRole('operator'), schema: { params }, config: { takes: BaselineBody } },
    (request) => {
      const target = { id: request.params.campaign, input: request.body ?? {} }
      return asProblem(putBaseline(pool, target, actorOf(request)))
    }
  )
}

/** What is to be settled with suppliers. */
export async function supplierRoute(
  app: FastifyInstance,
  options: ReportOptions & { readonly campaigns: Pick<Campaigns, 'get'> }
): Promise<void> {
  const { pool, campaigns, now } = options
  app.get<OfSupplier>(
    '/admin/v1/campaigns/:campaign/supplier-settlement',
    { preHandler: requireRole('viewer'), schema: { params: CampaignParams, querystring: SupplierQuery } },
    async (request, reply) => {
      const { supplier, format } = request.query
      const row = await asProblem(campaigns.get(request.params.campaign))
      if (format !== 'csv') return asProblem(supplierSettlement(pool, row, { supplier, now: now() }))
      // an error ends the answer before its end, which is how a client sees it
      const lines = Readable.from(supplierPayments(pool, row, supplier))
      reply.header('content-disposition', `attachment; filename="${row.id}-payments.csv"`)
      return reply.type('text/csv; charset=utf-8').send(lines)
    }
  )
}
