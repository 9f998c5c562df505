import { type AdjustmentReport, decodeAdjustment } from './reports/adjustment.ts'
import { type CompletionReport, decodeCompletion } from './reports/completion.ts'
import { decodeRedemption, type RedemptionReport } from './reports/redemption.ts'
import { decodeRefund, type RefundReport } from './reports/refund.ts'
import { decodeSpin, type SpinReport } from './reports/spin.ts'
import { decodeWinChange, type WinChangeReport } from './reports/win-change.ts'

/** What a decision says about itself beyond its type and its record. */
export type Report =
  | SpinReport
  | CompletionReport
  | RedemptionReport
  | WinChangeReport
  | RefundReport
  | AdjustmentReport

/** What keeps a record of its own with its user, under the id of the decision that made it. */
export type EntityKind = 'order' | 'win'

interface DecisionKind {
  /** what the decision makes or moves; null where it is about neither */
  readonly entity: EntityKind | null
  /** whether it makes that, so that its own id is the entity's */
  readonly makes?: true
  /** whether it moves stock and counters only: it gives nothing, and moves no balance */
  readonly onlyTakes?: true
  /** reads its report; undefined where a decision of the type says nothing */
  readonly report: (text: string) => Report | undefined
}

const nothing = () => undefined

/** Every type of decision (entity.verb): what it is about, and how its report reads. A new kind of activity adds its types here. */
export const decisions = {
  'order.accepted': { entity: 'order', makes: true, onlyTakes: true, report: nothing },
  'order.paid': { entity: 'order', report: nothing },
  'order.cancelled': { entity: 'order', report: decodeRefund },
  'order.expired': { entity: 'order', report: nothing },
  'order.shipped': { entity: 'order', report: nothing },
  'order.returned': { entity: 'order', report: decodeRefund },
  'order.refund-due': { entity: 'order', report: decodeRefund },
  'spin.won': { entity: 'win', makes: true, report: decodeSpin },
  'spin.lost': { entity: null, report: decodeSpin },
  'win.claimed': { entity: 'win', report: decodeWinChange },
  'win.revoked': { entity: 'win', report: decodeWinChange },
  'claim.accepted': { entity: null, report: decodeRedemption },
  'task.completed': { entity: null, report: decodeCompletion },
  'balance.credited': { entity: null, report: decodeAdjustment },
  'balance.debited': { entity: null, report: decodeAdjustment },
  'user.disqualified': { entity: null, report: decodeAdjustment },
  'user.requalified': { entity: null, report: decodeAdjustment },
  'campaign.published': { entity: null, report: decodeAdjustment },
  'campaign.paused': { entity: null, report: decodeAdjustment },
  'campaign.resumed': { entity: null, report: decodeAdjustment },
  'campaign.adjusted': { entity: null, report: decodeAdjustment },
  'campaign.ended': { entity: null, report: decodeAdjustment },
  'campaign.settled': { entity: null, report: decodeAdjustment }
} as const satisfies Readonly<Record<string, DecisionKind>>

export type DecisionType = keyof typeof decisions

const kinds: Readonly<Record<string, DecisionKind>> = decisions

/** Whether this version decides so; a journal may hold types of another version. */
export function isDecisionType(type: string): type is DecisionType {
  return Object.hasOwn(kinds, type)
}

/** What a decision of a type makes or moves; null where it is about neither an order nor a win. */
export function entityKindOf(type: string): EntityKind | null {
  return kinds[type]?.entity ?? null
}

/** Whether a decision of a type makes an order or a win, which has the decision's own id. */
export function makesEntity(type: string): boolean {
  return kinds[type]?.makes === true
}

/** Whether a decision of a type gives nothing and moves no balance, so that nobody need look for that. */
export function onlyTakes(type: string): boolean {
  return kinds[type]?.onlyTakes === true
}

/** Reads a decision's report by its type; undefined where it says nothing. */
export function decodeReport(type: string, text: string): Report | undefined {
  return kinds[type]?.report(text)
}
