import type { Prize } from './draw/rules.ts'
import type { ActivityRules } from './index.ts'

/** The prizes of an activity; empty if its kind has no prizes. */
export function prizesOf(activity: ActivityRules): readonly Prize[] {
  return 'prizes' in activity ? activity.prizes : []
}
