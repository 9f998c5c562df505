import type { ClientBase } from 'pg'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { forgetAssists } from '../following/followed-assists.ts'
import { readAgain } from '../following/places.ts'

/** A board of a campaign. */
export interface BoardPlace {
  readonly campaign: string
  readonly board: string
}

/** What the decisions of a batch change of the score of a user in a period. */
export interface ScoreChange {
  readonly period: string
  readonly user: string
  readonly delta: number
  /** of the newest of them: ms since 1970, and its place among decisions of the same millisecond */
  readonly reachedAt: number
  readonly tie: string
}

/** Between which moments a board counts, ms since 1970; null is what it has not met. */
export interface Counting {
  /** when the campaign was ended early */
  readonly endedAt: number | null
  /** the newest decision that was counted */
  readonly countedTo: number | null
  /** the oldest decision that came too late to be counted */
  readonly skippedFrom: number | null
}

const place = ({ campaign, board }: BoardPlace) => [campaign, board]

/** Locks a board until the end of the transaction, so that batches of several shards count one after the other. */
export async function lockBoard(client: ClientBase, board: BoardPlace): Promise<Counting> {
  await client.query('insert into boards (campaign_id, board_id) values ($1, $2) on conflict do nothing', place(board))
  const { rows } = await client.query<Counting>(
    `select ended_at as "endedAt", counted_to as "countedTo", skipped_from as "skippedFrom" from boards
     where campaign_id = $1 and board_id = $2 for update`,
    place(board)
  )
  return rows[0] ?? { endedAt: null, countedTo: null, skippedFrom: null }
}

/** The same, without locking; undefined for a board that has counted nothing. */
export async function readCounting(db: Queryable, board: BoardPlace): Promise<Counting | undefined> {
  const { rows } = await db.query<Counting>(
    `select ended_at as "endedAt", counted_to as "countedTo", skipped_from as "skippedFrom" from boards
     where campaign_id = $1 and board_id = $2`,
    place(board)
  )
  return rows[0]
}

export async function noteCounting(client: ClientBase, board: BoardPlace, counting: Counting): Promise<void> {
  await client.query(
    'update boards set ended_at = $3, counted_to = $4, skipped_from = $5 where campaign_id = $1 and board_id = $2',
    [...place(board), counting.endedAt, counting.countedTo, counting.skippedFrom]
  )
}

// A period that is being frozen has met all its decisions: nothing is counted there any more.
const raiseVersions = `
  insert into board_periods (campaign_id, board_id, period, version, as_of)
  select $1, $2, period, 1, $4 from unnest($3::text[]) as period
  on conflict on constraint board_periods_pkey do update
  set version = board_periods.version + 1, as_of = greatest(board_periods.as_of, excluded.as_of)
  where board_periods.state = 'counting'
  returning period, version`

const addChanges = `
  insert into board_scores as s (campaign_id, board_id, period, user_id, score, reached_at, tie, version)
  select $1, $2, period, user_id, delta, reached_at, tie, version
  from json_to_recordset($3::json) as c(period text, user_id text, delta bigint, reached_at bigint, tie text, version bigint)
  on conflict on constraint board_scores_pkey do update
  set score = s.score + excluded.score, version = excluded.version,
    reached_at = greatest(s.reached_at, excluded.reached_at),
    tie = case when (s.reached_at, s.tie) < (excluded.reached_at, excluded.tie) then excluded.tie else s.tie end`

/** What a batch of decisions means for a board. */
interface Counted {
  /** at most one for a user and period */
  readonly changes: readonly ScoreChange[]
  /** ms since 1970, decision time that the periods stand for afterwards */
  readonly asOf: number
}

/** Adds what decisions changed. The board must be locked. */
export async function addScores(client: ClientBase, board: BoardPlace, { changes, asOf }: Counted): Promise<void> {
  const periods = [...new Set(changes.map(({ period }) => period))].sort()
  const { rows } = await client.query<{ period: string; version: number }>(raiseVersions, [
    ...place(board),
    periods,
    asOf
  ])
  const versions = new Map(rows.map(({ period, version }) => [period, version]))
  const scores = changes.flatMap(({ period, user, delta, reachedAt, tie }) => {
    const version = versions.get(period)
    return version === undefined
      ? []
      : [{ period, user_id: issuedUser(user), delta, reached_at: reachedAt, tie, version }]
  })
  if (scores.length > 0) await client.query(addChanges, [...place(board), JSON.stringify(scores)])
}

/** Sets the scores of users to 0 that may still change, to be added up anew. @returns which they are. The board must be locked. */
export async function forgetScores(
  client: ClientBase,
  board: BoardPlace,
  users: readonly string[]
): Promise<Array<Pick<ScoreChange, 'period' | 'user'>>> {
  const { rows } = await client.query<Pick<ScoreChange, 'period' | 'user'>>(
    `update board_scores s set score = 0, reached_at = 0, tie = '' from board_periods p
     where s.campaign_id = $1 and s.board_id = $2 and s.user_id = any($3) and p.campaign_id = $1 and p.board_id = $2
       and p.period = s.period and p.state = 'counting'
     returning s.period, s.user_id as "user"`,
    [...place(board), users.map(issuedUser)]
  )
  return rows.map(inside)
}

/** Notes that a board has met decisions which do not count for it. */
export async function passTime(client: ClientBase, board: BoardPlace, asOf: number): Promise<void> {
  await client.query(
    `update board_periods set as_of = $3
     where campaign_id = $1 and board_id = $2 and state = 'counting' and as_of < $3`,
    [...place(board), asOf]
  )
}

/** Forgets what a board counted, but for its frozen periods, and has it count again from the first decision of its campaign on. */
export async function countAgain(client: ClientBase, shards: readonly number[], board: BoardPlace): Promise<void> {
  for (const shard of shards) await readAgain(client, shard, { campaign: board.campaign, name: board.board })
  await resetBoard(client, board)
}

/** Forgets what a board counted, but for its frozen periods. */
export async function resetBoard(client: ClientBase, board: BoardPlace): Promise<void> {
  const values = place(board)
  await client.query(
    `delete from board_scores s using board_periods p
     where s.campaign_id = $1 and s.board_id = $2 and p.campaign_id = $1 and p.board_id = $2
       and p.period = s.period and p.state = 'counting'`,
    values
  )
  await client.query(
    `delete from board_periods where campaign_id = $1 and board_id = $2 and state = 'counting'`,
    values
  )
  await forgetAssists(client, { campaign: board.campaign, name: board.board })
  await client.query('delete from board_hidden where campaign_id = $1 and board_id = $2', values)
  await client.query('delete from boards where campaign_id = $1 and board_id = $2', values)
}
