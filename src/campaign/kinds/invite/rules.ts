import { commonDefinition, commonRules, wholeSession, windowDefinition } from '../../parts/activity.ts'
import type { Window } from '../../parts/context.ts'
import type { ActivityBase, Reward } from '../../parts/model.ts'
import { rewardDefinition, rewardRules } from '../../parts/reward.ts'
import type { InviteDefinition } from './definition.ts'

/** What one side of a pair gets. */
interface Side {
  readonly on: 'accepted' | 'qualified'
  readonly reward: Reward
}

/** What an invitee has to do; `activity` is '' where it is a registration. */
interface Qualification {
  readonly by: 'registration' | 'task' | 'participation' | 'paid'
  readonly activity: string
}

/** Invitations in force. */
export interface Invite extends ActivityBase {
  readonly kind: 'invite'
  /** address with `{code}`, '' for none */
  readonly link: string
  readonly newUsers: boolean
  readonly qualifiesOn: Qualification
  readonly inviter: Side | null
  readonly invitee: Side | null
  /** how often an inviter is rewarded; 0 means no limit */
  readonly perInviter: { readonly day: number; readonly campaign: number }
}

type SideDefinition = NonNullable<InviteDefinition['inviter']>

const sideRules = (side: SideDefinition | undefined): Side | null =>
  side ? { on: side.on, reward: rewardRules(side.reward) } : null

const sideDefinition = ({ on, reward }: Side): SideDefinition => ({ on, reward: rewardDefinition(reward) })

export function qualificationOf(text: string): Qualification {
  const [by, activity = ''] = text.split(':')
  return { by: by as Qualification['by'], activity }
}

/** As the definition writes it. */
export function qualificationText({ by, activity }: Qualification): string {
  return activity === '' ? by : `${by}:${activity}`
}

export function inviteRules(invite: InviteDefinition, window: Window): Invite {
  const { link = '', newUsers = false, qualifiesOn, inviter, invitee, perInviter = {} } = invite
  return {
    ...commonRules(invite),
    kind: 'invite',
    link,
    newUsers,
    qualifiesOn: qualificationOf(qualifiesOn),
    inviter: sideRules(inviter),
    invitee: sideRules(invitee),
    perInviter: { day: perInviter.day ?? 0, campaign: perInviter.campaign ?? 0 },
    sessions: [wholeSession(invite, window)]
  }
}

/** The limits of an inviter in the form of a definition; none where there is no limit. */
export function limitsOfInviter({ perInviter: { day, campaign } }: Invite) {
  if (day === 0 && campaign === 0) return {}
  return { perInviter: { ...(day > 0 ? { day } : {}), ...(campaign > 0 ? { campaign } : {}) } }
}

export function inviteDefinition(invite: Invite): InviteDefinition {
  const { link, newUsers, qualifiesOn, inviter, invitee } = invite
  return {
    ...commonDefinition(invite),
    ...windowDefinition(invite),
    kind: 'invite',
    ...(link === '' ? {} : { link }),
    newUsers,
    qualifiesOn: qualificationText(qualifiesOn),
    ...(inviter ? { inviter: sideDefinition(inviter) } : {}),
    ...(invitee ? { invitee: sideDefinition(invitee) } : {}),
    ...limitsOfInviter(invite)
  }
}
