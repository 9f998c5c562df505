import { isDeepStrictEqual } from 'node:util'
import { isoTime } from '../../../base/iso-time.ts'
import { appliedAdds, balanceView, stockView } from '../../../campaign/carrying/applied.ts'
import { statusOf } from '../../../campaign/carrying/catalogue.ts'
import { type Change, rulesInForce } from '../../../campaign/carrying/context.ts'
import type { Foreseen } from '../../../campaign/change/plan.ts'
import { finalAt } from '../../../campaign/definition/final.ts'
import { definitionOf, type Rules } from '../../../campaign/definition/rules.ts'
import type { ArchiveWait } from '../../../campaign/lifecycle/archive-waits.ts'
import { isStockKey, isUserKey } from '../../../record/keys.ts'
import type { CampaignRow, VersionRow } from '../../../store/campaigns/campaigns.ts'
import type { IntentRow } from '../../../store/campaigns/intents.ts'
import { issuedUser } from '../../../store/connection/user-name.ts'
import type { CampaignPlace } from '../../../store/projection/campaign-places.ts'

/** The state of a campaign in answers: its review before the first publication, its status afterwards. */
export function stateOf(row: CampaignRow, now: number): string {
  const rules = rulesInForce(row)
  if (row.archived) return 'archived'
  if (rules) return statusOf({ ...row, rules }, now)
  return row.review === 'publishing' ? 'approved' : row.review
}

function inForceView(rules: Rules) {
  const pausedSessions = rules.activities.flatMap((sale) =>
    sale.sessions.filter((session) => session.paused).map((session) => `${sale.id}/${session.id}`)
  )
  return {
    definition: definitionOf(rules),
    pausedActivities: rules.activities.filter((sale) => sale.paused).map((sale) => sale.id),
    pausedSessions
  }
}

/** The next session that opens; null where none does any more. */
function nextOpening(rules: Rules, now: number) {
  const ahead = rules.activities.flatMap(({ id, sessions }) =>
    sessions.filter(({ opensAt }) => opensAt > now).map((session) => ({ activity: id, session }))
  )
  const [next] = ahead.toSorted((a, b) => a.session.opensAt - b.session.opensAt)
  return next ? { activity: next.activity, session: next.session.id, at: isoTime(next.session.opensAt) } : null
}

/** A campaign in a list. */
export function campaignItem(row: CampaignRow, now: number) {
  const rules = rulesInForce(row)
  return {
    id: row.id,
    ...(rules ? { title: rules.title } : {}),
    state: stateOf(row, now),
    version: row.version,
    review: row.review,
    author: row.author,
    submittedBy: row.submittedBy,
    approvedBy: row.approvedBy,
    publishedVersion: row.publishedVersion,
    publishedAt: row.publishedAt?.toISOString() ?? null,
    paused: row.paused,
    pausedWithAll: row.pausedWithAll,
    ended: row.ended,
    settled: row.settled,
    archived: row.archived,
    notice: row.notice,
    opensAt: rules ? isoTime(rules.opensAt) : null,
    closesAt: rules ? isoTime(rules.closesAt) : null,
    nextOpening: rules ? nextOpening(rules, now) : null,
    finalAt: rules ? isoTime(finalAt(rules)) : null,
    updatedAt: row.updatedAt.toISOString()
  }
}

/** What the archive of a campaign waits for, and how many decisions it would hold. */
export function archiveView(waitsFor: readonly ArchiveWait[], places: readonly CampaignPlace[]) {
  return { waitsFor, decisions: places.reduce((sum, { decisions }) => sum + decisions, 0) }
}

/** One campaign: the newest definition as it was saved, and the rules in force if it is published. */
export function campaignView(row: CampaignRow, newest: VersionRow | undefined, now: number) {
  const rules = rulesInForce(row)
  return {
    ...campaignItem(row, now),
    definition: newest?.definition ?? null,
    inForce: rules ? inForceView(rules) : null
  }
}

export function versionView(row: VersionRow) {
  return { version: row.version, author: row.author, savedAt: row.savedAt.toISOString(), definition: row.definition }
}

/** What the gate really added to or took from stock and balances: a removal takes at most what is left. */
function appliedChanges(intent: IntentRow, rules: Rules | undefined) {
  const adds = appliedAdds(intent, intent.applied)
  const stock = adds.filter(({ key }) => isStockKey(key)).map((add) => stockView(add, rules))
  const balances = adds.filter(({ key }) => isUserKey(key)).map(balanceView)
  return { ...(stock.length > 0 && { stock }), ...(balances.length > 0 && { balances }) }
}

/** The answer to a change that the gate carried out. */
export function changeView({ campaign, intent, warnings }: Change, now: number) {
  const known = warnings && { warnings }
  const item = campaignItem(campaign, now)
  if (!intent) return { outcome: 'confirmed', ...known, campaign: item }
  return {
    outcome: intent.state === 'open' ? 'pending' : 'confirmed',
    intent: String(intent.id),
    ...(intent.decision === null ? {} : { eventId: intent.decision }),
    ...appliedChanges(intent, rulesInForce(campaign)),
    ...known,
    campaign: item
  }
}

/** Sessions cannot be taken away again: buyers may have been told of them. */
function addsSessions({ before, after, data }: NonNullable<Foreseen['planned']>): boolean {
  const ids = (audited: unknown) => {
    const { sessions = [] } = (audited ?? {}) as { sessions?: ReadonlyArray<{ readonly id: string }> }
    return sessions.map(({ id }) => id)
  }
  return data.addedSessions !== undefined || ids(after).some((id) => !ids(before).includes(id))
}

/** What a change would do, for whom, and whether another change can undo it. */
export function foreseenView({ campaign, planned, notice, warnings }: Foreseen, now: number) {
  const told = notice === undefined || isDeepStrictEqual(campaign.notice, notice) ? undefined : { notice }
  return {
    dryRun: true,
    campaign: campaignItem(campaign, now),
    ...(planned?.user !== undefined && { user: issuedUser(planned.user) }),
    change: planned?.data ?? told ?? {},
    before: planned?.before ?? (told && { notice: campaign.notice }) ?? null,
    after: planned?.after ?? told ?? null,
    ...(warnings && { warnings }),
    canBeTakenBack: planned === undefined || !addsSessions(planned)
  }
}
