import { latestRegistration, type Registered } from '../../store/campaigns/registrations.ts'
import type { Queryable } from '../../store/connection/transaction.ts'

/** how far the clock of who says it may be ahead of ours */
const AHEAD_MS = 60_000

/** Whether somebody registered in a campaign: not before its opening, and not in the future when it was said. */
export function isNewUser({ registeredAt, reportedAt }: Registered, opensAt: number): boolean {
  return registeredAt >= opensAt && registeredAt <= reportedAt + AHEAD_MS
}

/**
 * When a user registered: as their token says, else as the latest report of a service does. Undefined where nobody says it, which
 * counts as long ago.
 * @param claimed `registeredAt` of the token, in seconds since 1970
 * @throws what Postgres throws
 */
export async function registrationOf(
  db: Queryable,
  who: { readonly campaign: string; readonly user: string; readonly claimed: number | null },
  now: number
): Promise<Registered | undefined> {
  if (who.claimed !== null) return { registeredAt: who.claimed * 1000, reportedAt: now }
  return latestRegistration(db, who.campaign, who.user)
}
