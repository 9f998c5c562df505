import { Type } from 'typebox'
import { type Invite, limitsOfInviter, qualificationText } from '../../campaign/kinds/invite/rules.ts'
import { acceptance, accepting } from './invite/acceptance.ts'
import { asking, code } from './invite/code.ts'
import type { HttpKind, Page } from './kind.ts'
import { commonView, liveHead, rulesViewOf, sessionsView, type ViewContext } from './parts/page.ts'
import { common, optional, Reward, sessions, sessionsOfRules, words } from './parts/page-schemas.ts'
import { rewardTerms, rewardView } from './parts/reward.ts'

const Side = Type.Object({ on: words('accepted', 'qualified'), reward: Reward })

const terms = {
  ...common('invite'),
  newUsers: Type.Boolean({ description: 'only users who registered since the campaign opened can accept' }),
  qualifiesOn: Type.String({
    description: 'what an invitee has to do: registration, task:<id>, participation:<id>, paid:<sale>'
  }),
  inviter: optional(Side),
  invitee: optional(Side),
  perInviter: optional(
    Type.Object(
      { day: optional(Type.Integer()), campaign: optional(Type.Integer()) },
      { description: 'how often an inviter is rewarded; invitations beyond it count, and the invitee is rewarded' }
    )
  )
}

const sideNames = ['inviter', 'invitee'] as const

/** What each side gets, and when. */
function sidesView(invite: Invite, context: ViewContext) {
  const shown = sideNames.flatMap((name) => {
    const side = invite[name]
    return side === null ? [] : [[name, { on: side.on, reward: rewardView(invite, side.reward, context) }] as const]
  })
  return Object.fromEntries(shown)
}

/** The same as the rules promise it. */
function sidesTerms(sides: ReturnType<typeof sidesView>) {
  return Object.fromEntries(
    Object.entries(sides).map(([name, side]) => [name, { ...side, reward: rewardTerms(side.reward) }])
  )
}

const page: Page<Invite> = {
  view: (invite, context) => ({
    ...commonView(invite, context),
    newUsers: invite.newUsers,
    qualifiesOn: qualificationText(invite.qualifiesOn),
    ...sidesView(invite, context),
    ...limitsOfInviter(invite),
    sessions: sessionsView(invite)
  }),
  liveView: (invite, context) => liveHead(invite, context),
  rulesView: (invite, context) => rulesViewOf(page.view(invite, context), sidesTerms(sidesView(invite, context))),
  schemas: {
    view: Type.Object({ ...terms, ...sessions }, { title: 'Invite' }),
    rules: Type.Object({ ...terms, ...sessionsOfRules }, { title: 'InviteTerms' }),
    live: {}
  }
}

export const invite: HttpKind<Invite> = {
  actions: [
    { participation: asking, decided: code },
    { participation: accepting, decided: acceptance }
  ],
  page,
  standing: { most: () => 0, schema: {} }
}
