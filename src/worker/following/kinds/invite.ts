import { acceptInvite, type Inviting, qualifyPair, unqualifyByOrder } from '../../../campaign/actions/invite-pairs.ts'
import type { Invite } from '../../../campaign/kinds/invite/rules.ts'
import { decodeOrder } from '../../../record/order.ts'
import { clientKeyOf } from '../../../record/replay.ts'
import { decodeAcceptance } from '../../../record/reports/acceptance.ts'
import { boundAmong, lockInvites } from '../../../store/campaigns/invites.ts'
import type { Queryable } from '../../../store/connection/transaction.ts'
import type { Followed } from '../../../store/following/followed.ts'
import type { ActivityListeners } from '../listener.ts'

type Step = (db: Queryable) => Promise<void>

/** Whether a user took part by a decision: what they asked for, unless it moves on what they have. */
function isParticipation({ key, entity, id }: Followed): boolean {
  return clientKeyOf(key) !== undefined && (entity === '' || entity === id)
}

/** Whether an invitee qualifies by a decision. */
function qualifies({ qualifiesOn: { by, activity } }: Invite, decision: Followed): boolean {
  if (by === 'registration' || decision.activity !== activity) return false
  if (by === 'participation') return isParticipation(decision)
  return decision.type === (by === 'task' ? 'task.completed' : 'order.paid')
}

/** Whether nothing is left of an order. */
function isUndone({ type, record, entity }: Followed): boolean {
  if (type !== 'order.cancelled' && type !== 'order.returned') return false
  return ['cancelled', 'returned'].includes(decodeOrder(entity, record).status)
}

/** What a decision asks to be done; `invitee` where only that of somebody who is bound counts. */
function stepOf(
  inviting: Inviting,
  decision: Followed
): { readonly invitee?: string; readonly step: Step } | undefined {
  const { invite } = inviting
  const { id, user: invitee, at, epoch, sequence, entity } = decision
  if (decision.type === 'invite.accepted' && decision.activity === invite.id) {
    const accepted = { id, invitee, at, ...decodeAcceptance(decision.report) }
    return { step: (db) => acceptInvite(db, inviting, accepted) }
  }
  if (qualifies(invite, decision)) {
    const done = {
      invitee,
      at,
      decision: { epoch, sequence },
      ...(invite.qualifiesOn.by === 'paid' && { order: entity })
    }
    return { invitee, step: (db) => qualifyPair(db, inviting, done) }
  }
  if (invite.qualifiesOn.by !== 'paid' || decision.activity !== invite.qualifiesOn.activity) return undefined
  if (!isUndone(decision)) return undefined
  return { invitee, step: (db) => unqualifyByOrder(db, inviting, { invitee, order: entity, at }) }
}

/** Binds pairs, finds circles, and notes who qualified and what is due for it; one transaction of a campaign at a time. */
export const invite: ActivityListeners<Invite> = {
  listenerOf(activity, rules) {
    const inviting = { rules, invite: activity }
    return {
      name: activity.id,
      async take(session, decisions) {
        const asked = decisions.flatMap((decision) => stepOf(inviting, decision) ?? [])
        const doubtful = asked.flatMap((each) => each.invitee ?? [])
        const bound = await boundAmong(session, rules.id, [...new Set(doubtful)])
        // whoever accepts in this portion is not stored yet
        const anyAccepted = doubtful.length < asked.length
        const due = asked.filter(({ invitee }) => invitee === undefined || anyAccepted || bound.has(invitee))
        if (due.length === 0) return
        await lockInvites(session, rules.id)
        for (const { step } of due) await step(session)
      }
    }
  }
}
