import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { ID_PATTERN, visiblePattern } from '../../base/shapes.ts'
import type { GrantLine } from '../../campaign/actions/grants.ts'
import type { Rules } from '../../campaign/definition/rules.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { POINTS, scopeOf } from '../../campaign/parts/scope.ts'
import { MAX_UNITS } from '../../campaign/parts/shapes.ts'
import { publishedCampaigns } from '../../store/campaigns/campaigns.ts'
import { type ImportLine, insertImports } from '../../store/campaigns/imports.ts'
import { insideUser } from '../../store/connection/user-name.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { codeComplaint, codeHeaders } from '../wire/code-lines.ts'
import { csvLines } from '../wire/csv-lines.ts'
import { keyOf } from '../wire/idempotency.ts'
import { RejectedLines, takeUploads, uploadOf } from '../wire/uploads.ts'
import { NO_USER, userOfBody } from '../wire/user-in.ts'
import { asProblem } from './views/campaign-answers.ts'

interface UploadOptions {
  readonly campaigns: Campaigns
  readonly pool: Pool
}

const Id = Type.String({ pattern: ID_PATTERN })
const PoolParams = Type.Object({ campaign: Id, pool: Id })
const UnitParams = Type.Object({ unit: Id })
const CampaignParams = Type.Object({ campaign: Id })
const Reason = Type.String({ minLength: 1, maxLength: 500, pattern: '\\S' })
const MayReason = Type.Object({ reason: Type.Optional(Reason) }, { additionalProperties: false })
const Reasoned = Type.Object({ reason: Reason }, { additionalProperties: false })

/** The schema of a file for the OpenAPI document. @param line the content of each line */
const fileOf = (line: string) => Type.String({ contentMediaType: 'text/csv', description: line })

const REFERENCE = new RegExp(visiblePattern(1, 64))
const UNIT_MAX = 64
const AMOUNT = /^-?[1-9]\d{0,9}$/

/** The error in user and amount of a line; undefined for none. @param least the smallest amount; 0 is never valid */
function complaint({ user, amount }: { user: string; amount: string }, least = 1): string | undefined {
  if (insideUser(user) === undefined) return `user ${NO_USER}`
  if (AMOUNT.test(amount) && Number(amount) >= least && Number(amount) <= MAX_UNITS) return undefined
  const from = least > 0 ? 'from 1 to 1,000,000,000' : 'up to 1,000,000,000, negative to take back, not 0'
  return `amount must be a whole number ${from}`
}

/** Codes are secret, so an error names a wrong line only by its number. */
function poolRoute(app: FastifyInstance, { campaigns }: UploadOptions): void {
  app.post<{ Params: { campaign: string; pool: string }; Querystring: { reason?: string } }>(
    '/admin/v1/campaigns/:campaign/pools/:pool/codes',
    {
      preHandler: requireRole('operator', 'pools:load'),
      schema: { params: PoolParams, querystring: MayReason },
      config: { takes: fileOf('code, one a line') }
    },
    async (request) => {
      const rejected = new RejectedLines()
      async function* codes(): AsyncGenerator<string> {
        const columns = { names: ['code'] as const, aliases: codeHeaders, reject: rejected.add }
        let named = false
        for await (const { line, fields, header } of csvLines(uploadOf(request), columns)) {
          named ||= header
          const wrong = codeComplaint(fields.code, line === 1 && !named)
          if (wrong === undefined) yield fields.code
          else rejected.add(line, wrong)
        }
      }
      const actor = { operator: request.operator.name, reason: request.query.reason }
      const result = await asProblem(campaigns.loadPool({ ...request.params, codes: codes(), actor }))
      return { ...result, ...rejected.view() }
    }
  )
}

/** Whether a unit has the scope account: points do unless a campaign declares otherwise, other units if a campaign declares it. */
async function isAccountUnit(pool: Pool, unit: string): Promise<boolean> {
  if (unit === POINTS) return true
  const rows = await fromStore(publishedCampaigns(pool))
  return rows.some(({ rules }) => rules !== null && scopeOf((rules as Rules).units, unit) === 'account')
}

function importRoute(app: FastifyInstance, { pool }: UploadOptions): void {
  app.post<{ Params: { unit: string }; Querystring: { reason?: string } }>(
    '/admin/v1/units/:unit/imports',
    {
      preHandler: requireRole('admin', 'units:import'),
      schema: { params: UnitParams, querystring: MayReason },
      config: { takes: fileOf('user,amount,reference') }
    },
    async (request) => {
      const { unit } = request.params
      if (!(await isAccountUnit(pool, unit))) {
        throw new ProblemError('NOT_FOUND', {}, `${unit} is no unit of accounts in any published campaign.`)
      }
      const rejected = new RejectedLines()
      async function* lines(): AsyncGenerator<ImportLine> {
        const columns = { names: ['user', 'amount', 'reference'] as const, reject: rejected.add }
        for await (const { line, fields } of csvLines(uploadOf(request), columns)) {
          const wrong = complaint(fields) ?? (REFERENCE.test(fields.reference) ? undefined : wrongReference)
          if (wrong === undefined)
            yield { ...fields, user: userOfBody(fields.user, '/user'), amount: Number(fields.amount) }
          else rejected.add(line, wrong)
        }
      }
      const { name: by } = request.operator
      const { reason } = request.query
      const result = await insertImports(pool, { unit, by, reason, lines: lines() })
      return { ...result, ...rejected.view() }
    }
  )
}

const wrongReference = 'reference must have 1 to 64 visible ASCII characters'

function grantRoute(app: FastifyInstance, { campaigns }: UploadOptions): void {
  app.post<{ Params: { campaign: string }; Querystring: { reason: string } }>(
    '/admin/v1/campaigns/:campaign/grants',
    {
      preHandler: requireRole('operator', 'grants:create'),
      schema: { params: CampaignParams, querystring: Reasoned },
      config: { takes: fileOf('user,unit,amount,reference; reference may be left out') }
    },
    async (request) => {
      const { campaign } = request.params
      const rejected = new RejectedLines()
      async function* lines(): AsyncGenerator<GrantLine> {
        const names = ['user', 'unit', 'amount', 'reference'] as const
        const columns = { names, optional: ['reference'] as const, reject: rejected.add }
        for await (const { line, fields } of csvLines(uploadOf(request), columns)) {
          const { unit, reference } = fields
          const fits = unit.length <= UNIT_MAX && (reference === '' || REFERENCE.test(reference))
          const wrong = complaint(fields, -MAX_UNITS) ?? (fits ? undefined : 'unit or reference is too long')
          // a line without a reference is given once per Idempotency-Key and line number
          const key = reference === '' ? `${keyOf(request)}#${line}` : `grant:${campaign}:${reference}`
          const user = insideUser(fields.user)
          if (wrong === undefined && user !== undefined) yield { line, key, user, unit, amount: Number(fields.amount) }
          else rejected.add(line, wrong ?? NO_USER)
        }
      }
      const actor = { operator: request.operator.name, reason: request.query.reason }
      const result = await asProblem(campaigns.grantMany({ campaign, actor, lines: lines(), reject: rejected.add }))
      return { ...result, ...rejected.view() }
    }
  )
}

/** Routes that read a file line by line. A file that broke off can be sent again: lines that were taken count once. */
export async function adminUploads(app: FastifyInstance, options: UploadOptions): Promise<void> {
  takeUploads(app)
  poolRoute(app, options)
  importRoute(app, options)
  grantRoute(app, options)
}
