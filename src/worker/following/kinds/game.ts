import { type Game, SHARED } from '../../../campaign/kinds/game/rules.ts'
import { dayNumberAt } from '../../../campaign/parts/local-time.ts'
import { playersAmong } from '../../../store/campaigns/game-sources.ts'
import { noteCredits } from '../../../store/following/credits.ts'
import { sharesById } from '../../../store/shares/shares.ts'
import type { ActivityListeners } from '../listener.ts'

/**
 * Who shares a result of a game gets what it gives for that once the share is verified; the share is the cause, so a share that is voided
 * takes it back.
 */
export const game: ActivityListeners<Game> = {
  listenerOf({ id, onShared }, { id: campaign, timezone }) {
    if (!onShared) return undefined
    return {
      name: id,
      async take(session, decisions) {
        const verified = decisions.filter(({ type }) => type === 'share.verified')
        if (verified.length === 0) return
        const ids = verified.map(({ request }) => (request as { readonly share: string }).share)
        const shares = (await sharesById(session, ids)).filter(
          // one that was voided before this came is a cause that nobody voids any more
          ({ subjectType, subject, voided }) => subjectType === 'result' && subject === id && !voided
        )
        if (shares.length === 0) return
        const players = await playersAmong(session, { campaign, game: id, users: shares.map(({ user }) => user) })
        const credits = shares.map(({ id: share, user, verifiedAt, createdAt }) => ({
          campaign,
          cause: share,
          role: `${id}/${SHARED}`,
          activity: id,
          action: SHARED,
          user,
          about: share,
          day: dayNumberAt((verifiedAt ?? createdAt).getTime(), timezone),
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
