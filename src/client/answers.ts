// What a user did, as the answer to it shows it. `pending: true` in a list: the last change is not promised yet.
import type { Numbers } from './activities.ts'
import type { CreatedShare, PrizeName, Progress, Subject } from './people.ts'

/** Balances that a decision changed, as they were right after it: units, and chances by draw. */
interface Balances {
  chances?: { [draw: string]: { daily?: number; extra?: number } }
  [unit: string]: unknown
}

/** What was credited, in the form of a reward. */
interface Credited {
  chances?: Numbers
  entitlement?: string
  doubler?: { factor: number; until?: string }
  [unit: string]: unknown
}

export interface Order {
  id: string
  campaign: string
  sale: string
  session: string
  quantity: number
  /** minor units */
  unitPrice: number
  currency: string
  status: 'accepted' | 'paid' | 'cancelled' | 'expired' | 'shipped' | 'returned'
  acceptedAt: string
  payBy: string | null
  shipBy: string | null
  /** which unit of the session the first unit is, from 1 */
  position: number
  returned?: number
  refundDue?: number
  shipment?: { state: string | null; carrier: string | null; trackingNumber: string | null }
  pending?: boolean
}

interface WinState {
  id: string
  /** won: waits to be claimed; given: was credited at once */
  status: 'won' | 'given' | 'claimed' | 'revoked'
  claimBy: string | null
  /** what claiming it asks for */
  claimRequires: string[]
}

export interface Win extends WinState {
  campaign: string
  draw: string
  prize: PrizeName
  given: Credited
  wonAt: string
  instructions?: string
  code?: string
  /** how far it is handed over; absent while nothing is told of it */
  fulfilment?: {
    state: 'approved' | 'shipped' | 'ready-for-pickup' | 'credited' | 'delivered' | 'failed' | 'reissued'
    at: string
    carrier: string | null
    trackingNumber: string | null
  }
  /** to show where it is picked up, while it lies ready */
  pickupCode?: string
  pending?: boolean
}

/** What became of a prize that the reward of an act held; absent where it held none. */
interface PrizeGiven {
  prize?: PrizeName | null
  win?: WinState | null
  reason?: 'exhausted'
}

interface Spin {
  id: string
  campaign: string
  draw: string
  prize: PrizeName | null
  /** null where nothing of worth was won */
  win: WinState | null
  cost: Numbers
  credited: Credited
  balances: Balances
  /** by which the prize was picked */
  number: string
  why?: string
  spunAt: string
}

interface Completion extends PrizeGiven {
  id: string
  campaign: string
  task: string
  period: string | null
  credited: Credited
  cappedBy?: string
  doubled?: number
  streak?: { length: number; bonus: boolean }
  balances: Balances
  completedAt: string
}

export interface Claim {
  id: string
  campaign: string
  item: string
  quantity: number
  cost: Numbers
  balances?: Balances
  acceptedAt: string
  instructions?: string
  code?: string
  codes?: string[]
  pending?: boolean
}

interface Reservation {
  id: string
  reservation: string
  session: string | null
  remindAt: string
}

interface Invitation {
  code: string
  url: string | null
}

interface Acceptance {
  id: string
  inviter: string
  status: 'pending'
}

interface GivenAssist extends Progress, PrizeGiven {
  id: string
  share: string
  credited: Credited
  balances: Balances
  givenAt: string
}

interface Answer extends PrizeGiven {
  id: string
  campaign: string
  survey: string
  credited: Credited
  cappedBy?: string
  balances: Balances
  answeredAt: string
}

interface PostedComment extends PrizeGiven {
  id: string
  campaign: string
  discussion: string
  subject: Subject
  /** waiting: everybody sees it only after moderation */
  status: 'shown' | 'waiting' | 'hidden'
  replyTo: string | null
  credited: Credited
  cappedBy?: string
  balances: Balances
  postedAt: string
}

interface Like {
  id: string
  campaign: string
  discussion: string
  subject: Subject
  count: number
  likedAt: string
}

/** The first members of everything that is confirmed. */
export interface Head {
  outcome: 'confirmed'
  /** the key */
  requestId: string
  sequence: number
  eventId: string
}

/** What each act shows under its name when it is confirmed. */
export interface Shown {
  buy: { order: Order; refundDue?: { amount: number; currency: string; reference: string | null } }
  spin: { spin: Spin }
  complete: { completion: Completion }
  claim: { claim: Claim }
  reserve: { reservation: Reservation }
  invite: { invite: Invitation }
  accept: { acceptance: Acceptance }
  share: { share: CreatedShare }
  assist: { assist: GivenAssist }
  answer: { answer: Answer }
  comment: { comment: PostedComment }
  like: { like: Like }
  cancel: Shown['buy']
  claimWin: { win: Win; revocation?: { takenBack: Credited; shortfall: Numbers } }
}

type Together<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never

/** What any request of a user shows: of `Shown` the members of one act. */
export type ShownByAny = Partial<Together<Shown[keyof Shown]>>
