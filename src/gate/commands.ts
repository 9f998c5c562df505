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
  /** pay: must equal the order's total and currency (minor units) */
  readonly amount?: number
  readonly currency?: string
  /** return: units that come back, 1 to the quantity of the order */
  readonly quantity?: number
  /** JSON text that goes into the journal and the event (reference, carrier, reason, ...) */
  readonly request: string
}

/** Pseudo user that owns the replay records of adjustments; `$` can stand in no real user id. */
export const SYSTEM_USER = '$system'

/**
 * Write values (`puts`, at the decision) and add to numbers (`adds`: negative ones at the decision and never below zero,
 * taking what is left; positive ones once journaled). Keys are logical: `c:<campaign>`, `a:<campaign>:<activity>`,
 * `s:<campaign>:<activity>`, `u:<user>`.
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

export type Command = BuyCommand | TransitionCommand | AdjustCommand
