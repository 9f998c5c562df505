import { type Page, placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'

interface SurveyName {
  readonly campaign: string
  readonly survey: string
}

/** How often a value was given; question '' counts whole answers, value '' those in which the question is answered. */
export interface SurveyCount {
  readonly question: string
  readonly value: string
  readonly answers: number
}

/** Only answers whose decision is stored count. */
export async function readSurveyCounts(db: Queryable, { campaign, survey }: SurveyName): Promise<SurveyCount[]> {
  const { rows } = await db.query<SurveyCount>(
    `select question, value, sum(answers)::float8 as answers from survey_counts
     where campaign_id = $1 and activity_id = $2 group by question, value`,
    [campaign, survey]
  )
  return rows
}

/** A text that a user answered, under the id of the answer. */
export interface SurveyText {
  readonly id: string
  readonly text: string
  /** ms since 1970 */
  readonly at: number
}

/** The texts of one question, newest first. */
export async function listSurveyTexts(
  db: Queryable,
  { campaign, survey, question }: SurveyName & { readonly question: string },
  { before, limit }: Pick<Page, 'before' | 'limit'>
): Promise<SurveyText[]> {
  const { rows } = await db.query<Omit<SurveyText, 'at'> & { at: Date }>(
    `select answer_id as id, answers -> 'texts' ->> $3 as text, answered_at as at
     from survey_answers
     where campaign_id = $1 and activity_id = $2 and answers -> 'texts' ? $3
       and ($4::timestamptz is null or (answered_at, epoch, sequence, answer_id) < ($4, $5::bigint, $6::bigint, $7))
     order by answered_at desc, epoch desc, sequence desc, answer_id desc limit $8`,
    [campaign, survey, question, ...placeValues(before), before?.id ?? null, limit]
  )
  return rows.map((row) => ({ ...row, at: row.at.getTime() }))
}
