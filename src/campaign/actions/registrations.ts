import type { Pool } from 'pg'
import type { Kind } from '../../base/kinds.ts'
import { type Registered, type RegistrationReport, recordRegistration } from '../../store/campaigns/registrations.ts'
import { inTransaction, type Queryable } from '../../store/connection/transaction.ts'
import { askRecounts } from '../../store/following/level-recounts.ts'
import { noteConversions } from '../../store/shares/conversions.ts'
import type { CatalogueCampaign } from '../carrying/catalogue.ts'
import type { Rules } from '../definition/rules.ts'
import type { ActivityRules } from '../kinds/index.ts'
import { restsOnShares } from '../parts/levels.ts'
import { qualifyByReport } from './invite-pairs.ts'
import { isNewUser } from './new-users.ts'

/** What follows from a registration for an activity. Declared as a method: callers find it by the kind of the activity. */
interface AfterRegistration<Activity extends ActivityRules = ActivityRules> {
  /** whether it may look once more after the report is noted, at what was stored meanwhile */
  readonly looksAgain?: true
  follow(
    db: Queryable,
    where: { readonly rules: Rules; readonly activity: Activity },
    registered: Registered & Omit<RegistrationReport, 'campaign'>
  ): Promise<void>
}

/** By kind of activity; a kind that is not here does not ask for registrations. */
const byKind: { readonly [Name in Kind]?: AfterRegistration<Extract<ActivityRules, { readonly kind: Name }>> } = {
  invite: {
    follow: (db, { rules, activity }, registered) => qualifyByReport(db, { rules, invite: activity }, registered)
  },
  share: {
    looksAgain: true,
    async follow(db, { rules, activity }, registered) {
      if (!isNewUser(registered, rules.opensAt)) return
      // nobody is signed in before they have registered, so visits count until the report; a user registers once, whoever reports it
      const { user, reportedAt: at, share } = registered
      const conversion = { what: 'registration', cause: user, user, at, share } as const
      const led = await noteConversions(db, { campaign: rules.id, hours: activity.attributionHours }, [conversion])
      if (restsOnShares(rules)) await askRecounts(db, led)
    }
  }
}

/**
 * Notes a report of a registration once, and what follows from it, in one transaction.
 * @returns `conflict`: this event told something else before
 * @throws what Postgres throws
 */
export async function reportRegistration(
  pool: Pool,
  { id, rules }: CatalogueCampaign,
  report: Omit<RegistrationReport, 'campaign'> & Registered
): Promise<'recorded' | 'repeated' | 'conflict'> {
  const recorded = await inTransaction(pool, async (db) => {
    const noted = await recordRegistration(db, { ...report, campaign: id })
    if (noted === 'recorded') await followRegistration(db, rules, report)
    return noted
  })
  // once more where it names a share, which may have been stored meanwhile: whoever follows shares may have looked before this report
  // was there. A conversion is counted once.
  if (recorded !== 'conflict' && report.share !== null) {
    const again = rules.activities.filter(({ kind }) => byKind[kind]?.looksAgain)
    await followRegistration(pool, { ...rules, activities: again }, report)
  }
  return recorded
}

async function followRegistration(
  db: Queryable,
  rules: Rules,
  report: Registered & Omit<RegistrationReport, 'campaign'>
): Promise<void> {
  for (const activity of rules.activities) {
    const after: AfterRegistration | undefined = byKind[activity.kind]
    await after?.follow(db, { rules, activity }, report)
  }
}
