import type { Queryable } from '../connection/transaction.ts'
import { inside } from '../connection/user-name.ts'
import type { BoardPlace } from './scores.ts'

/** A period of a board. */
export interface PeriodPlace extends BoardPlace {
  readonly period: string
}

/** How far a period has come. */
export interface Period extends PeriodPlace {
  /** of this counting: another one after a recount */
  readonly token: string
  readonly version: number
  /** ms since 1970, decision time that the scores stand for */
  readonly asOf: number
  readonly state: 'counting' | 'freezing' | 'frozen'
}

const columns = `campaign_id as campaign, board_id as board, period, token, version, as_of as "asOf", state`

/** A period that has counted something; undefined for every other. */
export async function findPeriod(db: Queryable, { campaign, board, period }: PeriodPlace): Promise<Period | undefined> {
  const { rows } = await db.query<Period>(
    `select ${columns} from board_periods where campaign_id = $1 and board_id = $2 and period = $3`,
    [campaign, board, period]
  )
  return rows[0]
}

/** All periods that are not frozen. */
export async function openPeriods(db: Queryable): Promise<Period[]> {
  const { rows } = await db.query<Period>(
    `select ${columns} from board_periods where state <> 'frozen' order by campaign_id, board_id, period`
  )
  return rows
}

/** Of some periods, those that are frozen. */
export async function frozenAmong(db: Queryable, periods: readonly PeriodPlace[]): Promise<PeriodPlace[]> {
  const { rows } = await db.query<PeriodPlace>(
    `select p.campaign_id as campaign, p.board_id as board, p.period
     from board_periods p join json_to_recordset($1::json) as asked(campaign text, board text, period text)
       on p.campaign_id = asked.campaign and p.board_id = asked.board and p.period = asked.period
     where p.state = 'frozen'`,
    [JSON.stringify(periods)]
  )
  return rows
}

/** The score of a user, and when it was reached. */
interface ScoreRow {
  readonly user: string
  readonly score: number
  /** ms since 1970 */
  readonly reachedAt: number
  readonly tie: string
  readonly version: number
}

/** Where reading went to: versions rise, and one version may have changed many users. */
export interface ChangesPlace {
  readonly version: number
  readonly user: string
}

/** The scores that changed after a place, 0 for who is not to be shown, in the order of versions: what is read later has a higher one. */
export async function changedScores(
  db: Queryable,
  { campaign, board, period }: PeriodPlace,
  page: { readonly after: ChangesPlace; readonly limit: number }
): Promise<{ readonly rows: ScoreRow[]; readonly last: ChangesPlace | undefined }> {
  const { rows } = await db.query<ScoreRow>(
    `select user_id as "user", case when h.user_id is null then score else 0 end as score, reached_at as "reachedAt", tie, version
     from board_scores left join board_hidden h using (campaign_id, board_id, user_id)
     where campaign_id = $1 and board_id = $2 and period = $3 and (version, user_id) > ($4::bigint, $5)
     order by version, user_id limit $6`,
    [campaign, board, period, page.after.version, page.after.user, page.limit]
  )
  const last = rows.at(-1)
  return { rows: rows.map(inside), last: last && { version: last.version, user: last.user } }
}
