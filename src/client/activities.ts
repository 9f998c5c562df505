// Activities as everybody may read them. Texts are in the language that was asked for, money is in minor units, times are UTC with
// milliseconds.

/** Numbers by name: odds by prize, amounts by unit. */
export interface Numbers {
  [name: string]: number
}

interface HeldPrize {
  id: string
  title: string
  type: string
  value?: number
  /** null: no end */
  quota: number | null
  remaining?: number | null
  claimWithinDays?: number
}

/** What an activity promises: points and other units, chances by draw, a right, a doubler, a prize. */
interface Reward {
  chances?: Numbers
  entitlement?: string
  doubler?: { factor: number; hours: number; activities?: string[] }
  prize?: HeldPrize
  [unit: string]: unknown
}

interface SessionTerms {
  id: string
  opensAt: string
  closesAt: string
  unitsPerUser?: number
  paused: boolean
}

interface Session extends SessionTerms {
  total?: number | null
  /** null while it is not known */
  remaining?: number | null
}

/** When an activity can be used. */
export interface Opening {
  paused: boolean
  /** the session that is open */
  currentSession: string | null
  nextOpensAt: string | null
}

interface Common<Kind extends string> extends Opening {
  id: string
  kind: Kind
  title: string
  description?: string
  category?: string
  sort: number
  image?: string
  spec?: { [property: string]: string }
  requires?: { entitlement?: string; level?: number; reservation?: string; ticket?: boolean }
}

interface SaleTerms extends Common<'sale'> {
  sku?: string
  listPrice?: number
  price: number
  currency: string
  unitsPerUser: number | null
  payWithinSeconds: number | null
  levelDiscount?: boolean
  shipWithin?: { businessDays: number; from: 'acceptance' | 'campaignEnd' }
}

interface PrizeTerms {
  id: string
  /** 1 is the best */
  tier: number
  title: string
  type: string
  value?: number
  quota: number | null
  weight: number
  minSpins?: number
  guaranteedAfter?: number
  release?: 'even'
  claimWithinDays?: number
  reward?: Reward
  subPrizes?: Array<{ id: string; title: string; odds: number; reward?: Reward }>
  display?: { [name: string]: unknown }
  /** for users of level 0 */
  odds: number
}

interface DrawBase extends Common<'draw'> {
  cost?: Numbers
  chances?: { daily: number; extraPerDay: number | null }
  limits: {
    perDay: number | null
    perCampaign: number | null
    winsPerCampaign: number | null
    winsPerTier: Numbers
  }
  fallback: string
  oddsByLevel?: Array<{ level: number; odds: Numbers }>
  seedCommitment: string | null
  algorithm: string
  /** absent until the draw is over */
  seed?: string
}

interface TaskTerms extends Common<'task'> {
  per: 'day' | 'campaign'
  tier?: string
  goal?: { counter: string; of?: 'times' | 'units' | 'amount'; activity?: string; count: number }
  after?: string[]
  reward: Reward
  streak?: Array<{ days: number; reward: Reward }>
  streakOn?: 'workdays'
}

interface RedemptionTerms extends Common<'redemption'> {
  cost: Numbers
  unitsPerUser: number | null
}

interface ReservationTarget {
  session: string
  opensAt: string
  remindAt: string
  reserved?: number | null
}

interface ReservationTerms extends Common<'reservation'> {
  /** the sale or draw */
  of: string
  remindMinutes: number
  perUser: number | null
  targets: ReservationTarget[]
}

interface BoardTerms extends Common<'board'> {
  metric: 'points' | 'units' | 'amount' | 'invites' | 'shares' | 'assists'
  activity?: string
  period: 'campaign' | 'day' | 'week'
  top: Array<{ upTo: number; reward?: Reward; title?: string }>
}

interface Side {
  on: 'accepted' | 'qualified'
  reward: Reward
}

interface InviteTerms extends Common<'invite'> {
  newUsers: boolean
  qualifiesOn: string
  inviter?: Side
  invitee?: Side
  perInviter?: { day?: number; campaign?: number }
}

interface GameTerms extends Common<'game'> {
  attemptsPerDay: number | null
  outcomes: { [outcome: string]: Reward }
  onShared?: Reward
}

interface ShareTerms extends Common<'share'> {
  subjects: Array<'goods' | 'campaign' | 'experience' | 'result'>
  verifiedBy: 'visit' | 'service'
  channels: { [channel: string]: { reward: Reward; perDay: number | null } }
}

interface AssistTerms extends Common<'assist'> {
  thresholds: Array<{ count: number; reward: Reward }>
  helperPerDay: number | null
  newUsers: boolean
  withinHours: number | null
  helper?: { reward: Reward }
}

interface Question {
  id: string
  type: 'rating' | 'choice' | 'text'
  title: string
  required: boolean
  most?: number
  options?: Array<{ id: string; title: string }>
  multiple?: boolean
  maxLength?: number
}

interface SurveyTerms extends Common<'survey'> {
  for: 'anybody' | 'participants' | 'buyers' | 'winners'
  questions: Question[]
  reward?: Reward
}

interface DiscussionTerms extends Common<'discussion'> {
  subjects: string[]
  topics?: Array<{ id: string; title: string }>
  moderation: 'after' | 'before'
  maxLength: number
  perDay: number | null
  reward?: Reward
}

interface InSessions {
  sessions: Session[]
}

interface Counted extends InSessions {
  /** of the session that is open, or opens next; null while it is not known */
  remaining: number | null
}

/** An activity as it stands, by `kind`. */
export type Activity =
  | (SaleTerms & Counted)
  | (DrawBase & Counted & { prizes: Array<PrizeTerms & { remaining: number | null }> })
  | (TaskTerms & InSessions)
  | (RedemptionTerms & Counted)
  | (ReservationTerms & InSessions & { reserved: number | null })
  | (BoardTerms & InSessions)
  | (InviteTerms & InSessions)
  | (GameTerms & InSessions)
  | (ShareTerms & InSessions)
  | (AssistTerms & InSessions)
  | (SurveyTerms & InSessions)
  | (DiscussionTerms & InSessions)

interface Promised {
  sessions: SessionTerms[]
}

/** An activity as the rules promise it, by `kind`. */
export type ActivityTerms =
  | (SaleTerms & Promised)
  /** `terms` says in words what counts as a win and what is promised */
  | (DrawBase & Promised & { prizes: PrizeTerms[]; terms: string[] })
  | (TaskTerms & Promised)
  | (RedemptionTerms & Promised)
  | (ReservationTerms & Promised)
  | (BoardTerms & Promised)
  | (InviteTerms & Promised)
  | (GameTerms & Promised)
  | (ShareTerms & Promised)
  | (AssistTerms & Promised)
  | (SurveyTerms & Promised)
  | (DiscussionTerms & Promised)
