import { CampaignPage, CampaignPages, LiveChange, RulesPage, Standing } from '../views/page-schemas.ts'
import {
  Claim,
  ClaimList,
  Completion,
  ConfirmedAny,
  ConfirmedClaim,
  ConfirmedCompletion,
  ConfirmedSpin,
  ConfirmedWin,
  LedgerList,
  Spin,
  Win,
  WinList,
  WinnerList
} from '../views/schemas.ts'
import { BuyBody, Confirmed, Order, OrderList, Pending, ProblemDocument } from '../wire/schemas.ts'

/** Documents below /schemas/, by file name. */
export const publishedSchemas = {
  'campaign.json': CampaignPage,
  'campaign-list.json': CampaignPages,
  'rules.json': RulesPage,
  'live-change.json': LiveChange,
  'standing.json': Standing,
  'order.json': Order,
  'order-list.json': OrderList,
  'spin.json': Spin,
  'claim.json': Claim,
  'claim-list.json': ClaimList,
  'completion.json': Completion,
  'win.json': Win,
  'win-list.json': WinList,
  'winner-list.json': WinnerList,
  'ledger.json': LedgerList,
  'confirmed.json': Confirmed,
  'confirmed-spin.json': ConfirmedSpin,
  'confirmed-claim.json': ConfirmedClaim,
  'confirmed-completion.json': ConfirmedCompletion,
  'confirmed-win.json': ConfirmedWin,
  'confirmed-any.json': ConfirmedAny,
  'pending.json': Pending,
  'problem.json': ProblemDocument,
  'buy.json': BuyBody
} as const
