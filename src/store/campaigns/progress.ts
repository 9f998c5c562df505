import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'

/** The count of a user in one period of a task. */
interface Counter {
  readonly campaign: string
  readonly task: string
  readonly user: string
  /** day number as text for a task per day, '' for a task per campaign */
  readonly period: string
}

/** A report of another system: a user did something that a task counts. */
export interface ProgressReport extends Counter {
  /** who reports: the name of the service, or the source of a CloudEvent */
  readonly source: string
  /** id of the event, unique at its source */
  readonly sourceEventId: string
  /** how much the event adds to the count, from 1 */
  readonly amount: number
  /** the count at which the task is completed, by the current rules */
  readonly goal: number
}

type ProgressState = 'counting' | 'due' | 'completed' | 'refused'

export type Progress =
  /** `counted`: for the first time; `repeated`: the report was counted before, so nothing changed */
  | { readonly kind: 'counted' | 'repeated'; readonly count: number; readonly state: ProgressState }
  /** an earlier report of the same event for this task named another user or another amount */
  | { readonly kind: 'conflict' }

// One statement, so one transaction: each report that is noted is counted, and the report that reaches the goal makes it due.
const count = `
  with noted as (
    insert into task_sources (source, source_event_id, campaign_id, task_id, user_id, period, amount)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict on constraint task_sources_pkey do nothing
    returning amount
  )
  insert into task_counts as known (campaign_id, task_id, user_id, period, count, state, due_at, next_attempt_at)
  select $3, $4, $5, $6, amount, case when reached then 'due' else 'counting' end, case when reached then now() end,
    case when reached then now() end
  from (select amount, amount >= $8::bigint as reached from noted) first
  on conflict on constraint task_counts_pkey do update set
    count = known.count + excluded.count,
    state = case when known.state = 'counting' and known.count + excluded.count >= $8 then 'due' else known.state end,
    due_at = case when known.state = 'counting' and known.count + excluded.count >= $8 then now() else known.due_at end,
    next_attempt_at = case when known.state = 'counting' and known.count + excluded.count >= $8 then now()
      else known.next_attempt_at end
  returning count, state`

/**
 * Counts a report once per source, event and task, however often it arrives, also at the same time. The report that reaches the
 * goal makes the task due, once in its period; the worker has it decided. A repeated report keeps the period of its first time,
 * because a day may have passed since.
 */
export async function recordProgress(db: Queryable, report: ProgressReport): Promise<Progress> {
  const { source, sourceEventId, campaign, task, user, period, amount, goal } = report
  const { rows } = await db.query<{ count: number; state: ProgressState }>({
    name: 'record-progress',
    text: count,
    values: [source, sourceEventId, campaign, task, issuedUser(user), period, amount, goal]
  })
  if (rows[0]) return { kind: 'counted', ...rows[0] }
  // a statement of its own, to see the row that the first copy may have committed while this one waited for it
  const known = await db.query<{ count: number; state: ProgressState }>(
    `select c.count, c.state from task_sources s join task_counts c using (campaign_id, task_id, user_id, period)
     where s.source = $1 and s.source_event_id = $2 and campaign_id = $3 and task_id = $4 and user_id = $5 and s.amount = $6`,
    [source, sourceEventId, campaign, task, issuedUser(user), amount]
  )
  return known.rows[0] ? { kind: 'repeated', ...known.rows[0] } : { kind: 'conflict' }
}

/** The counts of a user in the tasks of a campaign; `period` as in the reports. */
export async function progressOfUser(
  db: Queryable,
  user: string,
  campaign: string
): Promise<
  Array<{ readonly task: string; readonly period: string; readonly count: number; readonly state: ProgressState }>
> {
  const { rows } = await db.query<{ task: string; period: string; count: number; state: ProgressState }>(
    `select task_id as task, period, count, state from task_counts
     where campaign_id = $1 and user_id = $2 order by task_id, period`,
    [campaign, issuedUser(user)]
  )
  return rows
}

/** A goal that was reached and that the gate has not decided yet. */
export interface DueTask extends Counter {
  readonly attempts: number
}

/** Reached goals whose next attempt is due, the longest waiting first. */
export async function dueTasks(db: Queryable, most: number): Promise<DueTask[]> {
  const { rows } = await db.query<DueTask>(
    `select campaign_id as campaign, task_id as task, user_id as "user", period, attempts from task_counts
     where state = 'due' and next_attempt_at <= now() order by next_attempt_at limit $1`,
    [most]
  )
  return rows.map(inside)
}

/** What became of a due task. */
export type TaskSettlement = Counter &
  (
    | { readonly to: 'done'; readonly decision: string }
    | { readonly to: 'refused'; readonly refusal: string }
    | { readonly to: 'later'; readonly afterMs: number }
  )

/** Closes or postpones due tasks, each at most once. */
export async function settleTasks(db: Queryable, settlements: readonly TaskSettlement[]): Promise<void> {
  if (settlements.length === 0) return
  await db.query(
    `update task_counts c set
       state = case when s.decision is not null then 'completed' when s.refusal is not null then 'refused' else 'due' end,
       decision_id = s.decision, refusal = s.refusal, attempts = c.attempts + 1,
       next_attempt_at = now() + make_interval(secs => coalesce(s."afterMs", 0) / 1000.0)
     from json_to_recordset($1::json) as s(campaign text, task text, "user" text, period text, decision text, refusal text,
       "afterMs" bigint)
     where c.campaign_id = s.campaign and c.task_id = s.task and c.user_id = s."user" and c.period = s.period
       and c.state = 'due'`,
    [JSON.stringify(settlements.map((each) => ({ ...each, user: issuedUser(each.user) })))]
  )
}

/** What is to be added to the count of a user; negative where something was undone. */
interface OwnCount {
  readonly user: string
  /** day number as text for a task per day, '' for a task per campaign */
  readonly period: string
  readonly amount: number
}

/**
 * Adds what Floodgate itself counted, in the transaction of whoever counts; a count that reaches the goal makes the task due, once in its
 * period. What is undone lowers the count, at most to 0, and takes no completion back.
 */
export async function addOwnCounts(
  db: Queryable,
  { campaign, task, goal }: { readonly campaign: string; readonly task: string; readonly goal: number },
  counts: readonly OwnCount[]
): Promise<void> {
  if (counts.length === 0) return
  const rows = JSON.stringify(counts.map((each) => ({ ...each, user: issuedUser(each.user) })))
  // two statements: a row that is to be inserted may not hold the negative count by which an existing one is lowered
  await db.query(
    `insert into task_counts (campaign_id, task_id, user_id, period, count, state)
     select $1, $2, "user", period, 0, 'counting' from json_to_recordset($3::json) as c("user" text, period text)
     on conflict on constraint task_counts_pkey do nothing`,
    [campaign, task, rows]
  )
  await db.query(
    `with added as (
       select "user", period, sum(amount)::bigint as amount
       from json_to_recordset($3::json) as c("user" text, period text, amount bigint) group by "user", period
     )
     update task_counts known set count = greatest(0, known.count + amount),
       state = case when state = 'counting' and known.count + amount >= $4 then 'due' else state end,
       due_at = case when state = 'counting' and known.count + amount >= $4 then now() else due_at end,
       next_attempt_at = case when state = 'counting' and known.count + amount >= $4 then now() else next_attempt_at end
     from added where campaign_id = $1 and task_id = $2 and user_id = added."user" and known.period = added.period`,
    [campaign, task, rows, goal]
  )
}
