import { type Static, Type } from 'typebox'
import { isoTime } from '../../base/iso-time.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import type { Redemption } from '../../campaign/kinds/redemption/rules.ts'
import { decodeRedemption } from '../../record/reports/redemption.ts'
import { type Language, localise } from '../problems/language.ts'
import { balancesView, costView } from '../views/report.ts'
import { Balances, code, confirmedHead, pending } from '../views/schemas.ts'
import { fixedHash } from '../wire/idempotency.ts'
import { listOf, QUANTITY_MAX, Time } from '../wire/schemas.ts'
import type { Decided, HttpKind, Page, Participation } from './kind.ts'
import { participateCommand } from './parts/command.ts'
import { headOf } from './parts/decision.ts'
import { commonView, countedSessionsView, liveSessionView, rulesViewOf, sessionRemaining } from './parts/page.ts'
import { Amounts, common, left, limit, sessions, sessionsOfRules } from './parts/page-schemas.ts'

const ClaimBody = Type.Object(
  { quantity: Type.Integer({ minimum: 1, maximum: QUANTITY_MAX }) },
  { additionalProperties: false, title: 'Claim of an item' }
)

const participation: Participation<Redemption, typeof ClaimBody> = {
  url: '/v1/campaigns/:campaign/redemptions/:item/claims',
  param: 'item',
  tag: 'redemptions',
  operationId: 'claim',
  summary: 'Points for goods or a code',
  body: ClaimBody,
  example: { quantity: 1 },
  command(wish) {
    const { campaign, activity: item } = wish.found
    const { quantity } = wish.body
    return participateCommand(wish, {
      quantity,
      hash: fixedHash(`/v1/campaigns/${campaign.id}/redemptions/${item.id}/claims`, quantity),
      pool: item.pool,
      request: `{"quantity":${quantity}}`
    })
  }
}

const Claim = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    item: Type.String(),
    quantity: Type.Integer(),
    cost: Amounts,
    balances: Type.Optional(Balances),
    acceptedAt: Time,
    instructions: Type.Optional(Type.String({ description: 'how to use it; for its owner only' })),
    code,
    codes: Type.Optional(Type.Array(Type.String(), { description: 'the codes, where more than one unit was claimed' })),
    pending
  },
  { title: 'Claim' }
)
export type Claim = Static<typeof Claim>
export const ClaimList = listOf(Claim, 'ClaimList')

/** Codes as their owner sees them: `code` is the first; `codes` has all if there are several. */
export function codesView(codes: readonly string[] = []): { code?: string; codes?: string[] } {
  const [first] = codes
  if (first === undefined) return {}
  return codes.length === 1 ? { code: first } : { code: first, codes: [...codes] }
}

/** How to use what was claimed, as its owner is told. */
export function instructionsView(item: ActivityRules | undefined, language: Language): { instructions?: string } {
  return item?.instructions === undefined ? {} : { instructions: localise(item.instructions, language) }
}

const decided: Decided = {
  decides: 'claim',
  member: 'claim',
  schema: Claim,
  confirmed: {
    file: 'confirmed-claim.json',
    schema: Type.Object({ ...confirmedHead, claim: Claim }, { title: 'ConfirmedClaim' })
  },
  documents: { 'claim.json': Claim, 'claim-list.json': ClaimList },
  body(decision, context) {
    const { quantity, moves } = decodeRedemption(decision.report)
    const claim: Claim = {
      id: decision.id,
      campaign: context.campaign,
      item: context.activity,
      quantity,
      cost: costView(moves),
      balances: balancesView(moves),
      acceptedAt: isoTime(decision.at),
      ...instructionsView(context.rules, context.language),
      ...codesView(context.codes)
    }
    return { ...headOf(decision, context), claim }
  },
  codes(decision) {
    const { pool, quantity } = decodeRedemption(decision.report)
    return pool === '' ? undefined : { pool, quantity }
  }
}

const terms = {
  ...common('redemption'),
  cost: Amounts,
  unitsPerUser: limit('units of this item for one user')
}

const page: Page<Redemption> = {
  view: (item, context) => ({
    ...commonView(item, context),
    cost: { [item.cost.unit]: item.cost.amount },
    unitsPerUser: item.unitsPerUser || null,
    remaining: sessionRemaining(item, context),
    sessions: countedSessionsView(item, context)
  }),
  liveView: (item, context) => liveSessionView(item, context, { cost: { [item.cost.unit]: item.cost.amount } }),
  rulesView: (item, context) => rulesViewOf(page.view(item, context)),
  schemas: {
    view: Type.Object({ ...terms, remaining: left, ...sessions }, { title: 'Redemption' }),
    rules: Type.Object({ ...terms, ...sessionsOfRules }, { title: 'RedemptionTerms' }),
    live: {}
  }
}

export const redemption: HttpKind<Redemption> = {
  actions: [{ participation, decided }],
  page,
  standing: { most: ({ unitsPerUser }) => unitsPerUser, schema: {} }
}
