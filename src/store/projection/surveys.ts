import type { Client } from 'pg'
import { writeRows } from '../connection/copy.ts'
import { issuedUser } from '../connection/user-name.ts'
import type { Projection } from './rows.ts'

// An answer takes over what was kept under its request before the gate decided; the counts are made from what was inserted.
const addAnswers = `
  with given as (
    select * from json_to_recordset($2::json) as a(answer_id text, campaign_id text, activity_id text, user_id text, key text,
      hash text, epoch bigint, sequence bigint, answered_at timestamptz)
  ), kept as (
    delete from user_texts t using given g where t.user_id = g.user_id and t.key = g.key and t.hash = g.hash
    returning t.user_id, t.key, t.hash, t.text
  ), added as (
    insert into survey_answers (answer_id, campaign_id, activity_id, user_id, answers, shard, epoch, sequence, answered_at)
    select answer_id, campaign_id, activity_id, user_id, kept.text::jsonb, $1, epoch, sequence, answered_at
    from given left join kept using (user_id, key, hash)
    returning campaign_id, activity_id, answers
  ), counted as (
    select campaign_id, activity_id, '' as question, '' as value from added where answers is not null
    union all
    select campaign_id, activity_id, question, '' from added, jsonb_each(answers) as type(name, members),
      jsonb_object_keys(members) as question
    union all
    select campaign_id, activity_id, key, value from added, jsonb_each_text(answers -> 'ratings')
    union all
    select campaign_id, activity_id, key, option from added, jsonb_each(answers -> 'choices'),
      jsonb_array_elements_text(value) as option
  )
  insert into survey_counts as s (shard, campaign_id, activity_id, question, value, answers)
  select $1, campaign_id, activity_id, question, value, count(*) from counted group by 2, 3, 4, 5
  on conflict on constraint survey_counts_pkey do update set answers = s.answers + excluded.answers`

/** Stores answers of surveys; where there are none it sends no statement. */
export async function storeAnswers(session: Client, shard: number, { answers }: Projection): Promise<void> {
  const rows = answers.map((row) => ({ ...row, user_id: issuedUser(row.user_id) }))
  await writeRows(session, shard, { text: addAnswers, rows })
}
