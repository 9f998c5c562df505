import { restingOn } from '../parts/levels.ts'
import { type ActivityRules, kindOf } from './index.ts'

type Followable = Parameters<typeof restingOn>[0] & { readonly activities: readonly ActivityRules[] }

/** Whether something follows for others, for goals or for levels from decisions of a campaign: then a settlement waits until all are followed. */
export function isFollowed(rules: Followable): boolean {
  return restingOn(rules).size > 0 || rules.activities.some((one) => kindOf(one).isFollowed?.(one) === true)
}
