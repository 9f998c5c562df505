import type { Kind } from '../../base/kinds.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import * as ofKinds from './kinds/all.ts'
import { levels } from './levels.ts'
import type { ActivityListeners, ListenersOf } from './listener.ts'

/** Listeners by the kind of their activity; a kind that is not here needs none. */
const byKind: { readonly [Name in Kind]?: ActivityListeners<Extract<ActivityRules, { readonly kind: Name }>> } = ofKinds

/** Listeners that a campaign has once, whatever its activities. */
const ofCampaigns: readonly ListenersOf[] = [levels]

/** Everybody who listens to the decisions of a campaign, by its rules in force. */
export const listenersOf: ListenersOf = (rules, parts) => [
  ...rules.activities.flatMap((activity) => {
    const listeners: ActivityListeners | undefined = byKind[activity.kind]
    return listeners?.listenerOf(activity, rules, parts) ?? []
  }),
  ...ofCampaigns.flatMap((of) => of(rules, parts))
]
