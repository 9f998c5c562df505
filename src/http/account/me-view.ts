import { dateOfDay } from '../../base/day.ts'
import { isoTime } from '../../base/iso-time.ts'
import { entitlementNames } from '../../campaign/actions/disqualification.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import { dayNumberAt } from '../../campaign/parts/local-time.ts'
import { POINTS, scopeOf } from '../../campaign/parts/scope.ts'
import { userField } from '../../record/fields.ts'
import { visibleActivities } from '../campaigns/campaign-view.ts'
import { httpKindOf } from '../kinds/index.ts'
import { currentOrNext } from '../kinds/parts/page.ts'
import { allowance, type Day, numberIn, type Standing } from '../kinds/parts/standing.ts'
import { levelOf, levelsView } from './levels-view.ts'

function balancesView(standing: Standing): Record<string, number> {
  const { campaign } = standing
  const { units } = campaign.rules
  const names = new Set([POINTS, ...Object.keys(units)])
  return Object.fromEntries(
    [...names].map((unit) => {
      const scope = scopeOf(units, unit) === 'campaign' ? campaign.id : ''
      return [unit, numberIn(standing, userField.balance(unit, scope))]
    })
  )
}

function activityView(standing: Day, activity: ActivityRules) {
  const { campaign, now } = standing
  const { id } = activity
  const session = currentOrNext(activity, now)
  const ofSession = session && numberIn(standing, `${userField.times(campaign.id, id)}/${session.id}`)
  const { standing: standings } = httpKindOf(activity)
  return {
    id,
    kind: activity.kind,
    units: allowance(numberIn(standing, userField.times(campaign.id, id)), standings.most(activity)),
    ...standings.view?.(standing, activity),
    session: session === undefined ? null : { id: session.id, units: allowance(ofSession ?? 0, session.unitsPerUser) }
  }
}

/** Cards in force, the best one first: the first card that is for a task applies to it. */
function doublersView({ campaign, fields, now }: Standing) {
  const cards = (fields[userField.doubler(campaign.id)] ?? '').split(',').map((card) => card.split(';'))
  return cards
    .filter(([until = '']) => Number(until) > now)
    .toSorted(([, one], [, other]) => Number(other) - Number(one))
    .map(([until, factor, activities = '']) => ({
      factor: Number(factor),
      until: isoTime(Number(until)),
      activities: activities === '' ? null : activities.split('+')
    }))
}

function entitlementsOf(standing: Standing): string[] {
  const { campaign } = standing
  return [...entitlementNames(campaign.rules)].filter(
    (name) => numberIn(standing, userField.entitlement(campaign.id, name)) > 0
  )
}

/**
 * The standing of a user in a campaign: balances, chances, counts and what is left of limits.
 * @param titles what the user is called after leaderboards whose order is final
 */
export function standingView(standing: Standing, titles: readonly string[] = []) {
  const { campaign, fields, now } = standing
  const { id, rules } = campaign
  const doublers = doublersView(standing)
  const levels = levelsView(standing)
  const day: Day = { ...standing, today: dayNumberAt(now, rules.timezone) }
  const activities = visibleActivities(campaign, now)
  const shownOf = (view: 'chances' | 'streak') =>
    activities.flatMap((activity) => {
      const shown = httpKindOf(activity).standing[view]?.(day, activity)
      return shown === undefined ? [] : [[activity.id, shown] as const]
    })
  return {
    campaign: id,
    level: levelOf(standing),
    ...(levels && { levels }),
    disqualified: fields[userField.disqualified(id)] === '1',
    localDay: dateOfDay(day.today),
    balances: balancesView(standing),
    chances: Object.fromEntries(shownOf('chances')),
    doubler: doublers[0] ?? null,
    doublers,
    titles,
    streak: Object.fromEntries(shownOf('streak')),
    entitlements: entitlementsOf(standing),
    units: allowance(numberIn(standing, userField.participation(id)), rules.unitsPerUser),
    activities: activities.map((activity) => activityView(day, activity))
  }
}
