import type { LENT, RECEIVED } from '../../record/decisions.ts'
import type { Shipment } from '../../record/order.ts'
import type { Fulfilment } from '../../record/statuses.ts'
import type { TraceParent } from '../../tracing/traces.ts'

/**
 * The commands of the gate. Ids are validated by the caller; times are milliseconds since 1970.
 * `key` is the replay field of the user: `u:<Idempotency-Key>` for clients, `x:<...>` for internal commands; the
 * prefix is never taken from input. `hash` tells requests with the same key apart (method, path, body).
 */
interface CommandBase {
  readonly user: string
  readonly key: string
  readonly hash: string
  readonly campaign: string
  /** the shard that decides a command in the place of `$system`; absent for users, of whom the router knows it */
  readonly shard?: number
  /** ms since 1970 by this process' clock: later it is not sent, because what made it due may be done by somebody else and forgotten */
  readonly until?: number
  /** epoch of the one opening that may decide it; absent: any */
  readonly opening?: number
  /** the span of the request that asks for it; absent where that is not traced */
  readonly trace?: TraceParent
}

/** Buys units of a sale. */
export interface BuyCommand extends CommandBase {
  readonly op: 'buy'
  readonly activity: string
  readonly quantity: number
  /** the user's level from the token, 0 when it has none */
  readonly level: number
  /** the client's body as JSON text, which goes into the journal unchanged */
  readonly request: string
}

export type Transition = 'pay' | 'cancel' | 'expire' | 'ship' | 'return'

/** Moves an order on. `campaign`, `activity` and `session` are those of the order. */
export interface TransitionCommand extends CommandBase {
  readonly op: 'transition'
  readonly transition: Transition
  readonly order: string
  readonly activity: string
  readonly session: string
  /** who asks: a user may make only the cancellations that the campaign's policy allows */
  readonly by: 'user' | 'operator' | 'system'
  /** pay: must equal the order's total and currency (minor units); return: the refund, absent: the price of the units */
  readonly amount?: number
  readonly currency?: string
  /** return: how many units come back, from 1 to those that are left of the order */
  readonly quantity?: number
  /** ship: what has changed about the shipment */
  readonly shipment?: Shipment
  /** JSON text that goes into the journal and the event (reference, carrier, reason, ...) */
  readonly request: string
}

/** Takes part in an activity that is no sale. The rules of the activity say what this costs, takes and gives. */
export interface ParticipateCommand extends CommandBase {
  readonly op: 'participate'
  readonly activity: string
  /** redemptions: units; 1 for other kinds */
  readonly quantity: number
  /** the user's level from the token, 0 when it has none */
  readonly level: number
  /**
   * who asks: a user takes rate tokens of the campaign; only the system completes a task with a goal. A credit is what the user gets for
   * what somebody else did: it is decided after the end too, a cap withholds its reward, and the user does not take part by it.
   */
  readonly by: 'user' | 'system' | 'credit'
  /** what is done where a kind has several actions, each with its own limits and reward; '' or absent: the usual one */
  readonly action?: string
  /** what it is done to, such as a share or an outcome; without line breaks */
  readonly about?: string
  /** draws: `drawRandom` of the draw's seed; '' for other kinds */
  readonly random: string
  /** the code pool that gives a code for each unit, '' for none; draws: the pools of all their prizes, joined by commas */
  readonly pool: string
  /** the local day (days since 1970) on which a goal was reached; undefined: the day of the decision */
  readonly day?: number | undefined
  /** the client's body as JSON text, which goes into the journal unchanged, so it holds no personal data */
  readonly request: string
}

/** Ends what was decided in part, a spin that was drawn: the prize that its number means, or what is given instead. */
export interface FinishCommand extends CommandBase {
  readonly op: 'finish'
  readonly activity: string
  /** `<shard>-<epoch>-<sequence>` of the decision that it ends */
  readonly decision: string
  /** code pools of the prizes, joined by commas; '' for none */
  readonly pool: string
  readonly request: string
}

/**
 * Claims a win or revokes it. A revocation takes back what the win credited, as far as it has not expired and the user still has
 * it. `campaign` and `activity` are those of its draw.
 */
export interface WinCommand extends CommandBase {
  readonly op: 'win'
  readonly change: 'claim' | 'revoke'
  readonly win: string
  readonly activity: string
  readonly by: 'user' | 'operator' | 'system'
  /** revoke: whether the prize goes back into its quota */
  readonly returnQuota: boolean
  /** revoke: the prize's code pool, to which a code returns that no user has seen; '' or absent: none */
  readonly pool?: string | undefined
  readonly request: string
}

/**
 * Notes how far a claimed win is handed over. `campaign` and `activity` are those of its draw.
 */
export interface FulfilCommand extends CommandBase {
  readonly op: 'fulfil'
  readonly activity: string
  readonly win: string
  readonly state: Fulfilment
  /** JSON text that goes into the journal and the event (carrier, reason, ...); no personal data */
  readonly request: string
}

/**
 * Takes back what a credit gave its user, as far as it has not expired and is still there, because what it was given for is void. `activity`
 * is that of the credit.
 */
export interface TakeBackCommand extends CommandBase {
  readonly op: 'takeBack'
  readonly activity: string
  /** the replay field of the credit, and its decision, `<shard>-<epoch>-<sequence>` */
  readonly givenUnder: string
  readonly givenBy: string
  readonly given: ReadonlyArray<{ readonly unit: string; readonly field: string; readonly amount: number }>
  readonly request: string
}

/**
 * Takes what of a balance has expired, as Postgres counted it. CONFLICT when the gate has decided something of the user that Postgres lacks:
 * it may have changed what is left of it.
 */
export interface ExpireCommand extends CommandBase {
  readonly op: 'expire'
  readonly activity: ''
  /** the newest decision of the user that Postgres has, `<shard>-<epoch>-<sequence>`; '' for none */
  readonly newest: string
  /** of the user's hash */
  readonly field: string
  /** above 0 */
  readonly amount: number
  /** the newest decision whose gift expires, `<shard>-<epoch>-<sequence>` */
  readonly upTo: string
  /** of the user's hash: where it is noted, for those who take such gifts back */
  readonly expiredField: string
  readonly request: string
}

/** The user who owns the replay records of adjustments; no real user id contains `$`. */
export const SYSTEM_USER = '$system'

/**
 * Writes values (`puts`, with the decision) and adds to numbers (`adds`). A negative add takes with the decision, at most what is
 * left; a positive one is given once journaled. Keys are logical: `c:<campaign>`, `a:<campaign>:<activity>`,
 * `s:<campaign>:<activity>`, `u:<user>`. A negative add to `userField.expired` counts what has expired as taken back, and as much less is
 * taken of that unit's balance of the account. An adjustment of users' hashes only is batched with other commands; one that writes rules or
 * stock goes in a batch of its own.
 */
export interface AdjustCommand extends CommandBase {
  readonly op: 'adjust'
  /** entity.verb, the type of the decision and of its public event: campaign.paused, campaign.adjusted, ... */
  readonly type: string
  readonly activity: string
  readonly puts: ReadonlyArray<readonly [key: string, field: string, value: string]>
  readonly adds: ReadonlyArray<readonly [key: string, field: string, delta: number]>
  readonly request: string
}

/**
 * Takes what was of a campaign out of Redis, for good, and writes values (`puts`). No fields: the whole hash. What it removes may be of
 * many users, at most 128 at once, and nothing writes it any more: the campaign is final, and its name stands in the shard's hash.
 */
export interface RemoveCommand extends CommandBase {
  readonly op: 'remove'
  readonly type: string
  readonly activity: string
  readonly puts: AdjustCommand['puts']
  readonly removals: ReadonlyArray<readonly [key: string, fields: readonly string[]]>
  readonly request: string
}

/**
 * Moves units of an item on their way between shards (`lend` and `receive` of loans.ts make it): remaining and total alike, taken with the
 * decision and at most what is left, or given once journaled. It is decided by one opening only, and until `notAfter`: whoever drives a loan
 * has read its row after it learnt both.
 */
export interface LoanCommand extends CommandBase {
  readonly op: 'loan'
  readonly type: typeof LENT | typeof RECEIVED
  readonly shard: number
  readonly activity: string
  /** epoch of the opening, and ms of Redis' time */
  readonly opening: number
  readonly notAfter: number
  /** logical key of the stock, its field `<name>:remaining`, and what is added to it */
  readonly stock: string
  readonly field: string
  readonly delta: number
  readonly request: string
}

export type Command =
  | BuyCommand
  | TransitionCommand
  | ParticipateCommand
  | FinishCommand
  | WinCommand
  | FulfilCommand
  | TakeBackCommand
  | ExpireCommand
  | AdjustCommand
  | RemoveCommand
  | LoanCommand
