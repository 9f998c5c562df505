import type { Calendar } from './calendar.ts'
import type { ActivityBase } from './model.ts'
import type { Units } from './scope.ts'

/** The window of the campaign that an activity belongs to, ms since 1970. */
export interface Window {
  readonly opensAt: number
  readonly closesAt: number
}

/** The same with the zone of its local days, and with its calendar where it has one. */
export interface LocalWindow extends Window {
  readonly timezone: string
  readonly calendar?: Calendar
}

/**
 * What a kind may read of the campaign in force. The rules of a campaign have these fields, so no object is made for it.
 * Activities have optional `chances` here: a kind can ask for chances without knowing of which kind the activity is.
 */
export interface CampaignContext extends LocalWindow {
  readonly id: string
  readonly units: Units
  readonly policies: { readonly unusedDailyChances: string }
  readonly activities: ReadonlyArray<{
    readonly id: string
    readonly chances?: { readonly extraPerDay: number } | null
    readonly sessions: ActivityBase['sessions']
    readonly prizes?: readonly object[]
  }>
}

/** The ids of the activities that have prizes: those of which users have counted wins. */
export function drawsOf({ activities }: Pick<CampaignContext, 'activities'>): string[] {
  return activities.filter(({ prizes }) => prizes !== undefined).map(({ id }) => id)
}

/** Whether users have chances of an activity, such as a draw whose spins cost one. */
export function hasChances({ activities }: Pick<CampaignContext, 'activities'>, id: string): boolean {
  return Boolean(activities.find((activity) => activity.id === id)?.chances)
}

/** The most extra chances that a user gets a day, beside the daily ones; 0 means no limit. */
export function extraChances({ activities }: Pick<CampaignContext, 'activities'>, id: string): number {
  return activities.find((activity) => activity.id === id)?.chances?.extraPerDay ?? 0
}
