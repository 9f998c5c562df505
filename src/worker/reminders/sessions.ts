import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import { kindOf } from '../../campaign/kinds/index.ts'
import type { ReservedSession } from '../../store/campaigns/reminders.ts'

/** A session of a running campaign that may be reserved. */
export interface Reminded extends ReservedSession {
  /** the activity that the session is of */
  readonly of: string
  /** ms since 1970 */
  readonly opensAt: number
  readonly remindMs: number
  readonly paused: boolean
}

/** What was not told by then is not told: an event on its way must not arrive after the opening. */
const LAST_MS = 500

export function isTooLate({ opensAt }: Reminded, now: number): boolean {
  return now >= opensAt - LAST_MS
}

/** The sessions of a campaign whose users are reminded. */
export function remindedSessions({ id, rules, paused: stopped }: CatalogueCampaign, shard: number): Reminded[] {
  return rules.activities.flatMap((activity) => {
    const reserved = kindOf(activity).reserves?.(activity)
    const target = reserved && rules.activities.find((other) => other.id === reserved.of)
    return (target?.sessions ?? []).map((session) => ({
      shard,
      campaign: id,
      activity: activity.id,
      session: session.id,
      of: reserved?.of ?? '',
      opensAt: session.opensAt,
      remindMs: reserved?.remindMs ?? 0,
      paused: stopped || activity.paused || target?.paused === true || session.paused
    }))
  })
}
