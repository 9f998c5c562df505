import type { TSchema } from 'typebox'
import { Standing } from '../account/schemas.ts'
import { CampaignPage, CampaignPages, LiveChange, RulesPage } from '../campaigns/schemas.ts'
import { CommentList } from '../discussions/comments-route.ts'
import { MyInvites } from '../invites/my-invites-route.ts'
import { ConfirmedAny } from '../kinds/confirmed.ts'
import { namedActions } from '../kinds/index.ts'
import { MyShares } from '../shares/my-shares-route.ts'
import { ConfirmedWin, LedgerList, Win, WinList, WinnerList } from '../views/schemas.ts'
import { BuyBody, Pending, ProblemDocument } from '../wire/schemas.ts'

const decided = namedActions.map((action) => action.decided)

/** Documents below /schemas/, by file name. */
export const publishedSchemas: Readonly<Record<string, TSchema>> = {
  'campaign.json': CampaignPage,
  'campaign-list.json': CampaignPages,
  'rules.json': RulesPage,
  'live-change.json': LiveChange,
  'standing.json': Standing,
  'my-invites.json': MyInvites,
  'my-shares.json': MyShares,
  ...Object.assign({}, ...decided.map(({ documents }) => documents)),
  'win.json': Win,
  'win-list.json': WinList,
  'winner-list.json': WinnerList,
  'ledger.json': LedgerList,
  'comment-list.json': CommentList,
  ...Object.fromEntries(decided.map(({ confirmed }) => [confirmed.file, confirmed.schema])),
  'confirmed-win.json': ConfirmedWin,
  'confirmed-any.json': ConfirmedAny,
  'pending.json': Pending,
  'problem.json': ProblemDocument,
  'buy.json': BuyBody
}
