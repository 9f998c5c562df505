import type { Queryable } from '../connection/transaction.ts'
import { inside } from '../connection/user-name.ts'

/** A reward that somebody has to release: a win that was claimed, or what a user gets for what others did. */
export interface Review {
  readonly id: number
  readonly campaign: string
  readonly state: 'waiting' | 'approved' | 'rejected'
  readonly user: string
  readonly activity: string
  /** the prize of a win, the action of a reward */
  readonly what: string
  /** null for a reward */
  readonly win: string | null
  /** of a reward: the decision, or the place on a board, that it is for; null for a win */
  readonly cause: string | null
  readonly role: string | null
  readonly askedAt: Date
  readonly decidedBy: string | null
  readonly reason: string | null
  readonly decidedAt: Date | null
}

// what was revoked or voided meanwhile waits for nobody
const rows = `select r.review_id::float8 as id, r.campaign_id as campaign, r.state, coalesce(w.user_id, c.user_id) as "user",
    coalesce(w.activity_id, c.activity_id) as activity, coalesce(w.prize_id, c.action) as what, r.win_id as win, r.cause, r.role,
    r.asked_at as "askedAt", r.decided_by as "decidedBy", r.reason, r.decided_at as "decidedAt"
  from reviews r left join wins w on w.win_id = r.win_id
    left join credits c on c.campaign_id = r.campaign_id and c.cause = r.cause and c.role = r.role`
const stands = `(r.state <> 'waiting' or (w.win_id is not null and w.status <> 'revoked') or (c.cause is not null and not c.voided))`

/** Reviews of a campaign in a state, newest first, at most `limit`. @param page.before only those with a lower number */
export async function listReviews(
  db: Queryable,
  { campaign, state }: { readonly campaign: string; readonly state: Review['state'] },
  page: { readonly limit: number; readonly before?: number }
): Promise<Review[]> {
  const { rows: found } = await db.query<Review>(
    `${rows} where r.campaign_id = $1 and r.state = $2 and ($3::bigint is null or r.review_id < $3) and ${stands}
     order by r.review_id desc limit $4`,
    [campaign, state, page.before ?? null, page.limit]
  )
  return found.map(inside)
}

export async function findReview(db: Queryable, id: number): Promise<Review | undefined> {
  const { rows: found } = await db.query<Review>(`${rows} where r.review_id = $1`, [id])
  return found[0] && inside(found[0])
}

/** How many rewards of a campaign wait for somebody. */
export async function countReviews(db: Queryable, campaign: string): Promise<number> {
  const { rows: found } = await db.query<{ count: number }>(
    `select count(*) as count from (${rows} where r.campaign_id = $1 and r.state = 'waiting' and ${stands}) waiting`,
    [campaign]
  )
  return found[0]?.count ?? 0
}

/** Has wins wait for somebody, each once. */
export async function reviewWins(
  db: Queryable,
  wins: ReadonlyArray<{ readonly campaign: string; readonly win: string }>
): Promise<void> {
  if (wins.length === 0) return
  await db.query(
    `insert into reviews (campaign_id, win_id) select campaign, win from json_to_recordset($1::json) as w(campaign text, win text)
     on conflict (win_id) where win_id is not null do nothing`,
    [JSON.stringify(wins)]
  )
}

/**
 * Closes a review, once. Whoever rejected a win had it revoked before: that counts, also where somebody else approved it at the same moment, which
 * was noted first. @returns whether it is closed so now
 */
export async function closeReview(
  db: Queryable,
  id: number,
  how: { readonly state: 'approved' | 'rejected'; readonly operator: string; readonly reason: string | undefined }
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update reviews set state = $2, decided_by = $3, reason = $4, decided_at = now()
     where review_id = $1 and (state = 'waiting' or (state = 'approved' and $2 = 'rejected' and win_id is not null))`,
    [id, how.state, how.operator, how.reason ?? null]
  )
  return rowCount === 1
}

/** Has a reward given, or not: in the transaction that closes its review. */
export async function releaseCredit(
  db: Queryable,
  { campaign, cause, role }: Pick<Review, 'campaign' | 'cause' | 'role'>,
  isApproved: boolean
): Promise<void> {
  const change = isApproved ? 'next_attempt_at = now()' : `state = 'voided', voided = true, next_attempt_at = null`
  await db.query(
    `update credits set ${change}
     where campaign_id = $1 and cause = $2 and role = $3 and state = 'due' and attempts = 0 and not voided`,
    [campaign, cause, role]
  )
}
