import { inOrder, type Kind } from '../../base/kinds.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import * as all from './all.ts'
import type { HttpKind } from './kind.ts'

/** The kinds of activities, in the order of their routes in the OpenAPI document. */
export const httpKinds = inOrder(all) satisfies {
  readonly [Name in Kind]: HttpKind<Extract<ActivityRules, { readonly kind: Name }>>
}

export function httpKindOf(activity: ActivityRules): HttpKind {
  return httpKinds[activity.kind]
}

/** Every kind with its name, in the order of the routes. */
export const namedKinds = Object.entries(httpKinds) as ReadonlyArray<readonly [Kind, HttpKind]>

/** Everything that users can do, each with the name of its kind, in the order of the routes. */
export const namedActions = namedKinds.flatMap(([kind, { actions }]) => actions.map((action) => ({ kind, ...action })))

export type NamedAction = (typeof namedActions)[number]
