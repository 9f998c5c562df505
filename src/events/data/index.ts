import type { FrameDecision } from '../../journal/frame.ts'
import type { DecisionType } from '../../record/decisions.ts'
import { adjustmentData } from './adjustment.ts'
import { creditData, debitData } from './balance.ts'
import { completionData } from './completion.ts'
import type { Data, Decided } from './decided.ts'
import { cancelledVersion, orderData, refundDueData } from './order.ts'
import { redemptionData } from './redemption.ts'
import { spinData } from './spin.ts'
import { winChangeData } from './win.ts'

/** How a type of decision is told outside. */
export interface EventKind {
  /** what it says beside user, campaign, activity, request and numbers; codes and addresses are never in a frame */
  readonly data: (decided: Decided) => Data
  /** whom it is about where it is about no order or win: itself, its user or its campaign */
  readonly subject: 'decision' | 'user' | 'campaign'
  /** how many decisions its order or win has seen with it, where the record does not count them */
  readonly version: (decision: FrameDecision) => number
}

const nothing = () => ({})
const first = () => 1
const second = () => 2
const third = () => 3
const fourth = () => 4
const ofUser = { data: nothing, subject: 'user', version: first } as const
const ofCampaign = { data: nothing, subject: 'campaign', version: first } as const
/** decisions about an order or win, which is their subject */
const ofOrder = { data: orderData, subject: 'campaign' } as const
const ofWin = { data: winChangeData, subject: 'campaign' } as const
const ofSpin = { data: spinData, subject: 'decision', version: first } as const

/** How each type of decision is told. A new type of decision has its row here, and its words in docs/reference/events.md. */
export const events: Readonly<Record<DecisionType, EventKind>> = {
  'order.accepted': { ...ofOrder, version: first },
  'order.paid': { ...ofOrder, version: second },
  'order.cancelled': { ...ofOrder, version: cancelledVersion },
  'order.expired': { ...ofOrder, version: second },
  'order.shipped': { ...ofOrder, version: third },
  'order.returned': { ...ofOrder, version: fourth },
  'order.refund-due': { ...ofOrder, data: refundDueData, version: first },
  'spin.won': ofSpin,
  'spin.lost': ofSpin,
  'win.claimed': { ...ofWin, version: second },
  'win.revoked': { ...ofWin, version: third },
  'claim.accepted': { data: redemptionData, subject: 'decision', version: first },
  'task.completed': { data: completionData, subject: 'decision', version: first },
  'balance.credited': { ...ofUser, data: creditData },
  'balance.debited': { ...ofUser, data: debitData },
  'user.disqualified': ofUser,
  'user.requalified': ofUser,
  'campaign.published': ofCampaign,
  'campaign.paused': ofCampaign,
  'campaign.resumed': ofCampaign,
  'campaign.adjusted': { ...ofCampaign, data: adjustmentData },
  'campaign.ended': ofCampaign,
  'campaign.settled': ofCampaign
}
