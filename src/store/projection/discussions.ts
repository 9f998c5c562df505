import type { Client } from 'pg'
import { writeRows } from '../connection/copy.ts'
import { issuedUser } from '../connection/user-name.ts'
import type { Projection } from './rows.ts'

// A comment takes its text over from where it was kept before the gate decided. The counts are made from what was inserted, so they
// equal what lists show.
const addComments = `
  with posted as (
    select * from json_to_recordset($2::json) as c(comment_id text, campaign_id text, activity_id text, user_id text,
      key text, hash text, subject_type text, subject_id text, reply_to text, status text, epoch bigint, sequence bigint,
      posted_at timestamptz)
  ), kept as (
    delete from user_texts t using posted p where t.user_id = p.user_id and t.key = p.key and t.hash = p.hash
    returning t.user_id, t.key, t.hash, t.text
  ), added as (
    insert into comments (comment_id, campaign_id, activity_id, user_id, subject_type, subject_id, reply_to, status, text,
      shard, epoch, sequence, posted_at)
    select comment_id, campaign_id, activity_id, user_id, subject_type, subject_id, nullif(reply_to, ''),
      case when kept.text is null then 'hidden' else status end, kept.text, $1, epoch, sequence, posted_at
    from posted left join kept using (user_id, key, hash)
    returning campaign_id, activity_id, subject_type, subject_id, status
  )
  insert into subject_counts as s (shard, campaign_id, activity_id, subject_type, subject_id, comments)
  select $1, campaign_id, activity_id, subject_type, subject_id, count(*) filter (where status = 'shown')
  from added group by campaign_id, activity_id, subject_type, subject_id
  on conflict on constraint subject_counts_pkey do update set comments = s.comments + excluded.comments`

const addLikes = `
  insert into subject_counts as s (shard, campaign_id, activity_id, subject_type, subject_id, likes)
  select $1, campaign_id, activity_id, subject_type, subject_id, likes
  from json_to_recordset($2::json) as l(campaign_id text, activity_id text, subject_type text, subject_id text, likes bigint)
  on conflict on constraint subject_counts_pkey do update set likes = s.likes + excluded.likes`

// Hidden twice counts once: only a comment whose status changes moves the count. A later word may be stored already.
const moderate = `
  with said as (
    select c.comment_id, c.campaign_id, c.activity_id, c.subject_type, c.subject_id, c.status as before, m.status as now
    from json_to_recordset($2::json) as m(comment_id text, status text, epoch bigint, sequence bigint)
    join comments c using (comment_id)
    where c.shard = $1 and c.status <> m.status and (m.status <> 'shown' or c.text is not null)
      and not exists (
        select from decisions d where d.shard = $1 and d.user_id = c.user_id and d.type in ('comment.hidden', 'comment.restored')
          and (d.epoch, d.sequence) > (m.epoch, m.sequence) and d.request ->> 'comment' = m.comment_id
      )
    for update of c
  ), changed as (
    update comments c set status = said.now from said where c.comment_id = said.comment_id
  )
  update subject_counts s set comments = s.comments + moved.comments
  from (
    select campaign_id, activity_id, subject_type, subject_id,
      sum((now = 'shown')::int - (before = 'shown')::int) as comments
    from said group by campaign_id, activity_id, subject_type, subject_id
  ) moved
  where s.shard = $1 and s.campaign_id = moved.campaign_id and s.activity_id = moved.activity_id
    and s.subject_type = moved.subject_type and s.subject_id = moved.subject_id`

/** Stores comments, likes and what moderation said; where there are none it sends no statement. */
export async function storeDiscussions(session: Client, shard: number, { discussed }: Projection): Promise<void> {
  const { comments, likes, moderated } = discussed
  const posted = comments.map((row) => ({ ...row, user_id: issuedUser(row.user_id) }))
  await writeRows(session, shard, { text: addComments, rows: posted })
  await writeRows(session, shard, { text: addLikes, rows: likes })
  await writeRows(session, shard, { text: moderate, rows: moderated })
}
