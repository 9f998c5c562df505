import type { Kind } from '../../base/kinds.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import { draw } from './draw.ts'
import type { HttpKind } from './kind.ts'
import { redemption } from './redemption.ts'
import { sale } from './sale.ts'
import { task } from './task.ts'

/** The kinds of activities, in the order in which their routes stand in the OpenAPI document. */
export const kinds = { sale, draw, redemption, task } satisfies {
  readonly [Name in Kind]: HttpKind<Extract<ActivityRules, { readonly kind: Name }>>
}

export function kindOf(activity: ActivityRules): HttpKind {
  return kinds[activity.kind]
}

/** Every kind with its name, in the order of the routes. */
export const namedKinds = Object.entries(kinds) as ReadonlyArray<readonly [Kind, HttpKind]>
