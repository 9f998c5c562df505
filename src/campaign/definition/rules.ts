import { type ActivityRules, kindOf } from '../kinds/index.ts'
import { iso, moment, sessionDefinition } from '../parts/activity.ts'
import { type Calendar, calendarOf } from '../parts/calendar.ts'
import type { LevelDefinition } from '../parts/levels.ts'
import type { Units } from '../parts/scope.ts'
import type { Localized } from '../parts/shapes.ts'
import type { Definition } from './document.ts'

export interface Policies {
  readonly releasedOrderReturnsLimit: boolean
  readonly revokedWinReturnsQuota: boolean
  readonly unusedDailyChances: string
  readonly sessionRollover: string
  readonly returnRestocks: boolean
  readonly clawback: string
  readonly cancellable: string
  /** automatic where it is absent: campaigns that are published already do not say it */
  readonly rewardRelease?: 'automatic' | 'review'
  /** days after the end; absent: those of final.ts */
  readonly returnWithinDays?: number
  /** the most that operators may grant to a user, by unit; a unit without an entry has no cap */
  readonly grantCap?: Readonly<Record<string, number>>
}

/** A campaign in force: the published definition with defaults filled in and every adjustment applied. */
export interface Rules {
  readonly id: string
  readonly title: Localized
  readonly description?: Localized
  readonly timezone: string
  readonly opensAt: number
  readonly closesAt: number
  /** when it ended, where operators or a settlement said so; never later than closesAt */
  readonly endedAt?: number
  /** the campaign's own copy: a change of the deployment's calendar does not reach it */
  readonly calendar?: Calendar
  /** tokens per second and bucket size; null: no limit */
  readonly admission: { readonly ratePerSecond: number; readonly burst: number } | null
  readonly unitsPerUser: number
  readonly units: Units
  readonly policies: Policies
  /** sorted by id */
  readonly levels?: LevelDefinition[]
  readonly levelScope?: 'campaign' | 'account'
  readonly activities: readonly ActivityRules[]
}

export const defaultPolicies: Policies = {
  releasedOrderReturnsLimit: true,
  revokedWinReturnsQuota: true,
  unusedDailyChances: 'expire',
  sessionRollover: 'none',
  returnRestocks: false,
  clawback: 'toZero',
  cancellable: 'unpaid'
}

/**
 * The rules of a checked definition, before any adjustment. A calendar that is only named has to be put into the definition
 * before (lifecycle/calendars.ts): here it is as if there were none.
 */
export function rulesOf(definition: Definition): Rules {
  const { levels, $schema: _schema, limits, calendar, ...rest } = definition
  const window = {
    timezone: definition.timezone,
    opensAt: moment(definition.opensAt),
    closesAt: moment(definition.closesAt),
    ...(typeof calendar === 'object' && { calendar: calendarOf(calendar) })
  }
  return {
    ...rest,
    ...window,
    ...(levels && { levels: levels.toSorted((a, b) => a.id - b.id) }),
    admission: definition.admission ?? null,
    unitsPerUser: limits?.unitsPerUser ?? 0,
    units: definition.units ?? {},
    policies: { ...defaultPolicies, ...definition.policies },
    activities: definition.activities.map((activity) => kindOf(activity).rules(activity, window))
  }
}

function policiesDefinition({ grantCap, ...policies }: Policies) {
  return { ...policies, ...(grantCap === undefined ? {} : { grantCap: { ...grantCap } }) }
}

/** Rules converted back to a definition, sessions one by one, times in UTC: for pages, and as the start of a next version. */
export function definitionOf(rules: Rules): Definition {
  const { admission, unitsPerUser, units, policies, activities, calendar, endedAt: _endedAt, ...rest } = rules
  return {
    ...rest,
    opensAt: iso(rules.opensAt),
    closesAt: iso(rules.closesAt),
    ...(calendar && { calendar: { holidays: [...calendar.holidays], workdays: [...calendar.workdays] } }),
    ...(admission ? { admission: { ...admission } } : {}),
    ...(unitsPerUser > 0 ? { limits: { unitsPerUser } } : {}),
    units: { ...units },
    policies: policiesDefinition(policies) as NonNullable<Definition['policies']>,
    activities: activities.map((activity) => kindOf(activity).definition(activity))
  }
}

export function findActivity(rules: Rules, id: string): ActivityRules | undefined {
  return rules.activities.find((activity) => activity.id === id)
}

/** The rules with one activity replaced. */
export function withActivity(rules: Rules, activity: ActivityRules): Rules {
  return { ...rules, activities: rules.activities.map((other) => (other.id === activity.id ? activity : other)) }
}

/**
 * The rules of one activity (of the campaign itself where `activity` is '') as an operator reads them: definition and
 * pauses.
 */
export function describe(rules: Rules, id: string): Record<string, unknown> {
  if (id === '') return { ...definitionOf(rules), activities: undefined }
  const activity = findActivity(rules, id)
  if (!activity) return {}
  const kind = kindOf(activity)
  const described = { ...kind.definition(activity), paused: activity.paused }
  if (!kind.hasSessions) return described
  return {
    ...described,
    sessions: activity.sessions.map((session) => ({ ...sessionDefinition(session), paused: session.paused }))
  }
}
