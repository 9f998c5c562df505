import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { everyShard } from '../shard/every-shard.ts'

/** An event of another system about an attempt at a game. */
interface GameEvent {
  readonly campaign: string
  readonly game: string
  /** who reports */
  readonly source: string
  /** id of the event, unique at its source */
  readonly sourceEventId: string
  readonly user: string
}

/** Notes whom an event is about; false where it told of another user before. */
export async function noteGameEvent(db: Queryable, event: GameEvent): Promise<boolean> {
  const { campaign, game, source, sourceEventId, user } = event
  const named = [campaign, game, source, sourceEventId]
  const { rowCount } = await db.query(
    `insert into game_sources (campaign_id, game_id, source, source_event_id, user_id) values ($1, $2, $3, $4, $5)
     on conflict on constraint game_sources_pkey do nothing`,
    [...named, issuedUser(user)]
  )
  if (rowCount === 1) return true
  const { rows } = await db.query<{ user_id: string }>(
    `select user_id from game_sources where campaign_id = $1 and game_id = $2 and source = $3 and source_event_id = $4`,
    named
  )
  return rows[0]?.user_id === issuedUser(user)
}

/** Who of some users has a result in a game. */
export async function playersAmong(
  db: Queryable,
  { campaign, game, users }: { readonly campaign: string; readonly game: string; readonly users: readonly string[] }
): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ user: string }>(
    `select distinct user_id as "user" from decisions
     where shard = ${everyShard} and user_id = any($1) and campaign_id = $2 and activity_id = $3 and type = 'game.completed'`,
    [users.map(issuedUser), campaign, game]
  )
  return new Set(rows.map((row) => inside(row).user))
}
