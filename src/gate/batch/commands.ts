import type { Shipment } from '../../record/order.ts'

/**
 * What can be asked of the gate. Ids are validated by the caller; times are milliseconds since 1970.
 * `key` is the replay field of the user: `u:<Idempotency-Key>` for clients, `x:<...>` for internal commands; the
 * prefix is never taken from input. `hash` tells requests with the same key apart (method, path, body).
 */
interface CommandBase {
  readonly user: string
  readonly key: string
  readonly hash: string
  readonly campaign: string
}

/** Buy units of a sale. */
export interface BuyCommand extends CommandBase {
  readonly op: 'buy'
  readonly activity: string
  readonly quantity: number
  /** the user's level from the token, 0 where absent */
  readonly level: number
  /** the client's body as JSON text: goes into the journal as it is */
  readonly request: string
}

export type Transition = 'pay' | 'cancel' | 'expire' | 'ship' | 'return'

/** Move an order on. `campaign`, `activity` and `session` are those of the order. */
export interface TransitionCommand extends CommandBase {
  readonly op: 'transition'
  readonly transition: Transition
  readonly order: string
  readonly activity: string
  readonly session: string
  /** who asks: a user may cancel only what the campaign's policy allows to users */
  readonly by: 'user' | 'operator' | 'system'
  /** pay: must equal the order's total and currency (minor units); return: what is to be refunded, the price where absent */
  readonly amount?: number
  readonly currency?: string
  /** return: units that come back, 1 to those that are left of the order */
  readonly quantity?: number
  /** ship: what is new of the shipment */
  readonly shipment?: Shipment
  /** JSON text that goes into the journal and the event (reference, carrier, reason, ...) */
  readonly request: string
}

/** Take part in a draw, a task or a redemption: what it costs, takes and gives stands in the rules of the activity. */
export interface ParticipateCommand extends CommandBase {
  readonly op: 'participate'
  readonly activity: string
  /** redemptions: units; 1 for the others */
  readonly quantity: number
  /** the user's level from the token, 0 where absent */
  readonly level: number
  /** a user takes tokens of the campaign's bucket; only the system completes a task with a goal */
  readonly by: 'user' | 'system'
  /** draws: `drawRandom` of the draw's seed; '' for the others */
  readonly random: string
  /** the code pool that a unit takes from, '' where there is none; draws: those of all their prizes, joined by commas */
  readonly pool: string
  /** the local day (days since 1970) on which a goal was reached; undefined: the day of the decision */
  readonly day?: number | undefined
  /** the client's body as JSON text: goes into the journal as it is, so no personal data */
  readonly request: string
}

/** Claim a win, or revoke it: what it credited is taken back as far as it is there. `campaign`, `activity`: its draw. */
export interface WinCommand extends CommandBase {
  readonly op: 'win'
  readonly change: 'claim' | 'revoke'
  readonly win: string
  readonly activity: string
  readonly by: 'user' | 'operator' | 'system'
  /** revoke: the prize goes back into its quota */
  readonly returnQuota: boolean
  /** revoke: the pool of the prize, to which a code goes back that was not shown yet; '' or nothing where there is none */
  readonly pool?: string | undefined
  readonly request: string
}

/** Pseudo user that owns the replay records of adjustments; `$` can stand in no real user id. */
export const SYSTEM_USER = '$system'

/**
 * Write values (`puts`, at the decision) and add to numbers (`adds`: negative ones at the decision and never below zero,
 * taking what is left; positive ones once journaled). Keys are logical: `c:<campaign>`, `a:<campaign>:<activity>`,
 * `s:<campaign>:<activity>`, `u:<user>`. One that names only users' hashes is batched with other commands; one that writes rules or stock goes alone.
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

export type Command = BuyCommand | TransitionCommand | ParticipateCommand | WinCommand | AdjustCommand
