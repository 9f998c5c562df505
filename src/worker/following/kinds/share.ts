import { isNewUser } from '../../../campaign/actions/new-users.ts'
import type { Rules } from '../../../campaign/definition/rules.ts'
import type { Share } from '../../../campaign/kinds/share/rules.ts'
import { restsOnShares } from '../../../campaign/parts/levels.ts'
import { entityKindOf } from '../../../record/decisions.ts'
import { decodeOrder } from '../../../record/order.ts'
import { registrationsBy } from '../../../store/campaigns/registrations.ts'
import type { Queryable } from '../../../store/connection/transaction.ts'
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

/** Registrations that named a share before it was stored. */
async function earlyRegistrations(db: Queryable, rules: Rules, decisions: readonly Followed[]) {
  const made = decisions.filter(({ type }) => type === 'share.created').map(({ id }) => id)
  const reports = await registrationsBy(db, rules.id, made)
  return reports
    .filter((report) => isNewUser(report, rules.opensAt))
    .map(({ user, share, reportedAt: at }) => ({ what: 'registration', cause: user, user, at, share }) as const)
}

/** Orders and registrations are counted for the share that led to them, and what a voided share gave is taken back. */
export const share: ActivityListeners<Share> = {
  listenerOf: ({ id, attributionHours: hours }, rules) => ({
    name: id,
    async take(session, decisions) {
      const campaign = rules.id
      const ordered = decisions.filter(({ type }) => type === 'order.accepted')
      const led = await noteConversions(session, { campaign, hours }, [
        ...ordered.map(({ id: cause, user, at }) => ({ what: 'order', cause, user, at }) as const),
        ...(await earlyRegistrations(session, rules, decisions))
      ])
      const undone = await undoConversions(session, campaign, undoneOrders(decisions))
      const voided = voidedIn(decisions, 'share')
      if (restsOnShares(rules)) await askRecounts(session, [...led, ...undone, ...voided])
      if (voided.length === 0) return
      await noteVoidedShares(session, campaign, voided)
      await voidCredits(session, campaign, voided)
    }
  })
}
