import type { OrderRecord } from '../../record/order.ts'
import type { WinRecord } from '../../record/win.ts'

/** What was decided, as the gate's reply tells it. */
export interface Decision {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  readonly sequence: number
  /** entity.verb, such as order.accepted */
  readonly type: string
  readonly at: number
  /** the order as it stood right after this decision; absent for adjustments */
  readonly order?: OrderRecord
  /** the win as it stood right after this decision; absent where it is about none */
  readonly win?: WinRecord
  /** what the decision says about itself, read by `decodeReport` of record/decisions.ts */
  readonly report: string
  /** adjustments: what each add really did, in the order of the command's `adds` */
  readonly applied?: readonly number[]
}

/** Codes by which the gate itself refuses; the members are those of docs/problems.md. */
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
  | 'PREREQUISITE'
  | 'UNVERIFIED'
  | 'VOIDED'
  | 'CLAIM_EXPIRED'
  | 'NOT_PAYABLE'
  | 'NOT_CANCELLABLE'
  | 'CONFLICT'

export type Outcome =
  /** journaled: the promise stands */
  | { readonly kind: 'confirmed'; readonly decision: Decision; readonly replayed: boolean }
  /** decided, not journaled in time: no promise yet */
  | { readonly kind: 'pending'; readonly decision: Decision }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly members: Record<string, unknown> }
  /** nothing was done */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs: number }
  /** the answer was lost: the same key tells the truth later */
  | { readonly kind: 'unknown'; readonly reason: string }

/** Health of one part as /readyz tells it. */
export type Health = 'ok' | 'degraded' | 'closed'
