import { type Static, Type } from 'typebox'
import { fromStore } from '../../../base/deadline.ts'
import { isNewUser, registrationOf } from '../../../campaign/actions/new-users.ts'
import type { Invite } from '../../../campaign/kinds/invite/rules.ts'
import type { ParticipateCommand } from '../../../gate/batch/commands.ts'
import { userField } from '../../../record/fields.ts'
import { encodeInvitation } from '../../../record/invitation.ts'
import { decisionOfCode, printedCode } from '../../../record/invite-code.ts'
import { replayField } from '../../../record/replay.ts'
import { decodeAcceptance } from '../../../record/reports/acceptance.ts'
import { requestHash } from '../../../record/request-hash.ts'
import { closesCircle } from '../../../store/campaigns/invites.ts'
import { issuedUser } from '../../../store/connection/user-name.ts'
import { ProblemError } from '../../problems/problems.ts'
import { maskUser } from '../../views/mask-user.ts'
import { confirmedHead } from '../../views/schemas.ts'
import { EmptyBody } from '../../wire/schemas.ts'
import type { Decided, Participation, Services } from '../kind.ts'
import { participateCommand, type Wish } from '../parts/command.ts'
import { headOf } from '../parts/decision.ts'
import { inviterOf } from './inviter.ts'

type InviteWish = Wish<Invite>

/**
 * Refuses what can be known before the gate decides. This is advice: what binds is the record in the invitee's hash, and a circle that
 * two acceptances close at once is found behind the journal.
 * @throws ProblemError VOIDED, NOT_ELIGIBLE, CIRCULAR
 */
async function refuseEarly(wish: InviteWish, { pool }: Services, inviter: string): Promise<void> {
  const { user, registeredAt: claimed, found } = wish
  const { campaign, activity: invite } = found
  if (invite.newUsers) {
    const now = Date.now()
    const registered = await fromStore(registrationOf(pool, { campaign: campaign.id, user, claimed }, now))
    if (registered === undefined || !isNewUser(registered, campaign.rules.opensAt))
      throw new ProblemError('NOT_ELIGIBLE', { requires: { newUser: true } })
  }
  if (await fromStore(closesCircle(pool, { campaign: campaign.id, inviter, invitee: user })))
    throw new ProblemError('CIRCULAR')
}

/** The acceptance as a command. What is decided already is only asked for again, so that a replay is never refused. */
async function acceptanceOf(wish: InviteWish, services: Services): Promise<ParticipateCommand> {
  const { user, key, params, found, registeredAt } = wish
  const { campaign, activity } = found
  const { gate } = services
  const code = printedCode(params.code ?? '')
  const hash = requestHash('POST', `/v1/campaigns/${campaign.id}/invites/${code}/acceptances`, {})
  const command = (about: string) => participateCommand(wish, { action: 'accept', about, hash })
  const decision = decisionOfCode(code)
  if (decision === undefined) throw new ProblemError('NOT_FOUND')

  const bound = userField.invitedBy(campaign.id, activity.id)
  const isBound = (await gate.fieldsOf(user, [bound]))[bound] !== undefined
  if (isBound && (await gate.lookup(user, replayField.client(key))) !== undefined) return command('')
  const inviter = await inviterOf(services, { decision, campaign: campaign.id, activity: activity.id })
  if (inviter === undefined) throw new ProblemError('NOT_FOUND')
  if (inviter === user) throw new ProblemError('SELF_NOT_ALLOWED')
  const excluded = userField.disqualified(campaign.id)
  if ((await gate.fieldsOf(inviter, [excluded]))[excluded] === '1') throw new ProblemError('VOIDED')
  // whoever is bound is told so by the gate
  if (!isBound) await refuseEarly(wish, services, inviter)
  const claimed = registeredAt === null ? null : registeredAt * 1000
  return command(encodeInvitation({ inviter, code: decision, registeredAt: claimed }))
}

/** POST .../invites/{code}/acceptances: binds the user to whoever has the code, once a campaign. */
export const accepting: Participation<Invite, typeof EmptyBody> = {
  url: '/v1/campaigns/:campaign/invites/:code/acceptances',
  tag: 'invitations',
  operationId: 'acceptInvite',
  summary: 'Accept an invitation, once',
  body: EmptyBody,
  example: {},
  command: acceptanceOf
}

const Acceptance = Type.Object(
  {
    id: Type.String(),
    inviter: Type.String({ description: 'the user, with a part of the id hidden' }),
    status: Type.Literal('pending', { description: 'what becomes of it is at GET .../me/invites' })
  },
  { title: 'Acceptance' }
)

export const acceptance: Decided = {
  decides: 'invite.accepted',
  member: 'acceptance',
  schema: Acceptance,
  confirmed: {
    file: 'confirmed-acceptance.json',
    schema: Type.Object({ ...confirmedHead, acceptance: Acceptance }, { title: 'ConfirmedAcceptance' })
  },
  documents: { 'acceptance.json': Acceptance },
  body(decision, context) {
    const inviter = maskUser(issuedUser(decodeAcceptance(decision.report).inviter))
    const view: Static<typeof Acceptance> = { id: decision.id, inviter, status: 'pending' }
    return { ...headOf(decision, context), acceptance: view }
  }
}
