import type { OpenedPlace } from '../shard/opened.ts'
import type { Position } from '../shard/shards.ts'
import type { SpinRows } from './drawn-spins.ts'
import type { Removal } from './removals.ts'

/** A decision as a row, in the order of `decisionColumns`. */
export interface DecisionRow {
  readonly epoch: number
  readonly sequence: number
  readonly batch: number
  readonly type: string
  readonly user: string
  readonly key: string
  readonly hash: string
  readonly campaign: string
  readonly activity: string
  readonly session: string
  /** `<epoch>-<sequence>` of the order or win that it is about, '' for other decisions */
  readonly entity: string
  /** UTC */
  readonly at: string
  /** JSON text, as the client sent it */
  readonly request: string
  /** JSON text by scope: what sums, and what replaces the value before it */
  readonly adds: string
  readonly puts: string
  /** the order or win right after this decision, '' for other decisions */
  readonly record: string
  readonly report: string
  /** JSON text by logical key; null where it removed nothing */
  readonly dels: string | null
}

export interface OrderRow {
  readonly order_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly session_id: string
  readonly user_id: string
  readonly quantity: number
  readonly unit_price: number
  readonly currency: string
  readonly status: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly accepted_at: string
  readonly pay_by: string | null
  readonly ship_by: string | null
  readonly position: number
  readonly returned: number
  readonly updated_at: string
  readonly record: string
}

export interface StockDelta {
  readonly campaign_id: string
  readonly activity_id: string
  readonly session_id: string
  total: number
  remaining: number
  held: number
  paid: number
}

export interface WinRow {
  readonly win_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly user_id: string
  readonly prize_id: string
  readonly sub_prize: string
  readonly tier: number
  readonly type: string
  readonly status: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly won_at: string
  readonly claim_by: string | null
  readonly updated_at: string
  readonly record: string
}

/** How far a win is handed over. */
export interface FulfilmentRow {
  readonly win_id: string
  readonly state: string
  readonly nth: number
  /** null is what was not told */
  readonly told: Readonly<Record<'carrier' | 'trackingNumber' | 'reason', unknown>>
  /** UTC */
  readonly at: string
}

export interface ClaimRow {
  readonly claim_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly user_id: string
  readonly quantity: number
  readonly unit: string
  readonly cost: number
  readonly pool: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly accepted_at: string
}

export interface ReservationRow {
  readonly reservation_id: string
  readonly campaign_id: string
  readonly activity_id: string
  /** '' where all sessions are reserved */
  readonly session_id: string
  readonly first_session: string
  readonly user_id: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly made_at: string
}

export interface ShareRow {
  readonly share_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly user_id: string
  readonly channel: string
  readonly subject_type: string
  readonly subject_id: string
  readonly key: string
  readonly hash: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly created_at: string
}

export interface AssistRow {
  readonly assist_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly share_id: string
  readonly sharer_id: string
  readonly user_id: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly given_at: string
}

export interface AnswerRow {
  readonly answer_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly user_id: string
  /** of the request, under which the answers are kept */
  readonly key: string
  readonly hash: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly answered_at: string
}

export interface CommentRow {
  readonly comment_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly user_id: string
  /** of the request, under which its text is kept */
  readonly key: string
  readonly hash: string
  readonly subject_type: string
  readonly subject_id: string
  /** '' for none */
  readonly reply_to: string
  readonly status: string
  readonly epoch: number
  readonly sequence: number
  /** UTC */
  readonly posted_at: string
}

export interface LikesRow {
  readonly campaign_id: string
  readonly activity_id: string
  readonly subject_type: string
  readonly subject_id: string
  likes: number
}

/** What happened in discussions. */
interface Discussed {
  readonly comments: readonly CommentRow[]
  readonly likes: readonly LikesRow[]
  readonly moderated: readonly ModeratedRow[]
}

export interface ModeratedRow extends Pick<CommentRow, 'epoch' | 'sequence'> {
  readonly comment_id: string
  readonly status: string
}

export interface LedgerRow {
  readonly epoch: number
  readonly sequence: number
  readonly user_id: string
  readonly scope: string
  readonly unit: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly delta: number
  readonly type: string
  /** UTC */
  readonly at: string
}

export interface BalanceDelta {
  readonly user_id: string
  readonly scope: string
  readonly unit: string
  delta: number
}

/** What a decision of one of the two shards says about a loan. */
export interface LoanRow {
  readonly loan_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly session_id: string
  /** logical key of the stock hash, and its field */
  readonly key: string
  readonly field: string
  readonly from_shard: number
  readonly to_shard: number
  readonly asked: number
  readonly lent: number
  /** `<shard>-<epoch>-<sequence>`; null where it is the other one */
  readonly lent_by: string | null
  readonly received_by: string | null
}

export interface FrameRow {
  readonly epoch: number
  readonly batch: number
  readonly stream_epoch: number
  readonly stream_sequence: number
  readonly decided_at: number
  readonly decisions: number
  /** of its decisions, which follow one another */
  readonly first_sequence: number
}

export interface DeadLetter {
  readonly stream: string
  readonly sequence: number
  readonly reason: string
  /** base64 */
  readonly payload: string
}

export interface Projection {
  readonly decisions: readonly DecisionRow[]
  readonly newOrders: readonly OrderRow[]
  /** orders of earlier frames that these frames change */
  readonly changedOrders: readonly OrderRow[]
  readonly newWins: readonly WinRow[]
  readonly changedWins: readonly WinRow[]
  readonly fulfilments: readonly FulfilmentRow[]
  readonly claims: readonly ClaimRow[]
  readonly shares: readonly ShareRow[]
  readonly assists: readonly AssistRow[]
  readonly reservations: readonly ReservationRow[]
  readonly answers: readonly AnswerRow[]
  readonly discussed: Discussed
  readonly spins: SpinRows
  readonly ledger: readonly LedgerRow[]
  readonly balances: readonly BalanceDelta[]
  readonly stock: readonly StockDelta[]
  readonly opened: readonly OpenedPlace[]
  readonly removals: readonly Removal[]
  readonly loans: readonly LoanRow[]
  /** the highest number of an intent that one of the decisions carries out; 0 where none does */
  readonly lastIntent: number
}

export interface ProjectedFrames {
  readonly shard: number
  readonly ownerTerm: number
  readonly frames: readonly FrameRow[]
  readonly deadLetters: readonly DeadLetter[]
  /** position after the last of them */
  readonly position: Position
  /** folds the frames that Postgres did not have yet, named by `<epoch>-<batch>` */
  readonly fold: (fresh: ReadonlySet<string>) => Projection
}
