import { type Page, placeValues } from '../connection/list-place.ts'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'

/** A win as it is stored. */
export interface StoredWin {
  /** `<shard>-<epoch>-<sequence>` of its spin */
  readonly id: string
  readonly user: string
  /** the gate's record of the win after the last journaled decision about it: `decodeWin(id, record)` */
  readonly record: string
}

const columns = 'win_id as id, user_id as "user", record'

/** Wins of a user, newest first, at most `limit`, with revoked ones. */
export async function winsOfUser(db: Queryable, user: string, page: Page): Promise<StoredWin[]> {
  const { rows } = await db.query<StoredWin>(
    `select ${columns} from wins
     where user_id = $1 and ($2::text is null or campaign_id = $2)
       and ($3::timestamptz is null or (won_at, epoch, sequence) < ($3, $4::bigint, $5::bigint))
     order by won_at desc, epoch desc, sequence desc limit $6`,
    [issuedUser(user), page.campaign ?? null, ...placeValues(page.before), page.limit]
  )
  return rows.map(inside)
}

/** A win by its id, of any user. */
export async function findWin(db: Queryable, id: string): Promise<StoredWin | undefined> {
  const { rows } = await db.query<StoredWin>(`select ${columns} from wins where win_id = $1`, [id])
  return rows[0] && inside(rows[0])
}

/** Wins by their ids. */
export async function winsById(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, StoredWin>> {
  if (ids.length === 0) return new Map()
  const { rows } = await db.query<StoredWin>(`select ${columns} from wins where win_id = any($1)`, [ids])
  return new Map(rows.map((row) => [row.id, inside(row)]))
}

/** The wins of a user in a campaign that are not revoked, newest first. */
export async function standingWins(
  db: Queryable,
  { user, campaign }: { readonly user: string; readonly campaign: string }
): Promise<Array<{ id: string; draw: string; prize: string; status: string }>> {
  const { rows } = await db.query<{ id: string; draw: string; prize: string; status: string }>(
    `select win_id as id, activity_id as draw, prize_id as prize, status from wins
     where user_id = $1 and campaign_id = $2 and status <> 'revoked' order by won_at desc, epoch desc, sequence desc`,
    [issuedUser(user), campaign]
  )
  return rows
}

/** How many wins of each prize are not revoked, by `<draw>/<prize>`, for draws of a campaign. */
export async function countWins(
  db: Queryable,
  campaign: string,
  draws: readonly string[]
): Promise<Map<string, number>> {
  if (draws.length === 0) return new Map()
  const { rows } = await db.query<{ draw: string; prize: string; wins: number }>(
    `select activity_id as draw, prize_id as prize, count(*)::float8 as wins from wins
     where campaign_id = $1 and status <> 'revoked' and activity_id = any ($2) group by 1, 2`,
    [campaign, draws]
  )
  return new Map(rows.map(({ draw, prize, wins }) => [`${draw}/${prize}`, wins]))
}

/**
 * Wins of a campaign that are not revoked, newest first, at most `limit`: the list of winners. User ids are whole; the caller
 * masks them.
 * @param page `draw`: only wins of this draw
 */
export async function publicWins(
  db: Queryable,
  campaign: string,
  page: Omit<Page, 'campaign'> & { readonly draw?: string | undefined }
): Promise<StoredWin[]> {
  // one statement for each case: a statement for both could not be read along either index
  const ofDraw = page.draw === undefined ? '' : 'and activity_id = $7'
  const { rows } = await db.query<StoredWin>(
    `select ${columns} from wins
     where campaign_id = $1 and status <> 'revoked' ${ofDraw}
       and ($2::timestamptz is null or (won_at, epoch, sequence, win_id) < ($2, $3::bigint, $4::bigint, $5))
     order by won_at desc, epoch desc, sequence desc, win_id desc limit $6`,
    [
      campaign,
      ...placeValues(page.before),
      page.before?.id ?? null,
      page.limit,
      ...(page.draw === undefined ? [] : [page.draw])
    ]
  )
  return rows.map(inside)
}
