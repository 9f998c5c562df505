import type { TProperties, TSchema } from 'typebox'
import type { Add, Context } from './check.ts'
import type { CommonDefinition } from './common.ts'
import type { CampaignContext, LocalWindow } from './context.ts'
import type { DefinitionError } from './explain.ts'
import type { Fields } from './fields.ts'
import type { ActivityBase, Reward } from './model.ts'
import type { Changed, LimitChanges, Prices } from './patch.ts'
import type { Stock } from './stock.ts'

/** Units that ask for a code of a pool each; `units` is null without a quota. `pointer` leads to the pool's name. */
export interface WantedCodes {
  readonly pointer: string
  readonly pool: string
  readonly units: number | null
}

/** What other systems count for a user before the activity is completed: so much a day, or in the campaign. */
export interface Goal {
  readonly count: number
  readonly per: 'day' | 'campaign'
}

/** Tells where a version differs from what is in force; pointers are relative to what is compared. */
export type Refuse = (pointer: string, detail: string) => void

/**
 * All that a campaign has to know of a kind of activities: D is an activity as a definition says it, A is one in force.
 * The first part is what each kind says; what follows it may be left out by a kind that has no such thing. Methods are
 * given activities of their own kind only.
 */
export interface KindRules<D extends CommonDefinition, A extends ActivityBase> {
  /** the schema of `D`, which refuses fields that it does not know */
  readonly schema: TSchema
  /** fields of `A` that a later version cannot change, beside the window, the stock and what every activity has */
  readonly frozen: readonly string[]
  /** notes what the schema cannot say; `definition` has passed it */
  check(definition: D, pointer: string, context: Context): void
  /** an activity in force, as it is before any adjustment */
  rules(definition: D, window: LocalWindow): A
  /** the same as a definition again */
  definition(activity: A): D
  /** the fields of `a:<campaign>:<activity>` beside those that every kind has */
  compile(campaign: CampaignContext, activity: A): Fields

  /** has several sessions, each with stock and a limit of its own; others have one, `all`, with their own window */
  readonly hasSessions?: true
  /** has a secret seed whose commitment is public; it is shown at the end, so the activity is never opened again then */
  readonly hasSeed?: true
  /** users may have chances of it, so rewards may give some */
  readonly hasChances?: true
  /** is completed by a user: tasks may wait for it, and doublers may be for it */
  readonly isCompleted?: true
  /** never counts by local days: all others need the campaign's zone in the gate */
  readonly ignoresDays?: true
  /** what of it is counted; without it nothing runs out */
  readonly stock?: Stock<A>
  /** the limits that a PATCH changes: their schemas by name, and the activity with those that are named changed */
  readonly limits?: { readonly fields: TProperties; changed(activity: A, limits: LimitChanges): A }
  /** what a PATCH changes of its price; only what costs `money` has a list price and can be free. @throws Contradiction */
  readonly price?: { readonly in: 'money' | 'unit'; changed(activity: A, prices: Prices): Changed<A> }
  /** the weights of prizes, by prize. @throws Contradiction */
  readonly weights?: { changed(activity: A, weights: Readonly<Record<string, number>>): Changed<A> }

  /** notes what is told even where other fields have the wrong form */
  checkAnyway?(definition: Partial<D>, pointer: string, add: Add): void
  /** notes what is wrong of all activities of the kind together; by index of the activity, undefined for all others */
  checkTogether?(definitions: ReadonlyArray<D | undefined>, add: Add): void
  /** what is right and probably not meant */
  warnings?(activity: A, pointer: string): DefinitionError[]
  /** all that it credits, at whatever occasion */
  rewards?(activity: A): Array<Reward | null>
  codes?(activity: A, pointer: string): WantedCodes[]
  /** null for an activity that is completed without being counted for */
  goal?(activity: A): Goal | null
  /** those fields of `compile` that depend on the campaign's window */
  windowFields?(campaign: CampaignContext, activity: A): Fields

  /** refuses what a later version would change, beside fields that are frozen */
  compare?(inForce: A, target: A, refuse: Refuse): void
  /** what a later version may bring: `merged` has the rules in force with the texts and sessions of `target` already */
  merge?(merged: A, target: A): A
  /** the fields of `compile` that are new and that nobody can use before another field names them */
  preloaded?(inForce: A, merged: A): string[]
}
