import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { isoTime } from '../../base/iso-time.ts'
import { codesOfAll } from '../../store/campaigns/codes.ts'
import type { StoredClaim } from '../../store/reading/claims.ts'
import type { LedgerPlace, LedgerEntry as StoredEntry } from '../../store/reading/ledger.ts'
import type { CatalogueSource } from '../answering/find-activity.ts'
import type { Turns } from '../answering/turns.ts'
import { identityOf, type OnRequest } from '../auth/storefront.ts'
import { type Claim, ClaimList, codesView, instructionsView } from '../kinds/redemption.ts'
import { pickLanguage } from '../problems/language.ts'
import { type LedgerEntry, LedgerList } from '../views/schemas.ts'
import { decodeCursor, encodeCursor, type PageRequest, pageOf, pageView } from '../wire/pages.ts'
import { ListQuery, refusals } from '../wire/schemas.ts'
import type { Live, MovementFinder } from './find-movements.ts'

interface AccountOptions {
  readonly pool: pg.Pool
  readonly accounts: MovementFinder
  readonly catalogue: Pick<CatalogueSource, 'findActivity'>
  readonly authenticate: OnRequest
  readonly turns: Turns
}

const security = [{ storefront: [] }]

/** @param told how to use it */
function claimView(
  claim: Live<StoredClaim>,
  codes: readonly string[] | undefined,
  told: ReturnType<typeof instructionsView>
): Claim {
  return {
    id: claim.id,
    campaign: claim.campaign,
    item: claim.activity,
    quantity: claim.quantity,
    cost: { [claim.unit]: claim.cost },
    acceptedAt: isoTime(claim.acceptedAt.getTime()),
    ...told,
    ...codesView(codes),
    ...(!claim.journaled && { pending: true })
  }
}

function entryView({
  id,
  type,
  campaign,
  activity,
  unit,
  scope,
  delta,
  at,
  journaled
}: Live<StoredEntry>): LedgerEntry {
  return {
    eventId: id,
    type,
    campaign: campaign === '' ? null : campaign,
    activity: activity === '' ? null : activity,
    unit,
    scope: scope === '' ? 'account' : 'campaign',
    delta,
    at: isoTime(at.getTime()),
    ...(!journaled && { pending: true })
  }
}

/** A cursor of the ledger names an entry, because one decision may have several. */
function ledgerPageOf(query: Parameters<typeof pageOf>[0]): PageRequest<LedgerPlace> {
  const { before: _before, ...page } = pageOf(query)
  if (query.cursor === undefined) return page
  const { at, id, rest } = decodeCursor(query.cursor)
  const [scope = '', unit = ''] = rest
  return { ...page, before: { at, id, scope, unit } }
}

/** Routes of the signed-in user's claims and ledger entries. */
export const accountRoutes: FastifyPluginAsyncTypebox<AccountOptions> = async (
  app,
  { pool, accounts, catalogue, authenticate, turns }
) => {
  async function claimsAndCodes(user: string, wanted: PageRequest) {
    const page = await accounts.claims(user, wanted)
    // a claim that is not journaled can still vanish, so it shows no code even if it has one
    const coded = page.items.filter(({ pool: name, journaled }) => name !== '' && journaled)
    const ids = coded.map(({ id }) => id)
    return { page, codes: await fromStore(codesOfAll(pool, ids)) }
  }

  app.get(
    '/v1/me/claims',
    {
      onRequest: authenticate,
      schema: {
        summary: 'What I redeemed, newest first, with its codes',
        tags: ['redemptions'],
        security,
        querystring: ListQuery,
        response: { 200: ClaimList, ...refusals }
      }
    },
    async (request, reply) => {
      const { user } = identityOf(request)
      const { page, codes } = await turns.take(reply, user, () => claimsAndCodes(user, pageOf(request.query)))
      reply.header('cache-control', 'no-store')
      const language = pickLanguage(request.headers['accept-language'])
      return reply.send(
        pageView({ items: page.items, next: page.next }, (claim) => {
          const item = catalogue.findActivity(claim.campaign, claim.activity)?.activity
          return claimView(claim, codes.get(claim.id), instructionsView(item, language))
        })
      )
    }
  )

  app.get(
    '/v1/me/ledger',
    {
      onRequest: authenticate,
      schema: {
        summary: 'Movements of my balances, newest first',
        tags: ['points'],
        security,
        querystring: ListQuery,
        response: { 200: LedgerList, ...refusals }
      }
    },
    async (request, reply) => {
      const { user } = identityOf(request)
      const wanted = ledgerPageOf(request.query)
      const { items, next } = await turns.take(reply, user, () => accounts.ledger(user, wanted))
      return reply.header('cache-control', 'no-store').send({
        items: items.map(entryView),
        nextCursor: next === undefined ? null : encodeCursor(next, [next.scope, next.unit])
      })
    }
  )
}
