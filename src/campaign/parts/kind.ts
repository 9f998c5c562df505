import type { TProperties, TSchema } from 'typebox'
import type { Add, Context } from './check.ts'
import type { CommonDefinition } from './common.ts'
import type { CampaignContext, LocalWindow } from './context.ts'
import type { DefinitionError } from './explain.ts'
import type { Fields } from './fields.ts'
import type { ActivityBase, Reward } from './model.ts'
import type { Changed, LimitChanges, Prices } from './patch.ts'
import type { Stock } from './stock.ts'

/** A number of units each of which needs a code of a pool; `units` is null without a quota. `pointer` is that of the pool's name. */
export interface WantedCodes {
  readonly pointer: string
  readonly pool: string
  readonly units: number | null
}

/** How much is to be counted for a user until the activity is completed: per day, or per campaign. */
export interface Goal {
  readonly count: number
  readonly per: 'day' | 'campaign'
  /** who counts: other systems, which report it, or Floodgate */
  readonly counted: 'outside' | 'here'
}

/** Adds an error where a version differs from what is in force; pointers are relative to the activity. */
export type Refuse = (pointer: string, detail: string) => void

/**
 * All that a campaign has to know of a kind of activities: D is an activity in a definition, A is one in force.
 * Every kind has the first six members; a kind leaves out the optional ones that it does not need. Methods get
 * activities of their own kind only.
 */
export interface KindRules<D extends CommonDefinition, A extends ActivityBase> {
  /** the schema of `D`, which refuses fields that it does not know */
  readonly schema: TSchema
  /** fields of `A` that a later version cannot change, beside the window, the stock and the fields of every activity */
  readonly frozen: readonly string[]
  /** adds errors that the schema cannot find; `definition` has passed the schema */
  check(definition: D, pointer: string, context: Context): void
  /** an activity in force, as it is before any adjustment */
  rules(definition: D, window: LocalWindow): A
  /** converts an activity in force back into a definition */
  definition(activity: A): D
  /** the fields of `a:<campaign>:<activity>` beside those that every kind has */
  compile(campaign: CampaignContext, activity: A): Fields

  /** has several sessions, each with its own stock and limit; other kinds have one session, `all`, with the activity's window */
  readonly hasSessions?: true
  /** has a secret seed with a public commitment; the seed is shown after the end, so a closed activity is never opened again */
  readonly hasSeed?: true
  /** users may have chances of it, so rewards may give chances of it */
  readonly hasChances?: true
  /** users can reserve its sessions, so reservations may be of it */
  readonly isReserved?: true
  /** gateways may ask for a ticket before they let anybody take part */
  readonly takesTickets?: true
  /** users complete it: tasks may require it, and doublers may apply to it */
  readonly isCompleted?: true
  /** users have results in it, so shares may be of these */
  readonly isPlayed?: true
  /** whether users share by it, so that levels can rest on what their shares lead to */
  readonly isShared?: true
  /** never counts by local days; for all other kinds the gate needs the campaign's zone */
  readonly ignoresDays?: true
  /** its counted stock; without this member nothing of it runs out */
  readonly stock?: Stock<A>
  /** the limits that a PATCH can change: their schemas by name, and a function that returns the activity with the named ones changed */
  readonly limits?: { readonly fields: TProperties; changed(activity: A, limits: LimitChanges): A }
  /** how a PATCH changes its price; only prices in `money` have a list price and can be free. @throws Contradiction */
  readonly price?: { readonly in: 'money' | 'unit'; changed(activity: A, prices: Prices): Changed<A> }
  /** how a PATCH changes the weights of prizes, by prize. @throws Contradiction */
  readonly weights?: { changed(activity: A, weights: Readonly<Record<string, number>>): Changed<A> }

  /** adds errors that an operator should see even when other fields do not fit the schema */
  checkAnyway?(definition: Partial<D>, pointer: string, add: Add): void
  /** adds errors between activities of the kind; the array has the index of the activity, undefined for other kinds */
  checkTogether?(definitions: ReadonlyArray<D | undefined>, add: Add): void
  /** warnings: valid, and probably not what the operator meant */
  warnings?(activity: A, pointer: string): DefinitionError[]
  /** the moment up to which it asks the calendar, ms since 1970; undefined where it does not */
  needsCalendarUntil?(activity: A, campaign: CampaignContext): number | undefined
  /** every reward that it can credit */
  rewards?(activity: A): Array<Reward | null>
  codes?(activity: A, pointer: string): WantedCodes[]
  /** null for an activity that users complete without a goal */
  goal?(activity: A): Goal | null
  /**
   * The activity whose sessions it reserves, and how long before one opens its users are reminded. Its fields repeat these
   * sessions, so they are compiled again when that activity changes.
   */
  reserves?(activity: A): { readonly of: string; readonly remindMs: number }
  /** The periods of an order of users that the worker makes final before the campaign is settled, beside those that have begun. */
  finalPeriods?(activity: A): readonly string[]
  /** How long after its end what it made can still be used by users, beside its prizes, in ms. */
  usableMs?(activity: A): number
  /** Whether it has a listener in worker/following/kinds, which hears of every decision of its campaign. */
  isFollowed?(activity: A): boolean
  /** those fields of `compile` that depend on the campaign's window */
  windowFields?(campaign: CampaignContext, activity: A): Fields

  /** refuses changes of a later version, beside those of `frozen` fields */
  compare?(inForce: A, target: A, refuse: Refuse): void
  /** adds what a later version may bring: `merged` is the activity in force with the texts and sessions of `target` */
  merge?(merged: A, target: A): A
  /** the new fields of `compile` that have no effect until another field names them */
  preloaded?(inForce: A, merged: A): string[]
}
