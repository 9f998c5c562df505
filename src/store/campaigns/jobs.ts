import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'
import type { ShardMark } from '../shard/marks.ts'

/** Which orders of a sale: times are those of the purchase. */
export interface OrderFilter {
  readonly activity: string
  /** UTC; from it on, and before `to` */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** of a unit, minor units */
  readonly price?: number | undefined
}

/** What is to be revoked of a user. */
export interface Revoking {
  readonly user: string
  readonly wins: boolean
  /** of a win: whether its prize goes back into its quota */
  readonly returnQuota: boolean
  readonly rewards: boolean
  readonly orders: boolean
}

/** What a campaign gave of an account's unit, and when it expires. */
export interface Expiring {
  readonly unit: string
  /** ms since 1970 */
  readonly at: number
}

type Asked =
  | { readonly kind: 'cancellation'; readonly asked: OrderFilter }
  | { readonly kind: 'disqualification'; readonly asked: Revoking }
  | { readonly kind: 'expiry'; readonly asked: Expiring }

interface JobHead {
  readonly id: number
  readonly campaign: string
  readonly operator: string
  readonly reason: string
  readonly intent: number | null
  readonly state: 'listing' | 'working' | 'done'
  /** up to where it lists; null before the first look */
  readonly marks: readonly ShardMark[] | null
  readonly askedAt: Date
  readonly doneAt: Date | null
}

export type Job = JobHead & Asked
export type JobKind = Job['kind']

export const jobColumns = `job_id::float8 as id, kind, campaign_id as campaign, asked, operator, reason, intent_id::float8 as intent, state,
  marks, asked_at as "askedAt", done_at as "doneAt"`

interface NotedJob {
  readonly id: number
  readonly isNew: boolean
  readonly isSame: boolean
  readonly askedAt: Date
}

/**
 * Notes a job; one that the operator asked for under the same key before stays. Its number does not come again (`nextIntent`), in milliseconds,
 * because people type it.
 * @returns its number, whether that one is the same, and when it was asked for */
export async function insertJob(
  client: Queryable,
  job: Pick<JobHead, 'campaign' | 'operator' | 'reason'> & Asked & { readonly key: string; readonly intent?: number }
): Promise<NotedJob> {
  const { kind, campaign, operator, reason, key } = job
  const asked = JSON.stringify(job.asked)
  const made = await client.query<Pick<NotedJob, 'id' | 'askedAt'>>(
    `insert into jobs (job_id, kind, campaign_id, asked, operator, reason, request_key, intent_id)
     overriding system value values (number_by_clock('jobs_job_id_seq', 1000), $1, $2, $3, $4, $5, $6, $7)
     on conflict (operator, request_key) do nothing returning job_id::float8 as id, asked_at as "askedAt"`,
    [kind, campaign, asked, operator, reason, key, job.intent ?? null]
  )
  const [added] = made.rows
  if (added !== undefined) return { ...added, isNew: true, isSame: true }
  // a statement of its own, which sees the one that came first even where the insertion had to wait for it
  const { rows } = await client.query<Omit<NotedJob, 'isNew'>>(
    `select job_id::float8 as id, asked_at as "askedAt", kind = $1 and campaign_id = $2 and asked = $3::jsonb as "isSame"
     from jobs where operator = $4 and request_key = $5`,
    [kind, campaign, asked, operator, key]
  )
  const [found] = rows
  if (found === undefined) throw new Error('A job was written and has no number')
  return { ...found, isNew: false }
}

/** The job that began with a change. */
export async function jobOfIntent(db: Queryable, intent: number): Promise<Job | undefined> {
  const { rows } = await db.query<Job>(`select ${jobColumns} from jobs where intent_id = $1`, [intent])
  return rows[0]
}

export async function findJob(db: Queryable, kind: JobKind, id: number): Promise<Job | undefined> {
  const { rows } = await db.query<Job>(`select ${jobColumns} from jobs where kind = $1 and job_id = $2`, [kind, id])
  return rows[0]
}

/** Jobs that are not done. */
export async function openJobs(db: Queryable): Promise<Job[]> {
  const { rows } = await db.query<Job>(`select ${jobColumns} from jobs where state <> 'done' order by job_id`)
  return rows
}

export async function jobsById(db: Queryable, ids: readonly number[]): Promise<ReadonlyMap<number, Job>> {
  const { rows } = await db.query<Job>(`select ${jobColumns} from jobs where job_id = any($1)`, [ids])
  return new Map(rows.map((job) => [job.id, job]))
}

/** How many jobs of a campaign are not done. */
export async function countOpenJobs(db: Queryable, campaign: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*) as count from jobs where campaign_id = $1 and state <> 'done'`,
    [campaign]
  )
  return rows[0]?.count ?? 0
}

/** Of some keys those under which one operator asked for a job. */
export async function keysOfJobs(db: Queryable, operator: string, keys: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ key: string }>(
    'select request_key as key from jobs where operator = $1 and request_key = any($2)',
    [operator, keys]
  )
  return new Set(rows.map(({ key }) => key))
}

/** How many of some jobs, by the keys under which one operator asked for them, are not done, or were not asked for yet. */
export async function countNotDone(db: Queryable, operator: string, keys: readonly string[]): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::float8 as count from unnest($2::text[]) k(request_key)
     where not exists (select 1 from jobs j where j.operator = $1 and j.request_key = k.request_key and j.state = 'done')`,
    [operator, keys]
  )
  return rows[0]?.count ?? 0
}

/** Notes up to where a job lists, once. @returns what was noted first */
export async function fixMarks(db: Queryable, job: number, marks: readonly ShardMark[]): Promise<readonly ShardMark[]> {
  const { rows } = await db.query<{ marks: ShardMark[] }>(
    'update jobs set marks = coalesce(marks, $2) where job_id = $1 returning marks',
    [job, JSON.stringify(marks)]
  )
  return rows[0]?.marks ?? marks
}

/** By the first five values of a statement: those of `filterValues`. */
export const ofFilter = `campaign_id = $1 and activity_id = $2 and ($3::timestamptz is null or accepted_at >= $3)
  and ($4::timestamptz is null or accepted_at < $4) and ($5::bigint is null or unit_price = $5)`
export const filterValues = (campaign: string, { activity, from, to, price }: OrderFilter) => [
  campaign,
  activity,
  from ?? null,
  to ?? null,
  price ?? null
]

/**
 * Lists the next orders of a job that can still be cancelled, and moves its place on with them: those that were decided up to its marks, which
 * all have to be stored, because they are listed by the time of their purchase.
 * @param most orders of the campaign that it looks at, whether they are meant or not: few may be, of many
 * @returns how many orders it looked at
 */
export async function listOrders(
  db: Queryable,
  job: Job & { readonly kind: 'cancellation' },
  most: number
): Promise<number> {
  const { rows } = await db.query<{ looked: number }>(
    `with place as materialized (
       select until, marks, coalesce(listed_at, '-infinity') as at, listed_order from jobs where job_id = $6 and state = 'listing' for update
     ), page as materialized (
       select * from orders
       where campaign_id = $1 and exists (select from place) and ($4::timestamptz is null or accepted_at < $4)
         and ((select until from place) is null or accepted_at <= to_timestamp((select until from place) / 1000.0))
         -- by values, and no join, so that Postgres begins at this place of the index
         and accepted_at >= (select greatest(at, $3) from place)
         and (accepted_at, order_id) > ((select at from place), (select listed_order from place))
       order by accepted_at, order_id limit $7
     ), listed as (
       insert into job_items (job_id, item, kind, phase)
       select $6, order_id, 'order', 1 from page where ${ofFilter} and status in ('accepted', 'paid') and exists (
         select from jsonb_to_recordset((select marks from place)) as m(shard integer, epoch bigint, sequence bigint)
         where m.shard = page.shard and (page.epoch, page.sequence) <= (m.epoch, m.sequence)
       )
       on conflict do nothing
     ), moved as (
       update jobs set listed_at = last.accepted_at, listed_order = last.order_id
       from (select accepted_at, order_id from page order by accepted_at desc, order_id desc limit 1) last where job_id = $6
     )
     select count(*)::float8 as looked from page`,
    [...filterValues(job.campaign, job.asked), job.id, most]
  )
  return rows[0]?.looked ?? 0
}

/**
 * Lists what is to be revoked of a user, as Postgres has it. Rewards are noted first, what they gave is taken back last.
 * @param isAll whether nothing more can come: balances are taken back once, after all the rest
 */
export async function listOfUser(
  db: Queryable,
  job: Job & { readonly kind: 'disqualification' },
  isAll: boolean
): Promise<void> {
  const { user, wins, rewards, orders } = job.asked
  await db.query(
    `insert into job_items (job_id, item, kind, phase)
     select $1::bigint, win_id, 'win', 1 from wins where $4::boolean and user_id = $2 and campaign_id = $3 and status <> 'revoked'
     union all select $1, order_id, 'order', 1 from orders
       where $5::boolean and user_id = $2 and campaign_id = $3 and status in ('accepted', 'paid')
     union all select $1, kind, kind, phase from (values ('credits', 1), ('balances', 2)) as rest(kind, phase) where $6::boolean and ($7::boolean or kind <> 'balances')
     on conflict do nothing`,
    [job.id, issuedUser(user), job.campaign, wins, orders, rewards, isAll]
  )
}

/** All that a job has to do is listed. */
export async function endListing(db: Queryable, job: number): Promise<void> {
  await db.query(`update jobs set state = 'working' where job_id = $1 and state = 'listing'`, [job])
}

/** Something that a job has to do. */
export interface DueItem {
  readonly job: number
  readonly item: string
  readonly kind: 'order' | 'win' | 'credits' | 'balances' | 'user'
  readonly attempts: number
}

/** Takes items whose turn it is, the longest waiting first. @param ms how long nobody takes them again */
export async function takeDueItems(
  db: Queryable,
  { most, ms }: { readonly most: number; readonly ms: number }
): Promise<DueItem[]> {
  const { rows } = await db.query<DueItem>(
    `with due as (
       select job_id, item from job_items i where state = 'due' and next_attempt_at <= now()
         and not exists (select 1 from job_items f where f.job_id = i.job_id and f.state = 'due' and f.phase < i.phase)
       order by next_attempt_at limit $1 for update skip locked
     )
     update job_items i set attempts = i.attempts + 1, next_attempt_at = now() + make_interval(secs => $2 / 1000.0)
     from due where i.job_id = due.job_id and i.item = due.item
     returning i.job_id::float8 as job, i.item, i.kind, i.attempts`,
    [most, ms]
  )
  return rows
}

/** What became of an item, for whoever took it last: `attempts` as it was when it was taken. */
export type ItemSettlement = Pick<DueItem, 'job' | 'item' | 'attempts'> &
  (
    | { readonly to: 'done'; readonly decision: string | null; readonly refusal: string | null }
    | { readonly to: 'failed'; readonly refusal: string }
    | { readonly to: 'later'; readonly afterMs: number }
  )

/** @returns the items that these settlements closed, as `<job> <item>` */
export async function settleItems(db: Queryable, settlements: readonly ItemSettlement[]): Promise<Set<string>> {
  const { rows } = await db.query<{ job: number; item: string }>(
    `update job_items i set
       state = case when s.to = 'later' then i.state else s.to end, decision_id = s.decision, refusal = s.refusal,
       next_attempt_at = case when s.to = 'later' then now() + make_interval(secs => s."afterMs" / 1000.0) else i.next_attempt_at end
     from json_to_recordset($1::json) as s(job bigint, item text, attempts integer, "to" text, decision text, refusal text, "afterMs" bigint)
     where i.job_id = s.job and i.item = s.item and i.attempts = s.attempts and i.state = 'due'
     returning i.job_id::float8 as job, i.item`,
    [JSON.stringify(settlements)]
  )
  return new Set(rows.map(({ job, item }) => `${job} ${item}`))
}

/** Closes the jobs of which nothing is left. */
export async function closeJobs(db: Queryable): Promise<Job[]> {
  const { rows } = await db.query<Job>(
    `update jobs j set state = 'done', done_at = now()
     where state = 'working' and not exists (select 1 from job_items i where i.job_id = j.job_id and i.state = 'due')
     returning ${jobColumns}`
  )
  return rows
}
