import { type Game, SHARED } from '../../../campaign/kinds/game/rules.ts'
import { dayNumberAt } from '../../../campaign/parts/local-time.ts'
import { decodeShare } from '../../../record/reports/share.ts'
import { playersAmong } from '../../../store/campaigns/game-sources.ts'
import { noteCredits } from '../../../store/following/credits.ts'
import type { Followed } from '../../../store/following/followed.ts'
import type { ActivityListeners } from '../listener.ts'

/** Whether a decision is a share of results of this game. */
function sharesResult(game: string, { type, report }: Followed): boolean {
  if (type !== 'share.created') return false
  const { subjectType, subject } = decodeShare(report)
  return subjectType === 'result' && subject === game
}

/** Who shares a result of a game gets what it gives for that; the share is the cause, so a share that is voided takes it back. */
export const game: ActivityListeners<Game> = {
  listenerOf({ id, onShared }, { id: campaign, timezone }) {
    if (!onShared) return undefined
    return {
      name: id,
      async take(session, decisions) {
        const shares = decisions.filter((decision) => sharesResult(id, decision))
        if (shares.length === 0) return
        const users = [...new Set(shares.map(({ user }) => user))]
        const players = await playersAmong(session, { campaign, game: id, users })
        const credits = shares.map(({ id: share, user, at }) => ({
          campaign,
          cause: share,
          role: `${id}/${SHARED}`,
          activity: id,
          action: SHARED,
          user,
          about: share,
          day: dayNumberAt(at, timezone),
          request: {}
        }))
        // whoever never played has no result to share
        await noteCredits(
          session,
          credits.filter(({ user }) => players.has(user))
        )
      }
    }
  }
}
