import { type ActivityRules, kindOf } from './index.ts'

/** Whether something follows for others, or for goals, from decisions of a campaign: then a settlement waits until all are followed. */
export function isFollowed({ activities }: { readonly activities: readonly ActivityRules[] }): boolean {
  return activities.some((activity) => kindOf(activity).isFollowed?.(activity) === true)
}
