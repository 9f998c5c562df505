import type { KindRules } from '../../parts/kind.ts'
import { checkInvite, checkOnly } from './check.ts'
import { compileInvite } from './compile.ts'
import { type InviteDefinition, InviteSchema } from './definition.ts'
import { type Invite, inviteDefinition, inviteRules } from './rules.ts'

/** Users who bring others, and rewards for both. */
export const invite: KindRules<InviteDefinition, Invite> = {
  schema: InviteSchema,
  frozen: ['link', 'newUsers', 'qualifiesOn', 'inviter', 'invitee', 'perInviter'] satisfies ReadonlyArray<keyof Invite>,
  check: checkInvite,
  rules: inviteRules,
  definition: inviteDefinition,
  compile: compileInvite,
  checkTogether: checkOnly,
  isFollowed: () => true,
  rewards: ({ inviter, invitee }) => [inviter?.reward ?? null, invitee?.reward ?? null]
}
