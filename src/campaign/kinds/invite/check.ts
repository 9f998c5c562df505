import { type Add, type Context, checkCompleted, checkOwnWindow, checkReward } from '../../parts/check.ts'
import { shown } from '../../parts/explain.ts'
import type { InviteDefinition } from './definition.ts'
import { qualificationOf } from './rules.ts'

function checkQualification(invite: InviteDefinition, pointer: string, context: Context): void {
  const { add, kindById, inMoney } = context
  const { by, activity } = qualificationOf(invite.qualifiesOn)
  if (by === 'task') checkCompleted([activity], pointer, { ...context, add: (_, detail) => add(pointer, detail) })
  if (by === 'participation' && !kindById.has(activity)) add(pointer, `there is no activity ${shown(activity)}`)
  if (by === 'participation' && activity === invite.id)
    add(pointer, 'is the invitation itself: accepting it would be enough')
  if (by === 'paid' && !inMoney.some((kind) => kind === kindById.get(activity)))
    add(pointer, `there is no ${inMoney.join(' or ')} ${shown(activity)}`)
}

/** Checks what the schema of an invitation cannot say. */
export function checkInvite(invite: InviteDefinition, pointer: string, context: Context): void {
  const { inviter, invitee, perInviter } = invite
  checkOwnWindow(invite, pointer, context)
  checkQualification(invite, `${pointer}/qualifiesOn`, context)
  if (inviter) checkReward(inviter.reward, `${pointer}/inviter/reward`, context)
  if (invitee) checkReward(invitee.reward, `${pointer}/invitee/reward`, context)
  if (perInviter && !inviter) context.add(`${pointer}/perInviter`, 'limits nothing: the inviter gets no reward')
}

/** Codes and bindings belong to the campaign, so it has one activity of the kind. */
export function checkOnly(invites: ReadonlyArray<InviteDefinition | undefined>, add: Add): void {
  const [, ...others] = invites.flatMap((invite, index) => (invite ? [index] : []))
  for (const index of others) add(`/activities/${index}/kind`, 'a campaign has one invite at most')
}
