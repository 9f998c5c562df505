import type { FrameDecision } from '../../journal/frame.ts'
import { type DecisionType, decisions, reportKindOf } from '../../record/decisions.ts'
import type { ReportKind } from '../../record/reports/index.ts'
import * as all from './all.ts'
import { awardData } from './award.ts'
import { creditData, debitData, expiryData } from './balance.ts'
import type { Data, Decided } from './decided.ts'
import { commentOf, visibilityData, visibilityVersion } from './discussion.ts'
import { codeData } from './invite.ts'
import { levelData } from './level.ts'
import { cancelledVersion, orderData } from './order.ts'
import { ofVerified, ofVoided } from './share.ts'
import { drawnData } from './spin.ts'
import { fulfilledVersion } from './win.ts'

/** How a type of decision is told outside. */
export interface EventKind {
  /** what it says beside user, campaign, activity, request and numbers; codes and addresses are never in a frame */
  readonly data: (decided: Decided) => Data
  /** whom it is about where it is about no order or win: itself, its user, its campaign, or what it names */
  /** whom it is about where it is about no order or win: itself, its user or its campaign */
  readonly subject: 'decision' | 'user' | 'campaign' | ((decided: Decided) => string)
  /** how many decisions its order or win has seen with it, where the record does not count them */
  readonly version: (decision: FrameDecision) => number
}

const nothing = () => ({})
const first = () => 1
const second = () => 2
const third = () => 3
/** of what nothing follows, where what came before is not counted */
const LAST_VERSION = 1_000_000
const fourth = () => 4
const ofUser = { data: nothing, subject: 'user', version: first } as const
const ofCampaign = { data: nothing, subject: 'campaign', version: first } as const
/** decisions about an order or win, which is their subject */
const ofOrder = { data: orderData, subject: 'campaign' } as const
const ofComment = { data: visibilityData, subject: commentOf, version: visibilityVersion } as const
const ofWin = { data: all.winChange, subject: 'campaign' } as const

/** The types of decisions that are not told by their report alone. */
const others: Readonly<Partial<Record<DecisionType, EventKind>>> = {
  'order.accepted': { ...ofOrder, version: first },
  'order.paid': { ...ofOrder, version: second },
  'order.cancelled': { ...ofOrder, version: cancelledVersion },
  'order.expired': { ...ofOrder, version: second },
  'order.shipped': { ...ofOrder, version: third },
  'order.returned': { ...ofOrder, version: fourth },
  'order.refund-due': { ...ofOrder, data: all.refund, version: first },
  'spin.drawn': { data: drawnData, subject: 'decision', version: first },
  'board.awarded': { data: awardData, subject: 'decision', version: first },
  'win.claimed': { ...ofWin, version: second },
  'win.fulfilled': { ...ofWin, data: all.fulfilment, version: fulfilledVersion },
  'win.revoked': { ...ofWin, version: () => LAST_VERSION },
  'share.verified': { ...ofVerified, version: second },
  'share.voided': { ...ofVoided, version: third },
  'assist.voided': { ...ofVoided, version: second },
  'comment.hidden': ofComment,
  'comment.restored': ofComment,
  'balance.credited': { ...ofUser, data: creditData },
  'balance.debited': { ...ofUser, data: debitData },
  'balance.expired': { ...ofUser, data: expiryData },
  'invite.created': { data: codeData, subject: 'decision', version: first },
  'level.changed': { ...ofUser, data: levelData },
  'user.disqualified': ofUser,
  'user.requalified': ofUser,
  'campaign.published': ofCampaign,
  'campaign.paused': ofCampaign,
  'campaign.resumed': ofCampaign,
  'campaign.adjusted': { ...ofCampaign, data: all.adjustment },
  'campaign.ended': ofCampaign,
  'campaign.settled': ofCampaign,
  'campaign.archived': ofCampaign
}

const ofReport: Readonly<Record<ReportKind, (decided: Decided) => Data>> = { ...all }

function byReport(type: DecisionType): EventKind {
  const report = reportKindOf(type)
  return { data: report === null ? nothing : ofReport[report], subject: 'decision', version: first }
}

const decisionTypes = Object.keys(decisions) as DecisionType[]

/** How each type of decision is told: by its report, unless `others` says otherwise. Its words are on docs/reference/events.md. */
export const events = Object.fromEntries(
  decisionTypes.map((type) => [type, others[type] ?? byReport(type)])
) as Readonly<Record<DecisionType, EventKind>>
