import { decodeAdjustment } from './adjustment.ts'
import { decodeCompletion } from './completion.ts'
import { decodeRedemption } from './redemption.ts'
import { decodeRefund } from './refund.ts'
import { decodeSpin } from './spin.ts'
import { decodeWinChange } from './win-change.ts'

/** The decoder of each kind of report; it answers undefined where a decision has nothing to say. A new kind has its row here. */
export const decoders = {
  spin: decodeSpin,
  completion: decodeCompletion,
  redemption: decodeRedemption,
  'win-change': decodeWinChange,
  refund: decodeRefund,
  adjustment: decodeAdjustment
} satisfies Readonly<Record<string, (text: string) => { readonly kind: string } | undefined>>

export type ReportKind = keyof typeof decoders

/** What a decision says about itself beyond its type and its record. */
export type Report = Exclude<ReturnType<(typeof decoders)[ReportKind]>, undefined>
