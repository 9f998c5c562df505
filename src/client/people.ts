// What users see of themselves and of one another.
import type { Numbers } from './activities.ts'
import type { List } from './campaigns.ts'

export interface HotActivity {
  id: string
  kind: string
  title: string
  /** at least so often */
  uses: number
}

export interface PrizeName {
  id: string
  /** 0 for a prize of a reward */
  tier: number
  title: string
  type: string
  sub?: { id: string; title: string }
}

export interface Winner {
  /** masked */
  user: string
  draw: string
  prize: PrizeName
  wonAt: string
}

interface Rank {
  rank: number
  score: number
  title?: string
}

interface BoardPlace extends Rank {
  /** masked */
  user: string
}

export interface Leaderboard {
  board: string
  metric: string
  period: string
  /** all that was decided until then is counted */
  asOf: string
  /** whether the order is final */
  frozen: boolean
  items: BoardPlace[]
  /** null without a token, and without a score */
  me: (Rank & { neighbours: BoardPlace[] }) | null
}

export interface Subject {
  type: string
  id: string
}

interface ShareCard {
  title: string
  text: string | null
  image: string | null
  price: number | null
  currency: string | null
  url: string | null
}

export interface CreatedShare {
  id: string
  channel: string
  subject: Subject
  url: string | null
  status: 'created' | 'verified' | 'voided'
  card: ShareCard
  createdAt: string
}

/** How far the helpers of a share have brought it. */
export interface Progress {
  count: number
  thresholds: Array<{ count: number; reached: boolean }>
}

/** The figures are for the owner of a share only. */
export interface SharePage extends CreatedShare {
  text?: string | null
  mine: boolean
  assists: Progress | null
  clicks?: number
  repeats?: number
  bots?: number
  conversions?: number
  converted?: { orders: number; registrations: number }
}

export interface MyShare extends CreatedShare {
  text?: string | null
  assists: Progress | null
  clicks: number
  conversions: number
  converted: { orders: number; registrations: number }
  verifiedAt: string | null
  /** decided, and not in the journal yet */
  pending?: true
}

export interface CommunityShare extends CreatedShare {
  text?: string
  /** masked */
  user: string
}

interface ShownComment {
  id: string
  /** masked */
  user: string
  subject: Subject
  replyTo: string | null
  text: string
  likes: number
  postedAt: string
}

/** The counts are of the subject that was asked for, else null. */
export interface Comments extends List<ShownComment> {
  comments: number | null
  likes: number | null
}

interface Pair {
  user: string
  status: 'pending' | 'qualified' | 'voided'
  reason?: string
  acceptedAt: string
  qualifiedAt: string | null
}

export interface MyInvites extends List<Pair & { cappedBy?: string }> {
  code: string | null
  url: string | null
  invitedBy: Pair | null
}

/** `limit` and `left` are null where there is no limit. */
interface Allowance {
  count: number
  limit: number | null
  left: number | null
}

interface Doubler {
  factor: number
  until: string
  activities: string[] | null
}

interface ActivityStanding {
  id: string
  kind: string
  units: Allowance
  today?: Allowance
  wins?: Allowance
  done?: boolean
  progress?: { count: number; goal: number }
  reserved?: string[]
  attemptsToday?: Allowance
  session: { id: string; units: Allowance } | null
}

/** Where a user stands in a campaign. */
export interface Standing {
  campaign: string
  level: number
  levels?: {
    ofToken: number
    earned: number
    scope: string
    privileges: { earlySeconds?: number; extraUnits?: number; discountPercent?: number; flags?: string[] }
    counts: Numbers
    history: Array<{ at: string; from: number; to: number; why: Numbers }>
  }
  disqualified: boolean
  localDay: string
  balances: Numbers
  /** what will expire of balances of the account, the next first; absent while it cannot be counted */
  expiring?: Array<{ unit: string; amount: number; at: string; campaign: string }>
  chances: {
    [draw: string]: { daily: number; dailyLimit: number; extra: number; total: number; extraToday: Allowance }
  }
  doubler: Doubler | null
  doublers: Doubler[]
  titles: string[]
  streak: { [task: string]: { length: number; lastDay: string | null; today: boolean } }
  entitlements: string[]
  units: Allowance
  activities: ActivityStanding[]
}

export interface LedgerEntry {
  eventId: string
  type: string
  campaign: string | null
  activity: string | null
  unit: string
  scope: 'account' | 'campaign'
  delta: number
  at: string
  pending?: boolean
}
