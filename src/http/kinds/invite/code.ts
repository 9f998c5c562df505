import { type Static, Type } from 'typebox'
import { UnavailableError } from '../../../base/errors.ts'
import type { Invite } from '../../../campaign/kinds/invite/rules.ts'
import type { Decision } from '../../../gate/batch/outcomes.ts'
import type { UserReader } from '../../../gate/gate.ts'
import { userField } from '../../../record/fields.ts'
import { decodeCodeRecord } from '../../../record/invitation.ts'
import { inviteCodeOf } from '../../../record/invite-code.ts'
import { confirmedHead } from '../../views/schemas.ts'
import { fixedHash } from '../../wire/idempotency.ts'
import { EmptyBody } from '../../wire/schemas.ts'
import type { Decided, Participation } from '../kind.ts'
import { participateCommand } from '../parts/command.ts'
import { headOf } from '../parts/decision.ts'

/** What an invitation is known by, to pass on. */
export const Invitation = Type.Object(
  {
    code: Type.String({ description: 'the same each time; capitals and small letters are the same' }),
    url: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'null where the campaign has no link' })
  },
  { title: 'Invitation' }
)

/** @param link address with `{code}`, '' for none */
export function invitationView(code: string, link: string): Static<typeof Invitation> {
  return { code, url: link === '' ? null : link.replaceAll('{code}', code) }
}

interface Whose {
  readonly user: string
  readonly campaign: string
  readonly activity: string
}

/**
 * The decision that gave a user their code; undefined for a user without one.
 * @throws UnavailableError when Redis does not answer, or the decision is not journaled yet: it may still vanish
 */
export async function codeOfUser(gate: UserReader, { user, campaign, activity }: Whose): Promise<Decision | undefined> {
  const field = userField.inviteCode(campaign, activity)
  const { [field]: record } = await gate.fieldsOf(user, [field])
  if (record === undefined) return undefined
  const { decision: id, key } = decodeCodeRecord(record)
  const found = await gate.lookup(user, key)
  // a decision that Redis has forgotten was journaled long ago, and its key may have been used again
  const known = found?.decision.id === id ? found : undefined
  if (known?.kind === 'pending') throw new UnavailableError('The invitation code is not journaled yet.')
  return known?.decision ?? { id, sequence: Number(id.split('-')[2]), type: 'invite.created', at: 0, report: '' }
}

/** POST .../invites: the own code. */
export const asking: Participation<Invite, typeof EmptyBody> = {
  url: '/v1/campaigns/:campaign/invites',
  tag: 'invitations',
  operationId: 'invite',
  summary: 'My invitation code, the same each time',
  body: EmptyBody,
  example: {},
  command(wish) {
    return participateCommand(wish, {
      action: 'code',
      hash: fixedHash(`/v1/campaigns/${wish.found.campaign.id}/invites`)
    })
  },
  earlier({ user, found }, { gate }) {
    return codeOfUser(gate, { user, campaign: found.campaign.id, activity: found.activity.id })
  }
}

export const code: Decided = {
  decides: 'invite.created',
  member: 'invite',
  schema: Invitation,
  confirmed: {
    file: 'confirmed-invite.json',
    schema: Type.Object({ ...confirmedHead, invite: Invitation }, { title: 'ConfirmedInvite' })
  },
  documents: { 'invite.json': Invitation },
  body(decision, context) {
    const { rules } = context
    const link = rules !== undefined && 'link' in rules ? rules.link : ''
    return { ...headOf(decision, context), invite: invitationView(inviteCodeOf(decision.id), link) }
  }
}
