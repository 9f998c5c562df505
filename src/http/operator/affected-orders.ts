import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { type Static, Type } from 'typebox'
import { isoTime } from '../../base/iso-time.ts'
import { MOMENT_FORM, momentOf } from '../../base/moment.ts'
import { ID_PATTERN } from '../../base/shapes.ts'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import type { OrderFilter } from '../../store/campaigns/jobs.ts'
import type { CountedOrders } from '../../store/reading/affected-orders.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { pageOf } from '../wire/pages.ts'
import { CampaignParams, ListQuery, OpenObject, OrderStatus, refusals } from '../wire/schemas.ts'
import { readJob } from './jobs.ts'
import { ordersPage } from './searches.ts'
import { actorOf, asProblem } from './views/campaign-answers.ts'
import { type Dry, DryRunQuery, type Named } from './views/pages.ts'

interface AffectedOptions {
  readonly campaigns: Campaigns
  readonly pool: Pool
}

const closed = { additionalProperties: false }
const Moment = Type.Optional(Type.String({ description: 'a date and time with its offset' }))
const Price = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const Query = Type.Object(
  {
    limit: ListQuery.properties.limit,
    cursor: ListQuery.properties.cursor,
    activity: Type.String({ pattern: ID_PATTERN }),
    from: Moment,
    to: Moment,
    price: Type.Optional(Type.String({ pattern: '^(0|[1-9][0-9]{0,15})$', description: 'of a unit, minor units' })),
    status: Type.Optional(OrderStatus)
  },
  closed
)
const Body = Type.Object(
  {
    activity: Type.String({ pattern: ID_PATTERN, description: 'must be the id of a sale' }),
    from: Moment,
    to: Moment,
    price: Type.Optional(Type.Integer({ ...Price, description: 'must be the price of a unit in minor units' })),
    reason: Reason
  },
  closed
)

/** @throws ProblemError VALIDATION */
function utc(pointer: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const at = momentOf(text)
  if (at === undefined)
    throw new ProblemError('VALIDATION', { errors: [{ pointer, detail: `${MOMENT_FORM}, and has to exist` }] })
  return isoTime(at)
}

function filterOf({ activity, from, to, price }: OrderFilter): OrderFilter {
  return { activity, from: utc('/from', from), to: utc('/to', to), price }
}

/** Without any of these it would be every order of the sale, which nobody means who forgot one. */
function requireSome({ from, to, price }: OrderFilter): void {
  if (from !== undefined || to !== undefined || price !== undefined) return
  const detail = 'name a price, or when they were placed: every order of a sale is never meant'
  throw new ProblemError('VALIDATION', { errors: [{ pointer: '/price', detail }] })
}

/** `atLeast`: older orders of the campaign were not looked at, because there are so many. */
const summaryOf = ({ sums, isAtLeast }: CountedOrders) => ({ summary: sums, atLeast: isAtLeast })

/** Which orders an error has hit, such as a wrong price, and their cancellation in bulk. */
export async function affectedOrders(app: FastifyInstance, { campaigns, pool }: AffectedOptions): Promise<void> {
  app.get<Named & { Querystring: Static<typeof Query> & { status?: string } }>(
    '/admin/v1/campaigns/:campaign/affected-orders',
    {
      preHandler: requireRole('viewer', 'orders:read'),
      schema: { params: CampaignParams, querystring: Query, response: { 200: OpenObject, ...refusals } }
    },
    async (request) => {
      const { campaign } = request.params
      const { activity, from, to, price, status, ...paged } = request.query
      const filter = filterOf({ activity, from, to, price: price === undefined ? undefined : Number(price) })
      const counted = await asProblem(campaigns.planCancellation({ campaign, filter }))
      const page = { ...pageOf(paged), campaign }
      return { ...summaryOf(counted), ...(await ordersPage(pool, { ...filter, status }, page)) }
    }
  )

  app.post<Named & Dry>(
    '/admin/v1/campaigns/:campaign/affected-orders/cancellation',
    {
      preHandler: requireRole('operator'),
      schema: { params: CampaignParams, querystring: DryRunQuery },
      config: { takes: Body }
    },
    async (request, reply) => {
      const { campaign } = request.params
      const checked = checkBody(Body, request.body)
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      const filter = filterOf(checked.body)
      requireSome(filter)
      if (request.query.dryRun === 'true') {
        const counted = await asProblem(campaigns.planCancellation({ campaign, filter }))
        return { dryRun: true, campaign, ...summaryOf(counted), canBeTakenBack: false }
      }
      const id = await asProblem(campaigns.cancelOrders({ campaign, filter }, actorOf(request, checked.body.reason)))
      return reply
        .code(202)
        .send({ outcome: 'pending', job: await readJob(pool, 'cancellation', id), retryAfterMs: 1000 })
    }
  )
}
