import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'

/** What a replay field of the system may belong to: a row that somebody works off, and asks the gate for until it is closed. */
type Work = 'intents' | 'imports' | 'credits' | 'goals' | 'levels' | 'jobs' | 'loans'

/** A decision, and the row that it may belong to. */
interface WorkOfDecision {
  readonly work: Work
  readonly user: string
  readonly campaign: string
  readonly activity: string
  /** the replay field without its prefix: the name of the row */
  readonly name: string
}

const given = `json_to_recordset($1::json) as k(place integer, "user" text, campaign text, activity text, name text)`

/** By kind of row: the places of decisions whose row is not closed. */
const open: Record<Work, string> = {
  intents: `select place from ${given} join intents i
    on i.intent_id = case when k.name ~ '^[0-9]{1,18}$' then k.name::bigint end and i.state = 'open'`,
  imports: `select place from ${given} join imports i
    on i.unit = split_part(k.name, ':', 1) and i.reference = substr(k.name, strpos(k.name, ':') + 1) and i.state = 'open'`,
  credits: `select place from ${given} join credits c
    on c.user_id = k."user" and c.campaign_id = k.campaign and c.cause || ':' || c.role = k.name and c.next_attempt_at is not null`,
  goals: `select place from ${given} join task_counts t
    on t.campaign_id = k.campaign and t.task_id = k.activity and t.user_id = k."user" and t.state = 'due'
      and t.campaign_id || '/' || t.task_id || '/' || t.period = k.name`,
  jobs: `select place from ${given} join job_items i
    on i.job_id = case when split_part(k.name, ':', 1) ~ '^[0-9]{1,18}$' then split_part(k.name, ':', 1)::bigint end
      and i.item = split_part(k.name, ':', 2) and i.state = 'due'`,
  levels: `select place from ${given} join level_states l
    on l.scope = split_part(k.name, ':', 1) and l.user_id = k."user"
      and l.changes < case when split_part(k.name, ':', 2) ~ '^[0-9]{1,18}$' then split_part(k.name, ':', 2)::bigint end`,
  // who listed the row as open may ask for a minute more: no key goes while that lasts
  loans: `select place from ${given} join loans l
    on l.loan_id = case when k.name ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then k.name::uuid end
      and (l.closing is null or l.closed_at > now() - interval '10 minutes')`
}

/**
 * The first of some decisions whose row is still open: it may be asked for again.
 * @param decisions undefined where a decision belongs to no row
 * @returns its index; undefined when all rows are closed
 */
export async function firstOpen(
  db: Queryable,
  decisions: ReadonlyArray<WorkOfDecision | undefined>
): Promise<number | undefined> {
  const byWork = new Map<Work, object[]>()
  for (const [place, decision] of decisions.entries()) {
    if (decision === undefined) continue
    const { work, user, ...names } = decision
    const known = byWork.get(work) ?? []
    known.push({ place, user: issuedUser(user), ...names })
    byWork.set(work, known)
  }
  let first: number | undefined
  for (const [work, some] of byWork) {
    const { rows } = await db.query<{ place: number }>(`${open[work]} order by place limit 1`, [JSON.stringify(some)])
    const [found] = rows
    if (found && (first === undefined || found.place < first)) first = found.place
  }
  return first
}
