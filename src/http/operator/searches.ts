import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { MOMENT_FORM, momentOf } from '../../base/moment.ts'
import { ID_PATTERN, visiblePattern } from '../../base/shapes.ts'
import { prizesOf } from '../../campaign/kinds/prizes.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { decodeOrder } from '../../record/order.ts'
import { fulfilmentStates } from '../../record/statuses.ts'
import { decodeWin } from '../../record/win.ts'
import { countCodes } from '../../store/campaigns/codes.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { poolLoads } from '../../store/operators/audit.ts'
import { fulfilmentsOf } from '../../store/reading/fulfilments.ts'
import { searchOrders, searchWins, searchWord } from '../../store/reading/searches.ts'
import type { AnswerBodies } from '../answering/bodies.ts'
import type { CatalogueSource } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import { fulfilmentView } from '../views/fulfilment.ts'
import { liveOrderView } from '../views/order.ts'
import { liveWinView } from '../views/win.ts'
import { firstOf, type PageRequest, pageOf, pageView } from '../wire/pages.ts'
import { ListQuery, OpenObject, OrderStatus, refusals, UserId } from '../wire/schemas.ts'
import { userOfQuery } from '../wire/user-in.ts'
import { asProblem } from './views/campaign-answers.ts'

interface SearchOptions {
  readonly catalogue: Pick<CatalogueSource, 'list'>
  readonly pool: Pool
  readonly bodies: AnswerBodies
  readonly campaigns: Campaigns
}

const closed = { additionalProperties: false }
const MayId = Type.Optional(Type.String({ pattern: ID_PATTERN }))
const MayUser = Type.Optional(UserId)

const OrderQuery = Type.Object(
  {
    ...ListQuery.properties,
    activity: MayId,
    user: MayUser,
    status: Type.Optional(OrderStatus),
    shipBy: Type.Optional(Type.String({ description: 'a date and time: orders that have to be shipped by then' }))
  },
  closed
)
const WinQuery = Type.Object(
  {
    ...ListQuery.properties,
    user: MayUser,
    status: Type.Optional(Type.String({ enum: ['won', 'given', 'claimed', 'revoked'] })),
    type: Type.Optional(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9-]{0,31}$' })),
    fulfilment: Type.Optional(Type.String({ enum: ['waiting', ...fulfilmentStates] })),
    supplier: Type.Optional(Type.String({ minLength: 1, maxLength: 100 }))
  },
  closed
)
const WordQuery = Type.Object({ q: Type.String({ pattern: visiblePattern(1, 128) }) }, closed)
const PoolParams = Type.Object({
  campaign: Type.String({ pattern: ID_PATTERN }),
  pool: Type.String({ pattern: ID_PATTERN })
})

type Page = { campaign?: string; limit?: string; cursor?: string }

const schema = { response: { 200: OpenObject, ...refusals } }

/** A moment, or a day, which means its beginning in UTC. @throws ProblemError VALIDATION */
function dateOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const at = momentOf(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
  if (at !== undefined) return new Date(at)
  const detail = `${MOMENT_FORM}, or a day, and has to exist`
  throw new ProblemError('VALIDATION', { errors: [{ pointer: '/shipBy', detail }] })
}

/** A page of orders, for operators: short, or empty, where many were looked at and few are meant. @throws UnavailableError */
export async function ordersPage(pool: Pool, search: Parameters<typeof searchOrders>[1], page: PageRequest) {
  const { orders, stoppedAt } = await fromStore(searchOrders(pool, search, { ...page, limit: page.limit + 1 }))
  const found = orders.map((row) => ({ order: decodeOrder(row.id, row.record), user: row.user, journaled: true }))
  const { items, next = stoppedAt } = firstOf(found, page.limit, ({ order }) => ({
    at: order.acceptedAt,
    id: order.id
  }))
  return pageView({ items, next }, (item) => ({ ...liveOrderView(item), user: issuedUser(item.user) }))
}

/** Lists for operators. They come from Postgres only, so the newest decisions may be missing. */
export async function adminSearches(app: FastifyInstance, options: SearchOptions): Promise<void> {
  const { pool, campaigns } = options

  app.get<{ Querystring: Page & { activity?: string; user?: string; status?: string; shipBy?: string } }>(
    '/admin/v1/orders',
    {
      preHandler: requireRole('viewer', 'orders:read'),
      schema: { ...schema, summary: 'Orders, newest first', tags: ['orders'], querystring: OrderQuery }
    },
    async (request) => {
      const { activity, user, status, shipBy } = request.query
      const search = { activity, user: userOfQuery(user), status, shipBy: dateOf(shipBy) }
      return ordersPage(pool, search, pageOf(request.query))
    }
  )

  winSearch(app, options)

  app.get<{ Querystring: { q: string } }>(
    '/admin/v1/search',
    {
      preHandler: requireRole('viewer'),
      schema: {
        ...schema,
        summary: 'The owner of an order, win, claim or code, or a user, by its id',
        querystring: WordQuery
      }
    },
    async (request) => ({ items: await fromStore(searchWord(pool, request.query.q)), nextCursor: null })
  )

  app.get<{ Params: { campaign: string; pool: string } }>(
    '/admin/v1/campaigns/:campaign/pools/:pool',
    {
      preHandler: requireRole('viewer', 'pools:load'),
      schema: {
        ...schema,
        summary: 'How many codes are loaded, given and left; the codes are never shown',
        params: PoolParams
      }
    },
    async (request) => {
      const { params } = request
      await asProblem(campaigns.requirePool(params))
      const { loaded, given } = await fromStore(countCodes(pool, params))
      const batches = await fromStore(poolLoads(pool, params))
      return { ...params, loaded, given, left: loaded - given, batches }
    }
  )
}

/** The list of wins: what is to be handed over, and what was won. */
function winSearch(app: FastifyInstance, { pool, bodies, catalogue }: SearchOptions): void {
  /** `<campaign>/<activity>/<prize>` of all prizes of a supplier. */
  function prizesOfSupplier(supplier: string | undefined): string[] | undefined {
    if (supplier === undefined) return undefined
    const activities = catalogue
      .list()
      .flatMap(({ id, rules }) => rules.activities.map((activity) => ({ id, activity })))
    return activities.flatMap(({ id, activity }) =>
      prizesOf(activity)
        .filter((prize) => prize.supplier === supplier)
        .map((prize) => `${id}/${activity.id}/${prize.id}`)
    )
  }

  app.get<{
    Querystring: Page & { user?: string; status?: string; type?: string; fulfilment?: string; supplier?: string }
  }>(
    '/admin/v1/wins',
    {
      preHandler: requireRole('viewer', 'wins:read'),
      schema: { ...schema, summary: 'Wins, newest first', tags: ['wins'], querystring: WinQuery }
    },
    async (request) => {
      const { user, status, type, fulfilment, supplier } = request.query
      const page = pageOf(request.query)
      const search = { user: userOfQuery(user), status, type, fulfilment, prizes: prizesOfSupplier(supplier) }
      const rows = await fromStore(searchWins(pool, search, { ...page, limit: page.limit + 1 }))
      const found = rows.map((row) => ({ win: decodeWin(row.id, row.record), user: row.user, journaled: true }))
      const shown = firstOf(found, page.limit, ({ win }) => ({ at: win.wonAt, id: win.id }))
      const language = pickLanguage(request.headers['accept-language'])
      const context = { language, findPrize: bodies.findPrize }
      const handedOver = await fromStore(
        fulfilmentsOf(
          pool,
          shown.items.map(({ win }) => win.id)
        )
      )
      return pageView(shown, (item) => ({
        ...liveWinView(item, context),
        ...fulfilmentView(item.win, handedOver.get(item.win.id)),
        user: issuedUser(item.user)
      }))
    }
  )
}
