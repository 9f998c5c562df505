import {
  type AcceptedInvite,
  closesCircle,
  lockInvites,
  qualifyInvite,
  type StoredInvite,
  storeInvite,
  voidInviteOfOrder
} from '../../store/campaigns/invites.ts'
import { latestRegistration, type Registered } from '../../store/campaigns/registrations.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { type Credit, noteCredits, voidCredits } from '../../store/following/credits.ts'
import type { Invite } from '../kinds/invite/rules.ts'
import { dayNumberAt } from '../parts/local-time.ts'
import { isNewUser } from './new-users.ts'

// What becomes of pairs of inviter and invitee. Every function is called in a transaction that holds the lock of the campaign's
// invitations (`lockInvites`), and what follows is noted in the same transaction.

/** The invitations of a campaign, and what of its rules they depend on. */
export interface Inviting {
  readonly rules: {
    readonly id: string
    readonly timezone: string
    readonly opensAt: number
    readonly closesAt: number
  }
  readonly invite: Invite
}

/** What is given for a pair's qualifying has a cause of its own, so that it alone can be voided. */
export const qualifiedCause = (id: string) => `${id}/qualified`

type Named = Pick<StoredInvite, 'id' | 'inviter' | 'invitee'>

interface Due {
  readonly cause: string
  readonly action: 'inviter' | 'invitee' | 'qualified' | 'voided'
  /** whose local day counts, ms since 1970 */
  readonly at: number
  readonly told?: object
}

function creditOf({ rules, invite }: Inviting, pair: Named, { cause, action, at, told = {} }: Due): Credit {
  const { id, inviter, invitee } = pair
  return {
    campaign: rules.id,
    cause,
    role: `${invite.id}/${action}`,
    activity: invite.id,
    action,
    user: action === 'invitee' ? invitee : inviter,
    about: id,
    day: dayNumberAt(at, rules.timezone),
    isReward: action === 'inviter' || action === 'invitee',
    request: { invite: id, inviter: issuedUser(inviter), invitee: issuedUser(invitee), ...told }
  }
}

/** The sides that are rewarded at a moment. */
function rewardedOn({ invite }: Inviting, moment: 'accepted' | 'qualified') {
  return (['inviter', 'invitee'] as const).filter((side) => invite[side]?.on === moment)
}

/** Whether a registration counts: one in the time of the campaign. */
function counts({ rules }: Inviting, registered: Registered): boolean {
  return isNewUser(registered, rules.opensAt) && registered.registeredAt < rules.closesAt
}

/**
 * Binds an invitee and notes what is due at once; one that closes a circle is voided, and nobody gets anything for it.
 * @param accepted.registeredAt as the token of the invitee said it, ms since 1970
 */
export async function acceptInvite(
  db: Queryable,
  inviting: Inviting,
  accepted: Omit<AcceptedInvite, 'campaign' | 'activity' | 'voided'> & { readonly registeredAt: number | null }
): Promise<void> {
  const { rules, invite } = inviting
  const { id, invitee, at, registeredAt } = accepted
  const circle = await closesCircle(db, { campaign: rules.id, ...accepted })
  const voided = circle ? 'CIRCULAR' : undefined
  if (!(await storeInvite(db, { ...accepted, campaign: rules.id, activity: invite.id, voided }))) return
  if (circle) {
    await noteCredits(db, [creditOf(inviting, accepted, { cause: id, action: 'voided', at, told: { reason: voided } })])
    return
  }
  const sides = rewardedOn(inviting, 'accepted')
  await noteCredits(
    db,
    sides.map((action) => creditOf(inviting, accepted, { cause: id, action, at }))
  )
  if (invite.qualifiesOn.by !== 'registration') return
  const claimed = registeredAt === null ? undefined : { registeredAt, reportedAt: at }
  const known = claimed && counts(inviting, claimed) ? claimed : await latestRegistration(db, rules.id, invitee)
  if (known) await qualifyRegistered(db, inviting, { ...known, user: invitee })
}

type RegisteredUser = Registered & { readonly user: string }

/** Notes that an invitee qualified by a registration, if it counts. */
async function qualifyRegistered(db: Queryable, inviting: Inviting, who: RegisteredUser): Promise<void> {
  if (counts(inviting, who)) await qualifyPair(db, inviting, { invitee: who.user, at: who.registeredAt })
}

/** As `qualifyRegistered`, for a report that just came: it takes the lock itself. */
export async function qualifyByReport(db: Queryable, inviting: Inviting, reported: RegisteredUser): Promise<void> {
  if (inviting.invite.qualifiesOn.by !== 'registration') return
  await lockInvites(db, inviting.rules.id)
  await qualifyRegistered(db, inviting, reported)
}

/** What an invitee did; `decision` where only one after the acceptance counts. */
interface Done {
  readonly invitee: string
  readonly at: number
  readonly decision?: { readonly epoch: number; readonly sequence: number }
  readonly order?: string
}

/** Notes that a pair qualified and what is due for it, once a pair. */
export async function qualifyPair(db: Queryable, inviting: Inviting, done: Done): Promise<void> {
  const { invitee, at, decision = null, order = null } = done
  const pair = await qualifyInvite(db, { campaign: inviting.rules.id, invitee, at, decision, order })
  if (pair === undefined) return
  const qualifiedAt = pair.qualifiedAt ?? at
  const told = { qualifiedAt: new Date(qualifiedAt).toISOString() }
  const sides = rewardedOn(inviting, 'qualified')
  // the inviter's credit tells that the pair qualified, also where no reward is due for it
  const actions = sides.includes('inviter') ? sides : (['qualified', ...sides] as const)
  const due = { cause: qualifiedCause(pair.id), at: qualifiedAt, told }
  await noteCredits(
    db,
    actions.map((action) => creditOf(inviting, pair, { ...due, action }))
  )
}

/** Voids the pair that qualified by an order of which nothing is left, and takes back what was given for it. */
export async function unqualifyByOrder(
  db: Queryable,
  inviting: Inviting,
  { invitee, order, at }: { readonly invitee: string; readonly order: string; readonly at: number }
): Promise<void> {
  const reason = 'RETURNED'
  const pair = await voidInviteOfOrder(db, { campaign: inviting.rules.id, invitee, order }, reason)
  if (pair === undefined) return
  await voidCredits(db, inviting.rules.id, [qualifiedCause(pair.id)])
  const told = { reason, ...(pair.qualifiedAt !== null && { qualifiedAt: new Date(pair.qualifiedAt).toISOString() }) }
  await noteCredits(db, [creditOf(inviting, pair, { cause: pair.id, action: 'voided', at, told })])
}
