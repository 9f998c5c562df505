import type { TSchema } from 'typebox'
import type { Kind } from '../../base/kinds.ts'
import type { KindRules } from '../parts/kind.ts'
import { draw } from './draw/index.ts'
import { later } from './later.ts'
import { redemption } from './redemption/index.ts'
import { sale } from './sale/index.ts'
import { task } from './task/index.ts'

/** The kinds of activities, by the name that stands in `kind`. Their order is that of the schema that is published. */
export const kinds = { sale, draw, task, redemption } satisfies Readonly<Record<Kind, unknown>>

// by the registry's own names: a kind that is missing is one error there, not one wherever there is an activity
type AnyOf = (typeof kinds)[keyof typeof kinds]

/** An activity of any kind as a definition says it. */
export type ActivityDefinition = ReturnType<AnyOf['definition']>

/** An activity of any kind in force. */
export type ActivityRules = ReturnType<AnyOf['rules']>

/** A kind as who does not know which one it is sees it. */
export type AnyKind = KindRules<ActivityDefinition, ActivityRules>

const byName: Readonly<Record<Kind, AnyKind>> = kinds

/** The kind of an activity; its methods are for activities of this kind only. */
export function kindOf({ kind }: { readonly kind: Kind }): AnyKind {
  return byName[kind]
}

/** The names of the kinds of which something is true, in the order of the registry. */
export function kindsThat(is: (kind: AnyKind) => boolean): Kind[] {
  return (Object.keys(kinds) as Kind[]).filter((name) => is(byName[name]))
}

/** Whether this version can run activities of a kind; the others of `schemas` are refused by name. */
export function isBuilt(kind: string): kind is Kind {
  return Object.hasOwn(kinds, kind)
}

/** The schema of each kind of activity, also of those that are not built yet. */
export const schemas: Readonly<Record<string, TSchema>> = {
  ...Object.fromEntries(Object.entries(kinds).map(([name, { schema }]) => [name, schema])),
  ...later
}
