import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { type Static, Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { isoTime, isoTimeOrNull } from '../../base/iso-time.ts'
import { isNewUser } from '../../campaign/actions/new-users.ts'
import { reportRegistration } from '../../campaign/actions/registrations.ts'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import type { Invite } from '../../campaign/kinds/invite/rules.ts'
import type { UserReader } from '../../gate/gate.ts'
import { userField } from '../../record/fields.ts'
import { decodeBound } from '../../record/invitation.ts'
import { inviteCodeOf } from '../../record/invite-code.ts'
import { inviteOfInvitee, invitesOfInviter, type OwnInvite, type StoredInvite } from '../../store/campaigns/invites.ts'
import { TOKEN_SOURCE } from '../../store/campaigns/registrations.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import type { Turns } from '../answering/turns.ts'
import { identityOf, type OnRequest } from '../auth/storefront.ts'
import type { Identity } from '../auth/storefront-token.ts'
import { codeOfUser, Invitation, invitationView } from '../kinds/invite/code.ts'
import { inviteOf } from '../kinds/invite/only.ts'
import { ProblemError } from '../problems/problems.ts'
import { maskUser } from '../views/mask-user.ts'
import { orNull } from '../views/schemas.ts'
import { type ItemReader, pageOf, pageView, unite } from '../wire/pages.ts'
import { CampaignParams, ListQuery, NullableTime, refusals, Time } from '../wire/schemas.ts'

interface MyInvitesOptions {
  readonly pool: pg.Pool
  readonly gate: UserReader
  readonly finder: ActivityFinder
  readonly authenticate: OnRequest
  readonly turns: Turns
  readonly now: () => number
}

const { campaign: _campaign, ...pageFields } = ListQuery.properties

const pair = {
  user: Type.String({ description: 'the other one, with a part of the id hidden' }),
  status: Type.Unsafe<StoredInvite['state']>({ type: 'string', enum: ['pending', 'qualified', 'voided'] }),
  reason: Type.Optional(Type.String({ description: 'why it was voided: CIRCULAR, RETURNED' })),
  acceptedAt: Time,
  qualifiedAt: NullableTime
}
const Accepted = Type.Object({
  ...pair,
  cappedBy: Type.Optional(
    Type.String({ description: 'the cap that withheld my reward (day, campaign), or the unit that one cut' })
  )
})
const InvitedBy = Type.Object(pair)

const nullable = Type.Unsafe<string | null>({ type: ['string', 'null'] })
export const MyInvites = Type.Object(
  {
    code: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'null before it was asked for' }),
    url: Invitation.properties.url,
    items: Type.Array(Accepted, { description: 'who accepted mine, newest first' }),
    invitedBy: orNull(InvitedBy),
    nextCursor: nullable
  },
  { title: 'MyInvites' }
)

function pairView({ state, reason, acceptedAt, qualifiedAt }: StoredInvite, other: string): Static<typeof InvitedBy> {
  return {
    user: maskUser(issuedUser(other)),
    status: state,
    ...(reason !== null && { reason }),
    acceptedAt: isoTime(acceptedAt),
    qualifiedAt: isoTimeOrNull(qualifiedAt)
  }
}

const acceptedView = (own: OwnInvite): Static<typeof Accepted> => ({
  ...pairView(own, own.invitee),
  ...(own.cappedBy !== null && { cappedBy: own.cappedBy })
})

const reader: ItemReader<OwnInvite> = {
  placeOf: ({ id, acceptedAt }) => ({ at: acceptedAt, id }),
  campaignOf: ({ campaign }) => campaign
}

interface Whose {
  readonly user: string
  readonly campaign: CatalogueCampaign
  readonly invite: Invite
}

/** GET .../me/invites: the own code, who accepted it, and by whom the user was invited. */
export const myInvitesRoute: FastifyPluginAsyncTypebox<MyInvitesOptions> = async (app, options) => {
  const { pool, gate, finder, authenticate, turns, now } = options

  /** The own acceptance: from Postgres, else from the user's hash, where it stands from its decision on. */
  async function invitedBy({ user, campaign, invite }: Whose): Promise<Static<typeof InvitedBy> | null> {
    const stored = await fromStore(inviteOfInvitee(pool, campaign.id, user))
    if (stored !== undefined) return pairView(stored, stored.inviter)
    const field = userField.invitedBy(campaign.id, invite.id)
    const { [field]: record } = await gate.fieldsOf(user, [field])
    if (record === undefined) return null
    const { inviter, at } = decodeBound(record)
    return {
      user: maskUser(issuedUser(inviter)),
      status: 'pending',
      acceptedAt: isoTime(at),
      qualifiedAt: null
    }
  }

  /** A token of today may say that the user has registered since the acceptance, which no service need report then. */
  async function noteToken({ user, registeredAt }: Identity, { campaign, invite }: Whose): Promise<void> {
    if (registeredAt === null || invite.qualifiesOn.by !== 'registration') return
    const said = { registeredAt: registeredAt * 1000, reportedAt: now() }
    if (!isNewUser(said, campaign.rules.opensAt)) return
    const stored = await fromStore(inviteOfInvitee(pool, campaign.id, user))
    if (stored?.state !== 'pending') return
    const event = {
      source: TOKEN_SOURCE,
      sourceEventId: `${user} ${registeredAt}`,
      origin: null,
      invite: null,
      share: null
    }
    await fromStore(reportRegistration(pool, campaign, { ...event, ...said, user }))
  }

  app.get(
    '/v1/campaigns/:campaign/me/invites',
    {
      onRequest: authenticate,
      schema: {
        summary: 'My invitation code, who accepted it, and who invited me',
        tags: ['invitations'],
        security: [{ storefront: [] }],
        params: CampaignParams,
        querystring: Type.Object(pageFields, { additionalProperties: false }),
        response: { 200: MyInvites, ...refusals }
      }
    },
    async (request, reply) => {
      const found = await inviteOf(finder, request.params.campaign)
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      const identity = identityOf(request)
      const { user } = identity
      const whose = { user, ...found }
      const { campaign, invite } = found
      const page = pageOf(request.query)
      const view = await turns.take(reply, user, async () => {
        await noteToken(identity, whose)
        const code = await codeOfUser(gate, { user, campaign: campaign.id, activity: invite.id })
        const place = { campaign: campaign.id, inviter: user }
        const stored = await fromStore(invitesOfInviter(pool, place, { ...page, limit: page.limit + 1 }))
        return {
          ...(code === undefined ? { code: null, url: null } : invitationView(inviteCodeOf(code.id), invite.link)),
          ...pageView(unite({ live: [], stored }, page, reader), acceptedView),
          invitedBy: await invitedBy(whose)
        }
      })
      return reply.header('cache-control', 'no-store').send(view)
    }
  )
}
