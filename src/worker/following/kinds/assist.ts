import type { Assist } from '../../../campaign/kinds/assist/rules.ts'
import { poolsOf } from '../../../campaign/kinds/prizes.ts'
import { dayNumberAt } from '../../../campaign/parts/local-time.ts'
import { decodeAssist } from '../../../record/reports/assist.ts'
import { type Credit, noteCredits, voidCredits } from '../../../store/following/credits.ts'
import type { Followed } from '../../../store/following/followed.ts'
import { type BestShare, bestShares, noteVoidedAssists } from '../../../store/shares/assists.ts'
import { noteVoidedShares } from '../../../store/shares/verification.ts'
import type { ActivityListeners } from '../listener.ts'
import { voidedIn } from '../voided.ts'

interface Thresholds {
  readonly campaign: string
  readonly timezone: string
  readonly activity: Assist
}

/** What a threshold gives is given once to each sharer, whichever share reached it, so that friends do not help one share after the other. */
const causeOf = ({ activity }: Thresholds, count: number, sharer: string) => `${activity.id}/${count}/${sharer}`

function creditsOf(of: Thresholds, best: readonly BestShare[], given: readonly Followed[]): Credit[] {
  const { campaign, timezone, activity } = of
  const lastAt = new Map(given.map(({ report, at }) => [decodeAssist(report).sharer, at]))
  return best.flatMap(({ sharer, share, count }) =>
    activity.thresholds
      .filter((threshold) => lastAt.has(sharer) && count >= threshold.count)
      .map((threshold) => ({
        campaign,
        cause: causeOf(of, threshold.count, sharer),
        role: `${activity.id}/${threshold.count}`,
        activity: activity.id,
        action: String(threshold.count),
        user: sharer,
        about: share,
        pool: poolsOf(activity),
        // that of the assist which reached it
        day: dayNumberAt(lastAt.get(sharer) ?? 0, timezone),
        request: { share, threshold: threshold.count }
      }))
  )
}

/** The causes whose rewards no share of the sharer has reached any more. */
function missedOf(of: Thresholds, best: readonly BestShare[]): string[] {
  return best.flatMap(({ sharer, count }) =>
    of.activity.thresholds
      .filter((threshold) => count < threshold.count)
      .map((threshold) => causeOf(of, threshold.count, sharer))
  )
}

/** A sharer gets what a threshold gives when one of their shares has so many assists, and loses it when assists are voided. */
export const assist: ActivityListeners<Assist> = {
  listenerOf: (activity, { id: campaign, timezone }) => ({
    name: activity.id,
    async take(session, decisions) {
      const of = { campaign, timezone, activity }
      const given = decisions.filter(({ type }) => type === 'assist.given')
      const assists = voidedIn(decisions, 'assist')
      const shares = voidedIn(decisions, 'share')
      if (shares.length > 0) await noteVoidedShares(session, campaign, shares)
      await noteVoidedAssists(session, assists)
      const isVoiding = assists.length + shares.length > 0
      if (given.length === 0 && !isVoiding) return
      const helped = given.map(({ report }) => decodeAssist(report).sharer)
      // also of a share without assists: one may be stored meanwhile, and is to wait for what voids the share
      const voiders = decisions.filter(({ type }) => type === 'share.voided').map(({ user }) => user)
      const best = await bestShares(session, campaign, { sharers: [...helped, ...voiders], assists })
      await noteCredits(session, creditsOf(of, best, given))
      if (isVoiding) await voidCredits(session, campaign, missedOf(of, best))
    }
  })
}
