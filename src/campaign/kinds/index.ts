import type { TSchema } from 'typebox'
import { inOrder, type Kind } from '../../base/kinds.ts'
import type { KindRules } from '../parts/kind.ts'
import * as all from './all.ts'

/** The kinds of activities, by the name in the field `kind`. The published schema lists them in this order. */
export const kinds = inOrder(all)

// by the names that are there: a missing kind is then one type error in the registry, not one at each use of an activity
type AnyOf = (typeof all)[keyof typeof all]

/** An activity of any kind, in the form of a definition. */
export type ActivityDefinition = ReturnType<AnyOf['definition']>

/** An activity of any kind in force. */
export type ActivityRules = ReturnType<AnyOf['rules']>

/** A kind, for code that does not know which one it has. */
export type AnyKind = KindRules<ActivityDefinition, ActivityRules>

const byName: Readonly<Record<Kind, AnyKind>> = kinds

/** The kind of an activity; its methods are for activities of this kind only. */
export function kindOf({ kind }: { readonly kind: Kind }): AnyKind {
  return byName[kind]
}

/** The names of the kinds for which `is` returns true, in the order of the registry. */
export function kindsThat(is: (kind: AnyKind) => boolean): Kind[] {
  return (Object.keys(kinds) as Kind[]).filter((name) => is(byName[name]))
}

export function isKind(name: string): name is Kind {
  return Object.hasOwn(kinds, name)
}

/** The schema of each kind of activity. */
export const schemas: Readonly<Record<string, TSchema>> = Object.fromEntries(
  Object.entries(kinds).map(([name, { schema }]) => [name, schema])
)
