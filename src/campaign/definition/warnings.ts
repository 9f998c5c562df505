import { dateOfDay } from '../../base/day.ts'
import { type ActivityRules, kindOf } from '../kinds/index.ts'
import { iso } from '../parts/activity.ts'
import { lastDate } from '../parts/calendar.ts'
import type { DefinitionError } from '../parts/explain.ts'
import { dayNumberAt } from '../parts/local-time.ts'
import type { Rules } from './rules.ts'

/** Something valid and probably not meant: shown beside errors, and it stops nothing. */
export type Warning = DefinitionError

const rewardsOf = (activity: ActivityRules) => kindOf(activity).rewards?.(activity) ?? []

/** Entitlements that an activity requires and that nothing of this campaign gives. */
function missingEntitlements({ activities }: Rules): Warning[] {
  const given = new Set(activities.flatMap((activity) => rewardsOf(activity).map((reward) => reward?.entitlement)))
  return activities.flatMap(({ requires }, index) => {
    const { entitlement } = requires
    if (entitlement === '' || given.has(entitlement)) return []
    const detail = `nothing of this campaign gives ${JSON.stringify(entitlement)}: only those whom operators grant it take part`
    return [{ pointer: `/activities/${index}/requires/entitlement`, detail }]
  })
}

/** What asks the calendar for a day after the last one that it lists: such days go by the weekday alone. */
export function endedCalendar(rules: Rules): Warning[] {
  const last = rules.calendar && lastDate(rules.calendar)
  if (last === undefined) return []
  return rules.activities.flatMap((activity, index) => {
    const until = kindOf(activity).needsCalendarUntil?.(activity, rules)
    const day = until === undefined ? undefined : dateOfDay(dayNumberAt(until, rules.timezone))
    if (day === undefined || day <= last) return []
    const detail = `asks for days until ${day}, and the calendar ends with ${last}: later ones count by their weekday alone`
    return [{ pointer: `/activities/${index}`, detail }]
  })
}

/** Windows that are over: of the campaign, else of its activities and of their sessions. */
function pastWindows({ closesAt, activities }: Rules, now: number): Warning[] {
  if (closesAt <= now) {
    return [{ pointer: '/closesAt', detail: `is in the past (${iso(closesAt)}): it cannot be published` }]
  }
  return activities.flatMap((activity, index) => {
    const { sessions } = activity
    const over = sessions.filter((session) => session.closesAt <= now)
    if (over.length === 0) return []
    const names = over.length > 3 ? `${over.length} of ${sessions.length}` : over.map(({ id }) => id).join(', ')
    const what = kindOf(activity).hasSessions
      ? `sessions that are over already: ${names}`
      : 'its window is over already'
    return [{ pointer: `/activities/${index}`, detail: what }]
  })
}

/** What an operator should look at before a definition is published. @param now ms since 1970 */
export function warningsOf(rules: Rules, now: number): Warning[] {
  const ofKinds = rules.activities.flatMap(
    (activity, index) => kindOf(activity).warnings?.(activity, `/activities/${index}`) ?? []
  )
  return [...pastWindows(rules, now), ...missingEntitlements(rules), ...endedCalendar(rules), ...ofKinds]
}
