import type { Units } from './scope.ts'

/** The window of the campaign that an activity belongs to, ms since 1970. */
export interface Window {
  readonly opensAt: number
  readonly closesAt: number
}

/** The same with the zone in which its local days are told. */
export interface LocalWindow extends Window {
  readonly timezone: string
}

/**
 * What an activity knows of the campaign in force around it. The rules of a campaign are one, so none is made for it;
 * an activity of any kind may have chances, without knowing what kind it is.
 */
export interface CampaignContext extends LocalWindow {
  readonly id: string
  readonly units: Units
  readonly policies: { readonly unusedDailyChances: string }
  readonly activities: ReadonlyArray<{
    readonly id: string
    readonly chances?: { readonly extraPerDay: number } | null
  }>
}

/** Whether users have chances of an activity, such as a draw whose spins cost one. */
export function hasChances({ activities }: Pick<CampaignContext, 'activities'>, id: string): boolean {
  return Boolean(activities.find((activity) => activity.id === id)?.chances)
}

/** The most chances that a user is given a day beside the daily ones; 0 for no limit. */
export function extraChances({ activities }: Pick<CampaignContext, 'activities'>, id: string): number {
  return activities.find((activity) => activity.id === id)?.chances?.extraPerDay ?? 0
}
