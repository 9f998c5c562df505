import type { ClientBase } from 'pg'
import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'
import type { BoardPlace } from './scores.ts'

/** A user who is to be shown on a board, or not any more. */
interface Showing {
  readonly user: string
  readonly hidden: boolean
}

/**
 * Hides users from a board, or shows them again: their scores stay, and are told anew to whoever shows them. In the transaction that has
 * locked the board.
 */
export async function hideUsers(
  client: ClientBase,
  { campaign, board }: BoardPlace,
  users: readonly Showing[]
): Promise<void> {
  const names = (hidden: boolean) => users.filter((one) => one.hidden === hidden).map(({ user }) => issuedUser(user))
  const [gone, back] = [names(true), names(false)]
  await client.query(
    'insert into board_hidden (campaign_id, board_id, user_id) select $1, $2, unnest($3::text[]) on conflict do nothing',
    [campaign, board, gone]
  )
  await client.query('delete from board_hidden where campaign_id = $1 and board_id = $2 and user_id = any($3)', [
    campaign,
    board,
    back
  ])
  await client.query(
    `with changed as (
       select s.period, s.user_id from board_scores s join board_periods p using (campaign_id, board_id, period)
       where s.campaign_id = $1 and s.board_id = $2 and s.user_id = any($3) and p.state = 'counting'
     ), raised as (
       update board_periods p set version = p.version + 1
       where p.campaign_id = $1 and p.board_id = $2 and p.period in (select period from changed) returning p.period, p.version
     )
     update board_scores s set version = raised.version from changed join raised using (period)
     where s.campaign_id = $1 and s.board_id = $2 and s.period = changed.period and s.user_id = changed.user_id`,
    [campaign, board, [...gone, ...back]]
  )
}

/** The places of a user on boards of a campaign, the newest period first. */
export async function boardsOfUser(
  db: Queryable,
  { campaign, user }: { readonly campaign: string; readonly user: string }
): Promise<Array<{ board: string; period: string; score: number }>> {
  const { rows } = await db.query<{ board: string; period: string; score: number }>(
    `select s.board_id as board, s.period, s.score::float8 as score from boards b
     join board_periods p on p.campaign_id = b.campaign_id and p.board_id = b.board_id and p.state = 'counting'
     join board_scores s on s.campaign_id = b.campaign_id and s.board_id = b.board_id and s.period = p.period and s.user_id = $2
     where b.campaign_id = $1 and s.score > 0 order by s.period desc, s.board_id`,
    [campaign, issuedUser(user)]
  )
  return rows
}
