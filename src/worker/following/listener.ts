import type { PoolClient } from 'pg'
import type { Rules } from '../../campaign/definition/rules.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import type { HashReader } from '../../gate/gate.ts'
import type { Followed } from '../../store/following/followed.ts'

/** What listeners may use beside the transaction. */
export interface FollowingParts {
  readonly shard: number
  readonly gate: HashReader
}

/** Somebody who listens to the decisions of one campaign, for what follows from them for others. */
export interface Listener {
  /** unique in its campaign: the id of the activity, or a word for what a campaign has once */
  readonly name: string
  /**
   * Writes what follows from decisions, in the transaction that moves the place on: so each decision is taken once. They come in the order
   * of the journal of their shard, in portions; all are of the listener's campaign.
   * @throws what Postgres throws; then the listener reads by itself until it succeeds, and does not stop the others
   */
  take(session: PoolClient, decisions: readonly Followed[]): Promise<void>
  /** After the commit, for what is kept outside of Postgres and can be made anew; an error is logged. */
  taken?(): Promise<void>
}

/** The listeners that a campaign's rules ask for. */
export type ListenersOf = (rules: Rules, parts: FollowingParts) => readonly Listener[]

/** The listener of an activity of one kind; undefined where its rules need none. Declared as a method: callers find it by the kind. */
export interface ActivityListeners<Activity extends ActivityRules = ActivityRules> {
  listenerOf(activity: Activity, rules: Rules, parts: FollowingParts): Listener | undefined
}
