import { type AdjustmentReport, decodeAdjustment } from './adjustment.ts'
import { type CompletionReport, decodeCompletion } from './completion.ts'
import { decodeRedemption, type RedemptionReport } from './redemption.ts'
import { decodeRefund, type RefundReport } from './refund.ts'
import { decodeSpin, type SpinReport } from './spin.ts'
import { decodeWinChange, type WinChangeReport } from './win-change.ts'

/** What a decision says about itself beyond its type and its record. */
export type Report =
  | SpinReport
  | CompletionReport
  | RedemptionReport
  | WinChangeReport
  | RefundReport
  | AdjustmentReport

export type ReportKind = Report['kind']

/** The decoder of each kind of report; undefined where a decision has nothing to say. */
export const decoders = {
  spin: decodeSpin,
  completion: decodeCompletion,
  redemption: decodeRedemption,
  'win-change': decodeWinChange,
  refund: decodeRefund,
  adjustment: decodeAdjustment
} satisfies Readonly<Record<ReportKind, (text: string) => Report | undefined>>
