import { DAY_MS } from '../../base/day.ts'
import { kindOf } from '../kinds/index.ts'
import { prizesOf } from '../kinds/prizes.ts'
import type { Rules } from './rules.ts'

/** For how many days after its end orders of a campaign can be moved on, where its definition says nothing. */
export const RETURN_WITHIN_DAYS = 90

/**
 * From when on nothing of a campaign can be paid, returned, claimed or revoked any more, in ms since 1970: once the time for returns is
 * over, and all that users may have been promised in its last moment, claims of prizes and the time to pay.
 */
export function finalAt(rules: Rules): number {
  const { closesAt, endedAt = closesAt, policies, activities } = rules
  const promised = activities.flatMap((activity) => [
    ...prizesOf(activity).map(({ claimWithinDays }) => claimWithinDays * DAY_MS),
    kindOf(activity).usableMs?.(activity) ?? 0
  ])
  return Math.min(closesAt, endedAt) + Math.max((policies.returnWithinDays ?? RETURN_WITHIN_DAYS) * DAY_MS, ...promised)
}
