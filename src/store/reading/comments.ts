import { type Place, placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'
import { inside } from '../connection/user-name.ts'

/** A comment as it is stored. */
export interface StoredComment {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  readonly user: string
  readonly campaign: string
  readonly discussion: string
  readonly subjectType: string
  readonly subjectId: string
  readonly replyTo: string | null
  readonly status: 'shown' | 'waiting' | 'hidden'
  /** null where it was lost */
  readonly text: string | null
  readonly postedAt: Date
}

/** A comment in a list. */
export type ListedComment = StoredComment & { readonly likes: number }

/** What is talked about in a discussion. */
interface Talked {
  readonly campaign: string
  readonly discussion: string
  readonly subject?: { readonly type: string; readonly id: string } | undefined
}

interface CommentPage {
  readonly before?: Place | undefined
  readonly limit: number
}

const columns = `c.comment_id as id, c.user_id as "user", c.campaign_id as campaign, c.activity_id as discussion,
  c.subject_type as "subjectType", c.subject_id as "subjectId", c.reply_to as "replyTo", c.status, c.text,
  c.posted_at as "postedAt"`

const likes = `(select coalesce(sum(s.likes), 0)::float8 from subject_counts s where s.campaign_id = c.campaign_id
  and s.activity_id = c.activity_id and s.subject_type = 'comment' and s.subject_id = c.comment_id) as likes`

const newestFirst = 'order by c.posted_at desc, c.epoch desc, c.sequence desc, c.comment_id desc'

/** A comment by its id, of any user. */
export async function findStoredComment(db: Queryable, id: string): Promise<StoredComment | undefined> {
  const { rows } = await db.query<StoredComment>(`select ${columns} from comments c where c.comment_id = $1`, [id])
  return rows[0] && inside(rows[0])
}

/** Comments that everybody sees, newest first, at most `limit`: on one subject, or of the whole discussion. User ids are whole. */
export async function shownComments(
  db: Queryable,
  { campaign, discussion, subject }: Talked,
  page: CommentPage
): Promise<ListedComment[]> {
  // one statement for each case: a statement for both could not be read along either index
  const ofSubject = subject === undefined ? '' : 'and c.subject_type = $8 and c.subject_id = $9'
  const { rows } = await db.query<ListedComment>(
    `select ${columns}, ${likes} from comments c
     where c.campaign_id = $1 and c.activity_id = $2 and c.status = 'shown' ${ofSubject}
       and ($3::timestamptz is null or (c.posted_at, c.epoch, c.sequence, c.comment_id) < ($3, $4::bigint, $5::bigint, $6))
     ${newestFirst} limit $7`,
    [
      campaign,
      discussion,
      ...placeValues(page.before),
      page.before?.id ?? null,
      page.limit,
      ...(subject === undefined ? [] : [subject.type, subject.id])
    ]
  )
  return rows.map(inside)
}

/** Comments of a discussion with one of these statuses, newest first, at most `limit`: for who moderates. */
export async function commentsByStatus(
  db: Queryable,
  { campaign, discussion }: Talked,
  page: CommentPage & { readonly statuses: readonly string[] }
): Promise<ListedComment[]> {
  // a page of each status along the index, and then the newest of these
  const { rows } = await db.query<ListedComment>(
    `select ${columns}, ${likes} from unnest($8::text[]) as wanted(status) cross join lateral (
       select * from comments c
       where c.campaign_id = $1 and c.activity_id = $2 and c.status = wanted.status
         and ($3::timestamptz is null or (c.posted_at, c.epoch, c.sequence, c.comment_id) < ($3, $4::bigint, $5::bigint, $6))
       ${newestFirst} limit $7
     ) c ${newestFirst} limit $7`,
    [campaign, discussion, ...placeValues(page.before), page.before?.id ?? null, page.limit, page.statuses]
  )
  return rows.map(inside)
}

/** How many comments on a subject are shown, and how many users like it. */
export async function countSubject(
  db: Queryable,
  { campaign, discussion }: Talked,
  subject: { readonly type: string; readonly id: string }
): Promise<{ readonly comments: number; readonly likes: number }> {
  const { rows } = await db.query<{ comments: number; likes: number }>(
    `select coalesce(sum(comments), 0)::float8 as comments, coalesce(sum(likes), 0)::float8 as likes from subject_counts
     where campaign_id = $1 and activity_id = $2 and subject_type = $3 and subject_id = $4`,
    [campaign, discussion, subject.type, subject.id]
  )
  return rows[0] ?? { comments: 0, likes: 0 }
}
