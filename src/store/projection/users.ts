import type { Client, Pool, PoolClient } from 'pg'
import { issuedUser, storedUser } from '../connection/user-name.ts'
import { readCheckpoint } from './checkpoint.ts'
import type { DecisionPlace } from './restore.ts'

type Queryable = Pick<Client | Pool | PoolClient, 'query'>

/**
 * How far a walk over all users has come: first those who have rows of decisions, by name, then those whom only the checkpoint knows,
 * because their decisions have left the table.
 */
export interface UserCursor {
  readonly within: 'decisions' | 'checkpoint'
  /** the last user or hash */
  readonly after: string
  /** where the checkpoint was when the walk began: whoever has a row of a decision up to there was met by the first half of it */
  readonly since: DecisionPlace
}

interface UserPage {
  readonly users: string[]
  /** undefined after the last page */
  readonly next: UserCursor | undefined
}

interface Wanted {
  readonly shard: number
  /** logical keys of users' hashes begin with it */
  readonly prefix: string
  readonly most: number
}

/** Pages without anybody new that one call passes at most. */
const PAGES = 20

/** The next users, at most so many; there may be none before the last page. @param cursor undefined for the first page */
export async function nextUsers(db: Queryable, wanted: Wanted, cursor: UserCursor | undefined): Promise<UserPage> {
  if (cursor?.within === 'checkpoint') {
    let page = await foldedUsers(db, wanted, cursor)
    // most of them have decisions
    for (let pages = 1; pages < PAGES && page.next && page.users.length === 0; pages += 1)
      page = await foldedUsers(db, wanted, page.next)
    return page
  }
  const since = cursor?.since ?? (await readCheckpoint(db, wanted.shard))
  const users = await usersWhoDecided(db, wanted, cursor?.after ?? '')
  const last = users.at(-1)
  const next: UserCursor =
    users.length < wanted.most || last === undefined
      ? { within: 'checkpoint', after: wanted.prefix, since }
      : { within: 'decisions', after: last, since }
  return { users, next }
}

/** Those of some users whom neither a decision nor the checkpoint knows. */
export async function unknownUsers(
  db: Queryable,
  { shard, prefix }: Omit<Wanted, 'most'>,
  users: readonly string[]
): Promise<string[]> {
  const { rows } = await db.query<{ user: string }>(
    `select issued as "user" from unnest($2::text[], $3::text[]) as u(hash, issued)
     where not exists (select 1 from checkpoint_rows c where c.shard = $1 and c.hash = u.hash)
       and not exists (select 1 from decisions d where d.shard = $1 and d.user_id = u.issued)`,
    [shard, users.map((user) => prefix + user), users.map(issuedUser)]
  )
  return rows.map(({ user }) => storedUser(user))
}

async function usersWhoDecided(db: Queryable, { shard, most }: Wanted, after: string): Promise<string[]> {
  // one step along the index for each user, however many decisions they have
  const { rows } = await db.query<{ user: string }>(
    `with recursive walk(user_id, n) as (
       (select user_id, 1 from decisions where shard = $1 and user_id > $2 order by user_id limit 1)
       union all
       select (select d.user_id from decisions d where d.shard = $1 and d.user_id > walk.user_id order by d.user_id limit 1), n + 1
       from walk where walk.user_id is not null and n < $3
     )
     select user_id as "user" from walk where user_id is not null`,
    [shard, issuedUser(after), most]
  )
  return rows.map(({ user }) => storedUser(user))
}

async function foldedUsers(db: Queryable, { shard, prefix, most }: Wanted, cursor: UserCursor): Promise<UserPage> {
  const { rows } = await db.query<{ hash: string }>(
    'select hash from checkpoint_rows where shard = $1 and hash > $2 and starts_with(hash, $3) order by hash limit $4',
    [shard, cursor.after, prefix, most]
  )
  const users = rows.map(({ hash }) => hash.slice(prefix.length))
  const { since } = cursor
  const met = await db.query<{ user: string }>(
    `select u.name as "user" from unnest($2::text[]) as u(name)
     where exists (select 1 from decisions d where d.shard = $1 and d.user_id = u.name and (d.epoch, d.sequence) <= ($3::bigint, $4::bigint))`,
    [shard, users.map(issuedUser), since.epoch, since.sequence]
  )
  const known = new Set(met.rows.map(({ user }) => storedUser(user)))
  const last = rows.at(-1)
  return {
    users: users.filter((user) => !known.has(user)),
    next: last === undefined || rows.length < most ? undefined : { ...cursor, after: last.hash }
  }
}
