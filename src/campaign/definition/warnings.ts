import type { Draw } from '../kinds/draw/rules.ts'
import type { ActivityRules } from '../kinds/index.ts'
import { iso } from '../parts/activity.ts'
import type { DefinitionError } from '../parts/explain.ts'
import type { Reward } from '../parts/model.ts'
import type { Rules } from './rules.ts'

/** What is right in itself and probably not meant: told beside errors, and never in the way. */
export type Warning = DefinitionError

function rewardsOf(activity: ActivityRules): Array<Reward | null> {
  switch (activity.kind) {
    case 'task':
      return [activity.reward, ...activity.streak.map(({ reward }) => reward)]
    case 'draw':
      return activity.prizes.flatMap(({ reward, subPrizes }) => [reward, ...subPrizes.map((sub) => sub.reward)])
    case 'sale':
    case 'redemption':
      return []
    default:
      return activity satisfies never
  }
}

/** Entitlements that are asked for and that nothing of this campaign gives. */
function missingEntitlements({ activities }: Rules): Warning[] {
  const given = new Set(activities.flatMap((activity) => rewardsOf(activity).map((reward) => reward?.entitlement)))
  return activities.flatMap(({ requires }, index) => {
    const { entitlement } = requires
    if (entitlement === '' || given.has(entitlement)) return []
    const detail = `nothing of this campaign gives ${JSON.stringify(entitlement)}: only those whom operators grant it take part`
    return [{ pointer: `/activities/${index}/requires/entitlement`, detail }]
  })
}

/** Windows that are over: of the campaign, else of its activities and of their sessions. */
function pastWindows({ closesAt, activities }: Rules, now: number): Warning[] {
  if (closesAt <= now) {
    return [{ pointer: '/closesAt', detail: `is in the past (${iso(closesAt)}): it cannot be published` }]
  }
  return activities.flatMap(({ kind, sessions }, index) => {
    const over = sessions.filter((session) => session.closesAt <= now)
    if (over.length === 0) return []
    const names = over.length > 3 ? `${over.length} of ${sessions.length}` : over.map(({ id }) => id).join(', ')
    const what = kind === 'sale' ? `sessions that are over already: ${names}` : 'its window is over already'
    return [{ pointer: `/activities/${index}`, detail: what }]
  })
}

/** A promise that can never be due: it counts losing spins, and no spin of the draw loses. */
function promiseWarnings({ prizes }: Draw, pointer: string): Warning[] {
  if (prizes.some(({ type }) => type === 'nothing')) return []
  return prizes.flatMap(({ guaranteedAfter }, index) => {
    const detail = 'is never due: it counts losing spins, and no prize of this draw is of type nothing'
    return guaranteedAfter > 0 ? [{ pointer: `${pointer}/prizes/${index}/guaranteedAfter`, detail }] : []
  })
}

/** What an operator should look at before a definition is published. @param now ms since 1970 */
export function warningsOf(rules: Rules, now: number): Warning[] {
  const promises = rules.activities.flatMap((activity, index) =>
    activity.kind === 'draw' ? promiseWarnings(activity, `/activities/${index}`) : []
  )
  return [...pastWindows(rules, now), ...missingEntitlements(rules), ...promises]
}
