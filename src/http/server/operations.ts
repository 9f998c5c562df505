import type { FastifySchema, RouteOptions } from 'fastify'
import { type TSchema, Type } from 'typebox'
import { kindOf } from '../../campaign/kinds/index.ts'
import { Standing } from '../account/schemas.ts'
import { needsOf } from '../auth/operator-needs.ts'
import { CampaignPage, CampaignPages, RulesPage } from '../campaigns/schemas.ts'
import { namedActions } from '../kinds/index.ts'
import { TICKET_HEADER } from '../tickets/require-ticket.ts'
import '../wire/request-types.ts'

/** What the OpenAPI document says about a route that the route itself does not need. */
export interface Operation {
  /** the name of its method in generated clients */
  readonly id: string
  /** for a route that sets none itself */
  readonly summary?: string
  /** schema of an answer that is sent as text, so that no serializer is compiled for it */
  readonly answer?: TSchema
  /** an example body */
  readonly example?: object
  /** whether it can ask for a ticket */
  readonly takesTicket?: boolean
}

const participations = Object.fromEntries(
  namedActions.map(({ kind, participation }): [string, Operation] => {
    const { url, operationId: id, example } = participation
    return [`POST ${url}`, { id, example, ...(kindOf({ kind }).takesTickets && { takesTicket: true }) }]
  })
)

/** Of the public port, by method and path. */
export const publicOperations: Readonly<Record<string, Operation>> = {
  'GET /healthz': { id: 'liveness' },
  'GET /readyz': { id: 'readiness' },
  'GET /v1/time': { id: 'serverTime' },
  'GET /v1/campaigns': { id: 'listCampaigns', answer: CampaignPages },
  'GET /v1/campaigns/:campaign': { id: 'getCampaign', answer: CampaignPage },
  'GET /v1/campaigns/:campaign/rules': { id: 'getRules', answer: RulesPage },
  'GET /v1/campaigns/:campaign/live': { id: 'watchCampaign' },
  'GET /v1/campaigns/:campaign/activities/hot': { id: 'hotActivities' },
  'GET /v1/campaigns/:campaign/winners': { id: 'listWinners' },
  'GET /v1/campaigns/:campaign/leaderboards/:board': { id: 'getLeaderboard' },
  'GET /v1/campaigns/:campaign/invites/:code/qr': { id: 'getInviteQr' },
  'GET /v1/campaigns/:campaign/me/invites': { id: 'listInvites' },
  'GET /v1/campaigns/:campaign/me/shares': { id: 'listMyShares' },
  'GET /v1/campaigns/:campaign/shares': { id: 'listShares' },
  'GET /v1/campaigns/:campaign/shares/:share': { id: 'getShare' },
  'GET /v1/campaigns/:campaign/me': { id: 'getStanding', answer: Standing },
  ...participations,
  'GET /v1/campaigns/:campaign/discussions/:discussion/comments': { id: 'listComments' },
  'POST /v1/campaigns/:campaign/tickets': { id: 'getTicket', example: { activity: 'phone' } },
  'GET /v1/me/orders': { id: 'listOrders' },
  'GET /v1/me/wins': { id: 'listWins' },
  'GET /v1/me/claims': { id: 'listClaims' },
  'GET /v1/me/ledger': { id: 'listLedger' },
  'GET /v1/orders/:order': { id: 'getOrder' },
  'POST /v1/orders/:order/cancellation': { id: 'cancelOrder', example: {} },
  'GET /v1/wins/:win': { id: 'getWin' },
  'POST /v1/wins/:win/claim': {
    id: 'claimWin',
    example: { address: { name: 'Ann', phone: '+86 10 1234 5678', city: 'Beijing', line1: '1 Chang An Avenue' } }
  },
  'GET /v1/requests/:key': { id: 'getRequest' }
}

const IdempotencyKey = Type.Object({
  'idempotency-key': Type.String({
    minLength: 8,
    maxLength: 128,
    pattern: '^[\\x21-\\x7e]+$',
    description: 'a new one for each intention; the same key again gives the same decision, never a second one'
  })
})

const WithTicket = Type.Object({
  ...IdempotencyKey.properties,
  [TICKET_HEADER]: Type.Optional(
    Type.String({ description: 'of this very request, where the activity requires a ticket: see getTicket' })
  )
})

const EVENT_STREAM = {
  200: {
    description:
      'Server-Sent Events: a `snapshot` with a Campaign (/schemas/campaign.json), then `change`s (/schemas/live-change.json)',
    content: { 'text/event-stream': { schema: Type.String() } }
  }
}

/** The body schema of a route that checks its body itself, to report all errors of a body at once; `config.takes` is a file if it is not JSON. */
function takenBy({ config }: RouteOptions): object {
  const takes = config?.takes
  if (takes === undefined) return {}
  const isFile = 'contentMediaType' in takes
  return { body: takes, ...(isFile && { consumes: ['text/csv', 'text/plain'] }) }
}

const isChange = (method: string): boolean => ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method)

function answersOf(schema: FastifySchema, { answer, id }: Operation): object {
  const given = (schema.response ?? {}) as object
  if (id === 'watchCampaign') return { ...EVENT_STREAM, ...given }
  return answer === undefined ? given : { ...given, 200: answer }
}

/**
 * Completes each route in the document: names, the key of changes, the shapes of pages, an example body.
 * @throws Error for a route that the table does not have, because it would have no name in the document
 */
export function completeOperations(operations: Readonly<Record<string, Operation>>) {
  return ({ schema, url, route }: { schema: FastifySchema; url: string; route: RouteOptions }) => {
    if (schema?.hide === true) return { schema, url }
    const method = [route.method].flat().find((name) => name !== 'HEAD') ?? 'GET'
    const operation = operations[`${method} ${url}`]
    if (operation === undefined) throw new Error(`The table of operations does not name ${method} ${url}.`)
    const body = operation.example && {
      body: { ...((schema?.body ?? { type: 'object' }) as object), examples: [operation.example] }
    }
    const headers = isChange(method) && { headers: operation.takesTicket ? WithTicket : IdempotencyKey }
    const needs = needsOf([route.preHandler].flat())
    const completed = {
      ...takenBy(route),
      ...schema,
      summary: (schema as { summary?: string })?.summary ?? operation.summary,
      operationId: operation.id,
      ...(needs && { security: [{ operator: [] }], 'x-requires': needs }),
      ...headers,
      ...body,
      response: answersOf(schema ?? {}, operation)
    }
    return { schema: completed as FastifySchema, url }
  }
}
