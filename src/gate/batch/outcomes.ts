import type { OrderRecord } from '../../record/order.ts'
import type { WinRecord } from '../../record/win.ts'

/** A decision as the gate's reply describes it. */
export interface Decision {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  readonly sequence: number
  /** entity.verb, such as order.accepted */
  readonly type: string
  readonly at: number
  /** the order as it was right after this decision; absent for adjustments */
  readonly order?: OrderRecord
  /** the win as it was right after this decision; absent when it is about none */
  readonly win?: WinRecord
  /** the effects of the decision, as `decodeReport` of record/decisions.ts reads them */
  readonly report: string
  /** adjustments: the delta that each add applied, in the order of the command's `adds` */
  readonly applied?: readonly number[]
}

/** Codes of the gate's refusals; docs/problems.md lists their members. */
export type RefusalCode =
  | 'NOT_FOUND'
  | 'NOT_STARTED'
  | 'SESSION_CLOSED'
  | 'PAUSED'
  | 'ENDED'
  | 'SOLD_OUT'
  | 'LIMIT_REACHED'
  | 'NOT_ELIGIBLE'
  | 'DISQUALIFIED'
  | 'RATE_LIMITED'
  | 'KEY_REUSED'
  | 'INSUFFICIENT_BALANCE'
  | 'ALREADY_DONE'
  | 'ALREADY_BOUND'
  | 'SELF_NOT_ALLOWED'
  | 'PREREQUISITE'
  | 'UNVERIFIED'
  | 'VOIDED'
  | 'CLAIM_EXPIRED'
  | 'NOT_PAYABLE'
  | 'NOT_CANCELLABLE'
  | 'CONFLICT'

/** Nothing was done. */
export interface Unavailable {
  readonly kind: 'unavailable'
  readonly reason: string
  readonly retryAfterMs: number
  /** because more is asked for than can be done: many are refused, and must not return all at once */
  readonly isBusy?: true
}

export type Outcome =
  /** journaled: it will not be lost */
  | { readonly kind: 'confirmed'; readonly decision: Decision; readonly replayed: boolean }
  /** decided, but not journaled in time: it may still be lost; or decided in part, and the decision that ends it is due */
  | { readonly kind: 'pending'; readonly decision: Decision }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly members: Record<string, unknown> }
  | Unavailable
  /** the answer was lost: a retry under the same key returns what happened */
  | { readonly kind: 'unknown'; readonly reason: string }

/** Health of one part as /readyz shows it. */
export type Health = 'ok' | 'degraded' | 'closed'
