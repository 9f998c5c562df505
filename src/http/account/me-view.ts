import { isoTime } from '../../base/iso-time.ts'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import type { Draw } from '../../campaign/kinds/draw/rules.ts'
import { KEPT_DAYS } from '../../campaign/kinds/draw/rules.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import type { Task } from '../../campaign/kinds/task/rules.ts'
import { dayNumberAt } from '../../campaign/parts/local-time.ts'
import type { Reward } from '../../campaign/parts/model.ts'
import { POINTS, scopeOf } from '../../campaign/parts/scope.ts'
import { userField } from '../../record/user-fields.ts'
import { currentOrNext, visibleActivities } from '../campaigns/campaign-view.ts'
import { dateOfDay } from '../views/decision.ts'

/** Whose standing is shown, and when. */
export interface Standing {
  readonly campaign: CatalogueCampaign
  readonly level: number
  /** the user's hash in Redis, by field */
  readonly fields: Readonly<Record<string, string>>
  /** ms since 1970 */
  readonly now: number
  /** counts of tasks with a goal by `<task> <period>`; none where they are not known */
  readonly progress: ReadonlyMap<string, number>
}

/** As Standing, with the local day of the campaign's zone. */
interface Day extends Standing {
  readonly today: number
}

const numberIn = ({ fields }: Standing, field: string) => Number(fields[field] ?? 0)

/** Times or units taken against a limit per user; limit and left are null where there is none. */
function allowance(count: number, limit: number) {
  return { count, limit: limit || null, left: limit > 0 ? Math.max(0, limit - count) : null }
}

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

/** Unused chances of earlier days, where the campaign keeps them; as the gate reckons at the day's first spin. */
function carriedChances(standing: Day, draw: Draw, daily: number): number {
  const { campaign, fields, today } = standing
  if (campaign.rules.policies.unusedDailyChances !== 'keep') return 0
  const [day = '', carried] = (fields[userField.chancesKept(campaign.id, draw.id)] ?? '').split(';')
  if (Number(day) === today) return Number(carried)
  const most = KEPT_DAYS * daily
  if (day === '') {
    const opensAt = Math.max(campaign.rules.opensAt, ...draw.sessions.map((session) => session.opensAt))
    const idle = today - dayNumberAt(opensAt, campaign.rules.timezone)
    return Math.min(most, Math.max(0, idle) * daily)
  }
  const spent = numberIn(standing, userField.times(campaign.id, draw.id, Number(day)))
  return Math.min(most, Math.max(0, Number(carried) + daily - spent) + (today - Number(day) - 1) * daily)
}

function chancesView(standing: Day, draw: Draw) {
  const { campaign, today } = standing
  const { daily = 0, extraPerDay = 0 } = draw.chances ?? {}
  const spent = numberIn(standing, userField.times(campaign.id, draw.id, today))
  const left = daily === 0 ? 0 : Math.max(0, carriedChances(standing, draw, daily) + daily - spent)
  const extra = numberIn(standing, userField.chances(campaign.id, draw.id))
  const credited = numberIn(standing, userField.chancesCredited(campaign.id, draw.id, today))
  return { daily: left, dailyLimit: daily, extra, total: left + extra, extraToday: allowance(credited, extraPerDay) }
}

function streakView({ campaign, fields, today }: Day, task: Task) {
  const [day = '', length] = (fields[userField.streak(campaign.id, task.id)] ?? '').split(';')
  if (day === '') return { length: 0, lastDay: null, today: false }
  // a missed day breaks it
  const unbroken = Number(day) >= today - 1
  return {
    length: unbroken ? Number(length) : 0,
    lastDay: dateOfDay(Number(day)),
    today: Number(day) === today
  }
}

function taskView(standing: Day, task: Task) {
  const { campaign, today, progress } = standing
  const day = task.per === 'day' ? today : undefined
  const done = numberIn(standing, userField.times(campaign.id, task.id, day)) > 0
  const count = progress.get(`${task.id} ${day ?? ''}`)
  return {
    done,
    ...(task.goal && count !== undefined && { progress: { count, goal: task.goal.count } })
  }
}

function drawView(standing: Day, { id, limits }: Draw) {
  const { campaign, today } = standing
  return {
    today: allowance(numberIn(standing, userField.times(campaign.id, id, today)), limits.perDay),
    wins: allowance(numberIn(standing, userField.wins(campaign.id, id)), limits.winsPerCampaign)
  }
}

/** The most that a user may take of an activity over the campaign; 0 for no limit. */
function mostOf(activity: ActivityRules): number {
  if (activity.kind === 'draw') return activity.limits.perCampaign
  if (activity.kind === 'task') return activity.per === 'campaign' ? 1 : 0
  return activity.unitsPerUser
}

function activityView(standing: Day, activity: ActivityRules) {
  const { campaign, now } = standing
  const { id } = activity
  const session = currentOrNext(activity, now)
  const ofSession = session && numberIn(standing, `${userField.times(campaign.id, id)}/${session.id}`)
  return {
    id,
    kind: activity.kind,
    units: allowance(numberIn(standing, userField.times(campaign.id, id)), mostOf(activity)),
    ...(activity.kind === 'draw' && drawView(standing, activity)),
    ...(activity.kind === 'task' && taskView(standing, activity)),
    session: session === undefined ? null : { id: session.id, units: allowance(ofSession ?? 0, session.unitsPerUser) }
  }
}

/** Cards in force, the best one first: of those that are for a task, that one applies. */
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

/** Names of entitlements that activities of a campaign ask for or give. */
function entitlementNames({ rules }: CatalogueCampaign): Set<string> {
  const rewardsOf = (activity: ActivityRules): Array<Reward | null> => {
    if (activity.kind === 'task') return [activity.reward, ...activity.streak.map(({ reward }) => reward)]
    if (activity.kind !== 'draw') return []
    return activity.prizes.flatMap(({ reward, subPrizes }) => [reward, ...subPrizes.map((sub) => sub.reward)])
  }
  const names = rules.activities.flatMap((activity) => [
    activity.requires.entitlement,
    ...rewardsOf(activity).map((reward) => reward?.entitlement ?? '')
  ])
  return new Set(names.filter((name) => name !== ''))
}

function entitlementsOf(standing: Standing): string[] {
  const { campaign } = standing
  return [...entitlementNames(campaign)].filter(
    (name) => numberIn(standing, userField.entitlement(campaign.id, name)) > 0
  )
}

/** Where a user stands in a campaign: balances, chances, counts and what is left of limits. */
export function standingView(standing: Standing) {
  const { campaign, level, fields, now } = standing
  const { id, rules } = campaign
  const doublers = doublersView(standing)
  const day: Day = { ...standing, today: dayNumberAt(now, rules.timezone) }
  const activities = visibleActivities(campaign, now)
  const draws = activities.filter((activity) => activity.kind === 'draw')
  const streaks = activities.filter((activity) => activity.kind === 'task').filter(({ streak }) => streak.length > 0)
  return {
    campaign: id,
    level,
    disqualified: fields[userField.disqualified(id)] === '1',
    localDay: dateOfDay(day.today),
    balances: balancesView(standing),
    chances: Object.fromEntries(
      draws.filter(({ chances }) => chances !== null).map((draw) => [draw.id, chancesView(day, draw)])
    ),
    doubler: doublers[0] ?? null,
    doublers,
    titles: [],
    streak: Object.fromEntries(streaks.map((task) => [task.id, streakView(day, task)])),
    entitlements: entitlementsOf(standing),
    units: allowance(numberIn(standing, userField.participation(id)), rules.unitsPerUser),
    activities: activities.map((activity) => activityView(day, activity))
  }
}
