import { compileLimits } from '../definition/compile.ts'
import type { Rules } from '../definition/rules.ts'
import { type ActivityRules, kindOf } from '../kinds/index.ts'
import { addedSessions, iso } from '../parts/activity.ts'
import { LONGEST_MS, MAX_DAYS, MAX_SESSIONS } from '../parts/bounds.ts'
import { Contradiction, momentAt } from '../parts/contradiction.ts'
import { type AddEntry, activityKey, type Put, putsOf, stockKey } from '../parts/fields.ts'
import type { Session } from '../parts/model.ts'
import { packSessions } from '../parts/packed.ts'
import { type Adjusted, changedPuts, guarded, nothing } from './draft.ts'
import type { CampaignPatch } from './patch.ts'

/** A moved end of a campaign: the new rules in force, and the sessions of the added days. */
interface Moved {
  readonly rules: Rules
  readonly added: ReadonlyArray<{ readonly activity: ActivityRules; readonly sessions: readonly Session[] }>
}

function checkEnd(rules: Rules, closesAt: number, now: number): void {
  if (closesAt <= now) throw new Contradiction('/closesAt', 'is in the past; to stop at once, end the campaign')
  if (closesAt <= rules.opensAt) throw new Contradiction('/closesAt', 'must be after opensAt')
  if (closesAt - rules.opensAt > LONGEST_MS) {
    throw new Contradiction('/closesAt', `must be at most ${MAX_DAYS} days after opensAt`)
  }
  // what is given later would never expire, and users were promised the moment
  for (const [unit, { expiresAt }] of Object.entries(rules.units)) {
    if (expiresAt !== undefined && closesAt > momentAt(expiresAt, '/closesAt'))
      throw new Contradiction('/closesAt', `must not be after ${expiresAt}, when ${unit} of the campaign expire`)
  }
}

/** The sessions of added days, without those that would have begun already: a session must have its full length. */
function sessionsToCome(rules: Rules, closesAt: number, now: number): Moved['added'] {
  const added = rules.activities.flatMap((activity) => {
    const sessions = addedSessions(activity, rules, { ...rules, closesAt }).filter(({ opensAt }) => opensAt >= now)
    return sessions.length === 0 ? [] : [{ activity, sessions }]
  })
  const all = [...rules.activities.map(({ sessions }) => sessions), ...added.map(({ sessions }) => sessions)]
  const count = all.reduce((sum, sessions) => sum + sessions.length, 0)
  if (count > MAX_SESSIONS) {
    throw new Contradiction('/closesAt', `leads to ${count} sessions; a campaign has at most ${MAX_SESSIONS}`)
  }
  return added
}

/** Sessions that last until the campaign's end move with it; daily sessions keep their length. */
function moveEnd(rules: Rules, closesAt: number, now: number): Moved {
  checkEnd(rules, closesAt, now)
  const added = sessionsToCome(rules, closesAt, now)
  const moved = (activity: ActivityRules, session: Session): Session => {
    // its seed may be public, so it is never opened again
    const over = kindOf(activity).hasSeed && session.closesAt <= now
    const stays = over || activity.daily !== undefined
    const carried = session.closesAt === rules.closesAt && !stays ? { ...session, closesAt } : session
    if (carried.closesAt > closesAt || carried.closesAt <= carried.opensAt) {
      throw new Contradiction(
        '/closesAt',
        `session ${session.id} of ${activity.id} lasts longer, until ${iso(session.closesAt)}`
      )
    }
    return carried
  }
  const activities = rules.activities.map((activity) => {
    const sessions = activity.sessions.map((session) => moved(activity, session))
    const more = added.find((more) => more.activity === activity)?.sessions ?? []
    return { ...activity, sessions: inOrder(activity.id, [...sessions, ...more]) }
  })
  return { rules: { ...rules, closesAt, activities }, added }
}

/** @throws Contradiction where a session that an operator added overlaps a new one */
function inOrder(activity: string, sessions: Session[]): Session[] {
  const sorted = sessions.sort((a, b) => a.opensAt - b.opensAt)
  for (const [index, session] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before === undefined || session.opensAt >= before.closesAt) continue
    throw new Contradiction('/closesAt', `session ${session.id} of ${activity} would overlap session ${before.id}`)
  }
  return sorted
}

/** The stock of added sessions, in the form in which a publication preloads stock. */
function stockOfAdded(rules: Rules, added: Moved['added']): AddEntry[] {
  return added.flatMap(({ activity, sessions }) =>
    sessions.map((session): AddEntry => [stockKey(rules.id, activity.id), `${session.id}:remaining`, session.stock])
  )
}

/** The fields of each activity that depend on the campaign's window. */
function windowPuts(rules: Rules): Put[] {
  return rules.activities.flatMap((activity) => {
    const fields = kindOf(activity).windowFields?.(rules, activity)
    return putsOf(activityKey(rules.id, activity.id), { ...fields, sessions: packSessions(activity.sessions) })
  })
}

/**
 * An adjustment of the campaign itself.
 * @param now ms since 1970
 * @param body a body that passed the schema `CampaignPatch`
 */
export function adjustCampaign(rules: Rules, now: number, body: CampaignPatch): Adjusted {
  return guarded(() => {
    const { closesAt, admission, limits } = body
    const data: Record<string, unknown> = {}
    const adds: AddEntry[] = []
    let after = rules
    if (closesAt !== undefined) {
      const moved = moveEnd(after, momentAt(closesAt, '/closesAt'), now)
      after = moved.rules
      data.closesAt = iso(after.closesAt)
      adds.push(...stockOfAdded(after, moved.added))
      if (moved.added.length > 0) {
        data.addedSessions = moved.added.map(({ activity, sessions }) => ({
          activity: activity.id,
          sessions: sessions.map(({ id }) => id)
        }))
      }
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
    return { ok: true, rules: after, puts, adds, type: 'campaign.adjusted', data }
  })
}
