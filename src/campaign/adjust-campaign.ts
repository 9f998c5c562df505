import { iso } from './activity-parts.ts'
import type { ActivityRules, Session } from './activity-rules.ts'
import type { CampaignPatch } from './adjust-body.ts'
import { type Adjusted, Contradiction, changedPuts, guarded, momentAt, nothing } from './adjust-parts.ts'
import { activityKey, compileLimits, compileShipBy, type Put } from './compile.ts'
import { packSessions } from './packed.ts'
import type { Rules } from './rules.ts'

/** Sessions that last until the campaign's end go on doing so when the end moves. */
function moveEnd(rules: Rules, closesAt: number, now: number): Rules {
  if (closesAt <= now) throw new Contradiction('/closesAt', 'is in the past; to stop at once, end the campaign')
  if (closesAt <= rules.opensAt) throw new Contradiction('/closesAt', 'must be after opensAt')
  if (closesAt - rules.opensAt > 400 * 24 * 3600 * 1000) {
    throw new Contradiction('/closesAt', 'must be at most 400 days after opensAt')
  }
  const moved = (activity: ActivityRules, session: Session): Session => {
    // the seed of a draw that has ended may be public: it is not opened again
    const over = activity.kind === 'draw' && session.closesAt <= now
    const carried = session.closesAt === rules.closesAt && !over ? { ...session, closesAt } : session
    if (carried.closesAt > closesAt || carried.closesAt <= carried.opensAt) {
      throw new Contradiction(
        '/closesAt',
        `session ${session.id} of ${activity.id} lasts longer, until ${iso(session.closesAt)}`
      )
    }
    return carried
  }
  const activities = rules.activities.map((activity) => ({
    ...activity,
    sessions: activity.sessions.map((session) => moved(activity, session))
  }))
  return { ...rules, closesAt, activities }
}

/** `sessions` of each activity and `ship_by` of each sale, which depend on the campaign's window. */
function windowPuts(rules: Rules): Put[] {
  return rules.activities.flatMap((activity) => {
    const key = activityKey(rules.id, activity.id)
    const sessions: Put = [key, 'sessions', packSessions(activity.sessions)]
    return activity.kind === 'sale' ? [[key, 'ship_by', compileShipBy(rules, activity)] as const, sessions] : [sessions]
  })
}

/**
 * An adjustment of the campaign itself.
 * @param now ms since 1970
 * @param body what passed the schema `CampaignPatch`
 */
export function adjustCampaign(rules: Rules, now: number, body: CampaignPatch): Adjusted {
  return guarded(() => {
    const { closesAt, admission, limits } = body
    const data: Record<string, unknown> = {}
    let after = rules
    if (closesAt !== undefined) {
      after = moveEnd(after, momentAt(closesAt, '/closesAt'), now)
      data.closesAt = iso(after.closesAt)
    }
    if (admission !== undefined) {
      after = { ...after, admission }
      data.admission = admission
    }
    if (limits !== undefined) {
      after = { ...after, unitsPerUser: limits.unitsPerUser ?? 0 }
      data.limits = limits
    }
    if (Object.keys(data).length === 0) return nothing
    const puts = [
      ...changedPuts(compileLimits(rules), compileLimits(after)),
      ...changedPuts(windowPuts(rules), windowPuts(after))
    ]
    return { ok: true, rules: after, puts, adds: [], type: 'campaign.adjusted', data }
  })
}
