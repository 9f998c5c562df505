import { isoTime } from '../../base/iso-time.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { noteCredits } from '../../store/following/credits.ts'
import { askRecounts } from '../../store/following/level-recounts.ts'
import { verifyShares } from '../../store/shares/verification.ts'
import { dayNumberAt } from '../parts/local-time.ts'

/** A share of which a visit or a service says that it is genuine. */
export interface VerifiedShare {
  readonly share: string
  readonly campaign: string
  /** the activity by which users share */
  readonly activity: string
  readonly channel: string
  /** code pools of what the activity gives */
  readonly pool: string
  /** whether the channel gives something; true where absent */
  readonly isReward?: boolean
  /** whose share it is */
  readonly sharer: string
  readonly timezone: string
  /** whether levels rest on shares */
  readonly forLevels: boolean
  /** `visit`, or the name of a service */
  readonly by: string
  /** ms since 1970: the day for which its channel's cap counts */
  readonly at: number
}

/**
 * Notes shares as verified, and what their users get for it: each once, whoever says it and however often, and none that was voided.
 * In the caller's transaction, so that no share is verified without its reward.
 */
export async function verifyAndCredit(session: Queryable, verified: readonly VerifiedShare[]): Promise<void> {
  if (verified.length === 0) return
  const fresh = await verifyShares(session, verified)
  const first = new Map(verified.toReversed().map((each) => [each.share, each]))
  const due = [...first.values()].filter(({ share }) => fresh.has(share))
  await askRecounts(
    session,
    due.flatMap(({ share, forLevels }) => (forLevels ? share : []))
  )
  await noteCredits(
    session,
    due.map(({ share, campaign, activity, channel, pool, isReward = true, sharer, timezone, by, at }) => ({
      campaign,
      cause: share,
      role: `${activity}/${channel}`,
      activity,
      action: channel,
      user: sharer,
      about: share,
      pool,
      isReward,
      day: dayNumberAt(at, timezone),
      request: { share, channel, verifiedBy: by, verifiedAt: isoTime(at) }
    }))
  )
}
