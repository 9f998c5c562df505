import { type Page, placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'
import { issuedUser, storedUser } from '../connection/user-name.ts'

/** A decision that made a code. */
interface CodeDecision {
  /** `<shard>-<epoch>-<sequence>` */
  readonly decision: string
  readonly campaign: string
  readonly activity: string
}

/** The user whose code it is; undefined where no such decision is stored. */
export async function userOfCode(db: Queryable, code: CodeDecision): Promise<string | undefined> {
  const { rows } = await db.query<{ user: string }>(
    `select user_id as "user" from decisions
     where shard = $1 and epoch = $2 and sequence = $3 and campaign_id = $4 and activity_id = $5 and type = 'invite.created'`,
    [...code.decision.split('-'), code.campaign, code.activity]
  )
  return rows[0] && storedUser(rows[0].user)
}

interface Link {
  readonly campaign: string
  readonly inviter: string
  readonly invitee: string
}

/** Whether the invitee has invited the inviter, by however many others: then one more invitation would close a circle. */
export async function closesCircle(db: Queryable, { campaign, inviter, invitee }: Link): Promise<boolean> {
  const { rows } = await db.query<{ closes: boolean }>(
    `with recursive above as (
       select $2::text as user_id
       union
       select i.inviter_id from above a join invites i on i.campaign_id = $1 and i.user_id = a.user_id and i.state <> 'voided'
     )
     select exists (select 1 from above where user_id = $3) as closes`,
    [campaign, issuedUser(inviter), issuedUser(invitee)]
  )
  return rows[0]?.closes === true
}

/** Until the transaction ends, nobody else changes the invitations of this campaign: two acceptances may close a circle at once. */
export async function lockInvites(db: Queryable, campaign: string): Promise<void> {
  await db.query(`select pg_advisory_xact_lock(hashtextextended('invites of ' || $1, 0))`, [campaign])
}

/** A pair as it is stored. */
export interface StoredInvite {
  /** id of the acceptance */
  readonly id: string
  readonly campaign: string
  readonly inviter: string
  readonly invitee: string
  readonly state: 'pending' | 'qualified' | 'voided'
  readonly reason: string | null
  /** ms since 1970 */
  readonly acceptedAt: number
  readonly qualifiedAt: number | null
}

interface InviteRow {
  readonly id: string
  readonly campaign: string
  readonly inviter: string
  readonly invitee: string
  readonly state: StoredInvite['state']
  readonly reason: string | null
  readonly accepted: Date
  readonly qualified: Date | null
}

const columns = `i.invite_id as id, i.campaign_id as campaign, i.inviter_id as inviter, i.user_id as invitee, i.state, i.reason,
  i.accepted_at as accepted, i.qualified_at as qualified`

function inviteOfRow({ accepted, qualified, inviter, invitee, ...row }: InviteRow): StoredInvite {
  return {
    ...row,
    inviter: storedUser(inviter),
    invitee: storedUser(invitee),
    acceptedAt: accepted.getTime(),
    qualifiedAt: qualified?.getTime() ?? null
  }
}

/** An acceptance as the journal has it. */
export interface AcceptedInvite extends Link {
  readonly id: string
  readonly activity: string
  readonly code: string
  readonly at: number
  /** why it does not count; undefined for one that stands */
  readonly voided?: string | undefined
}

/** Binds an invitee, once. @returns false when it is stored already */
export async function storeInvite(db: Queryable, accepted: AcceptedInvite): Promise<boolean> {
  const { id, campaign, activity, inviter, invitee, code, at, voided } = accepted
  const [, epoch, sequence] = id.split('-')
  const { rowCount } = await db.query(
    `insert into invites (campaign_id, user_id, inviter_id, activity_id, invite_id, code_id, epoch, sequence, accepted_at, state, reason)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict on constraint invites_pkey do nothing`,
    [
      campaign,
      issuedUser(invitee),
      issuedUser(inviter),
      activity,
      id,
      code,
      epoch,
      sequence,
      new Date(at),
      voided === undefined ? 'pending' : 'voided',
      voided ?? null
    ]
  )
  return rowCount === 1
}

/** What an invitee did. */
interface Qualifying {
  readonly campaign: string
  readonly invitee: string
  /** ms since 1970; an invitation that was accepted later qualifies when it was accepted */
  readonly at: number
  /** its decision: only one after the acceptance counts. Both are of one user, and so of one shard. Null where it counts from before */
  readonly decision: { readonly epoch: number; readonly sequence: number } | null
  readonly order: string | null
}

/** Notes that a pair qualified, once. @returns undefined where there is none that waits for it */
export async function qualifyInvite(db: Queryable, qualifying: Qualifying): Promise<StoredInvite | undefined> {
  const { campaign, invitee, at, decision, order } = qualifying
  const { rows } = await db.query<InviteRow>(
    `update invites i set state = 'qualified', qualified_at = greatest(i.accepted_at, $3), order_id = $4
     where i.campaign_id = $1 and i.user_id = $2 and i.state = 'pending'
       and ($5::bigint is null or (i.epoch, i.sequence) < ($5, $6::bigint))
     returning ${columns}`,
    [campaign, issuedUser(invitee), new Date(at), order, decision?.epoch ?? null, decision?.sequence ?? null]
  )
  return rows[0] && inviteOfRow(rows[0])
}

/** Voids the pair that qualified by an order. @returns undefined where none did */
export async function voidInviteOfOrder(
  db: Queryable,
  place: { readonly campaign: string; readonly invitee: string; readonly order: string },
  reason: string
): Promise<StoredInvite | undefined> {
  const { rows } = await db.query<InviteRow>(
    `update invites i set state = 'voided', reason = $4
     where i.campaign_id = $1 and i.user_id = $2 and i.order_id = $3 and i.state = 'qualified' returning ${columns}`,
    [place.campaign, issuedUser(place.invitee), place.order, reason]
  )
  return rows[0] && inviteOfRow(rows[0])
}

/** By whom a user was invited; undefined for a user whose acceptance is not stored. */
export async function inviteOfInvitee(
  db: Queryable,
  campaign: string,
  invitee: string
): Promise<StoredInvite | undefined> {
  const { rows } = await db.query<InviteRow>(
    `select ${columns} from invites i where i.campaign_id = $1 and i.user_id = $2`,
    [campaign, issuedUser(invitee)]
  )
  return rows[0] && inviteOfRow(rows[0])
}

/** An invitation as its inviter sees it. */
export interface OwnInvite extends StoredInvite {
  /** the cap that withheld the inviter's reward, or cut it */
  readonly cappedBy: string | null
}

/** Invitations of an inviter, newest first, at most `limit`. */
export async function invitesOfInviter(
  db: Queryable,
  { campaign, inviter }: { readonly campaign: string; readonly inviter: string },
  page: Page
): Promise<OwnInvite[]> {
  const { rows } = await db.query<InviteRow & { cappedBy: string | null }>(
    `select ${columns}, (
       select c.capped_by from credits c
       where c.campaign_id = i.campaign_id and c.cause in (i.invite_id, i.invite_id || '/qualified')
         and c.role = i.activity_id || '/inviter'
     ) as "cappedBy"
     from invites i
     where i.campaign_id = $1 and i.inviter_id = $2
       and ($3::timestamptz is null or (i.accepted_at, i.epoch, i.sequence, i.invite_id) < ($3, $4::bigint, $5::bigint, $6))
     order by i.accepted_at desc, i.epoch desc, i.sequence desc, i.invite_id desc limit $7`,
    [campaign, issuedUser(inviter), ...placeValues(page.before), page.before?.id ?? null, page.limit]
  )
  return rows.map(({ cappedBy, ...row }) => ({ ...inviteOfRow(row), cappedBy }))
}

/** Which of some users are bound by an invitation that was not voided. */
export async function boundAmong(
  db: Queryable,
  campaign: string,
  users: readonly string[]
): Promise<ReadonlySet<string>> {
  if (users.length === 0) return new Set()
  const { rows } = await db.query<{ user: string }>(
    `select user_id as "user" from invites where campaign_id = $1 and user_id = any($2) and state <> 'voided'`,
    [campaign, users.map(issuedUser)]
  )
  return new Set(rows.map(({ user }) => storedUser(user)))
}
