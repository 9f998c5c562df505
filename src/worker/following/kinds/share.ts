import type { Share } from '../../../campaign/kinds/share/rules.ts'
import { restsOnShares } from '../../../campaign/parts/levels.ts'
import { entityKindOf } from '../../../record/decisions.ts'
import { decodeOrder } from '../../../record/order.ts'
import { voidCredits } from '../../../store/following/credits.ts'
import type { Followed } from '../../../store/following/followed.ts'
import { askRecounts } from '../../../store/following/level-recounts.ts'
import { noteConversions, undoConversions } from '../../../store/shares/conversions.ts'
import { noteVoidedShares } from '../../../store/shares/verification.ts'
import type { ActivityListeners } from '../listener.ts'
import { voidedIn } from '../voided.ts'

const UNDONE: ReadonlySet<string> = new Set(['expired', 'cancelled', 'returned'])

/** Orders that are over without a sale. */
function undoneOrders(decisions: readonly Followed[]): string[] {
  return decisions
    .filter(({ type, entity, record }) => {
      return entityKindOf(type) === 'order' && record !== '' && UNDONE.has(decodeOrder(entity, record).status)
    })
    .map(({ entity }) => entity)
}

/** Orders are counted for the share that led to them, and what a voided share gave is taken back. */
export const share: ActivityListeners<Share> = {
  listenerOf: ({ id, attributionHours: hours }, rules) => ({
    name: id,
    async take(session, decisions) {
      const campaign = rules.id
      const ordered = decisions.filter(({ type }) => type === 'order.accepted')
      const led = await noteConversions(
        session,
        { campaign, hours },
        ordered.map(({ id: cause, user, at }) => ({ what: 'order', cause, user, at }))
      )
      const undone = await undoConversions(session, campaign, undoneOrders(decisions))
      const voided = voidedIn(decisions, 'share')
      if (restsOnShares(rules)) await askRecounts(session, [...led, ...undone, ...voided])
      if (voided.length === 0) return
      await noteVoidedShares(session, campaign, voided)
      await voidCredits(session, campaign, voided)
    }
  })
}
