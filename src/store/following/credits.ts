import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { everyShard } from '../shard/every-shard.ts'

/** What a user is to get for what somebody else did. */
export interface Credit {
  readonly campaign: string
  /** the decision that is the cause, or a place on a board */
  readonly cause: string
  /** `<activity>/<action>`, and more where one cause credits several times */
  readonly role: string
  readonly activity: string
  /** the action of the activity whose reward it is */
  readonly action: string
  readonly user: string
  /** as in commands: what it is about */
  readonly about: string
  /** local day of the cause, by which caps count */
  readonly day: number
  /** goes into the journal and the event; no personal data */
  readonly request: object
  /** false where it only tells something; true where absent */
  readonly isReward?: boolean
}

/**
 * Notes what is due, each cause and role once, in the transaction that stores its cause. A reward of a campaign that reviews them waits for
 * somebody.
 */
export async function noteCredits(db: Queryable, credits: readonly Credit[]): Promise<void> {
  if (credits.length === 0) return
  await db.query(
    `with asked as materialized (
       select * from json_to_recordset($1::json) as c(campaign text, cause text, role text, activity text, action text, "user" text,
         about text, day integer, request jsonb, "isReward" boolean)
     ), reviewing as materialized (
       select campaign_id from campaigns
       where campaign_id in (select campaign from asked where "isReward") and rules #>> '{policies,rewardRelease}' = 'review'
     ), due as (
       select a.*, a."isReward" and r.campaign_id is not null as held from asked a left join reviewing r on r.campaign_id = a.campaign
     ), noted as (
       insert into credits (campaign_id, cause, role, activity_id, action, user_id, about, day, request, next_attempt_at)
       select campaign, cause, role, activity, action, "user", about, day, request, case when held then null else now() end from due
       on conflict on constraint credits_pkey do nothing returning campaign_id, cause, role
     )
     insert into reviews (campaign_id, cause, role)
     select n.campaign_id, n.cause, n.role from noted n join due d on d.campaign = n.campaign_id and d.cause = n.cause and d.role = n.role
     where d.held`,
    [JSON.stringify(credits.map((credit) => ({ isReward: true, ...credit, user: issuedUser(credit.user) })))]
  )
}

/**
 * Voids what some causes gave, in the transaction that stores why: what nobody asked the gate for is not given, what was asked for is
 * taken back once it is known what the gate decided.
 */
export async function voidCredits(db: Queryable, campaign: string, causes: readonly string[]): Promise<void> {
  await db.query(
    `update credits set voided = true,
       state = case when state = 'due' and attempts = 0 then 'voided' else state end,
       next_attempt_at = case when (state = 'due' and attempts = 0) or state = 'refused' then null else now() end
     where campaign_id = $1 and cause = any($2) and not voided`,
    [campaign, causes]
  )
}

/** Voids whatever a user got in a campaign for what others did, likewise. */
export async function voidCreditsOfUser(db: Queryable, campaign: string, user: string): Promise<void> {
  await db.query(
    `update credits set voided = true,
       state = case when state = 'due' and attempts = 0 then 'voided' else state end,
       next_attempt_at = case when (state = 'due' and attempts = 0) or state = 'refused' then null else now() end
     where user_id = $2 and campaign_id = $1 and not voided`,
    [campaign, issuedUser(user)]
  )
}

/** What a user got in a campaign for what others did, and what is due, without what is void. */
export async function creditsOfUser(
  db: Queryable,
  { campaign, user }: { readonly campaign: string; readonly user: string }
): Promise<Array<{ activity: string; action: string; state: string }>> {
  const { rows } = await db.query<{ activity: string; action: string; state: string }>(
    `select activity_id as activity, action, state from credits
     where user_id = $2 and campaign_id = $1 and not voided and state in ('due', 'done') order by due_at, cause, role`,
    [campaign, issuedUser(user)]
  )
  return rows
}

/** A credit whose time has come: to be given, or to be taken back. */
export interface DueCredit extends Credit {
  readonly state: 'due' | 'done'
  readonly voided: boolean
  /** of the credit, once it was given */
  readonly decision: string | null
  readonly attempts: number
}

/**
 * Takes credits whose next attempt is due, the longest waiting first, and notes that they were asked for before anybody asks, so that a
 * credit which was never asked for can be told from one that may have been given. @param ms how long nobody takes them again
 */
export async function takeDueCredits(
  db: Queryable,
  { most, ms }: { readonly most: number; readonly ms: number }
): Promise<DueCredit[]> {
  const { rows } = await db.query<DueCredit>(
    `with due as (
       select campaign_id, cause, role from credits where next_attempt_at <= now()
       order by next_attempt_at limit $1 for update skip locked
     )
     update credits c set attempts = c.attempts + 1, next_attempt_at = now() + make_interval(secs => $2 / 1000.0)
     from due where c.campaign_id = due.campaign_id and c.cause = due.cause and c.role = due.role
     returning c.campaign_id as campaign, c.cause, c.role, c.activity_id as activity, c.action, c.user_id as "user", c.about,
       c.day, c.request, c.state, c.voided, c.decision_id as decision, c.attempts`,
    [most, ms]
  )
  return rows.map(inside)
}

/** What became of a due credit, for whoever took it last: `attempts` as it was when it was taken. */
export type CreditSettlement = Pick<DueCredit, 'campaign' | 'cause' | 'role' | 'attempts'> &
  (
    | { readonly to: 'done'; readonly decision: string; readonly cappedBy: string }
    | { readonly to: 'refused'; readonly refusal: string }
    | { readonly to: 'taken-back' }
    | { readonly to: 'later'; readonly afterMs: number }
  )

/**
 * Closes or postpones credits. One that was voided meanwhile is taken back at the next step. A driver that stood still for so long that
 * another one took a credit changes nothing: what it learned is old, and would have a credit that was given taken back.
 */
export async function settleCredits(db: Queryable, settlements: readonly CreditSettlement[]): Promise<void> {
  if (settlements.length === 0) return
  await db.query(
    `update credits c set
       state = case when s.to = 'later' then c.state else s.to end,
       decision_id = coalesce(s.decision, c.decision_id), refusal = coalesce(s.refusal, c.refusal),
       capped_by = coalesce(nullif(s."cappedBy", ''), c.capped_by),
       next_attempt_at = case
         when s.to = 'later' then now() + make_interval(secs => s."afterMs" / 1000.0)
         when s.to = 'done' and c.voided then now()
       end
     from json_to_recordset($1::json) as s(campaign text, cause text, role text, attempts integer, "to" text, decision text,
       "cappedBy" text, refusal text, "afterMs" bigint)
     where c.campaign_id = s.campaign and c.cause = s.cause and c.role = s.role and c.attempts = s.attempts`,
    [JSON.stringify(settlements)]
  )
}

/** How many credits of a campaign are still to be given or taken back. */
export async function openCredits(db: Queryable, campaign: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select count(*) as count from credits where campaign_id = $1 and next_attempt_at is not null',
    [campaign]
  )
  return rows[0]?.count ?? 0
}

/** The decision of a credit, as far as one has to know it to take it back. */
export interface DecidedCredit {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  readonly report: string
  /** the record of the win that it made, '' for none */
  readonly win: string
  /** by scope: what it added, and what it wrote */
  readonly adds: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly puts: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** The decisions of credits as far as Postgres has them, in their order. @param keyOf the replay field of a credit */
export async function decidedCredits<One extends Pick<Credit, 'user' | 'cause' | 'role'>>(
  db: Queryable,
  credits: readonly One[],
  keyOf: (credit: One) => string
): Promise<Array<DecidedCredit | undefined>> {
  const { rows } = await db.query<DecidedCredit & { readonly place: number }>(
    `select place, d.shard || '-' || d.epoch || '-' || d.sequence as id, d.report, d.record as win, d.adds, d.puts
     from unnest($1::text[], $2::text[]) with ordinality as c("user", key, place), lateral (
       select * from decisions where shard = ${everyShard} and user_id = c."user" and key = c.key
       order by epoch desc, sequence desc limit 1
     ) d`,
    [credits.map(({ user }) => issuedUser(user)), credits.map(keyOf)]
  )
  const found = new Map(rows.map((row) => [row.place, row]))
  return credits.map((_, index) => found.get(index + 1))
}
