import type { ClientBase } from 'pg'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import type { PeriodPlace } from './periods.ts'

const place = ({ campaign, board, period }: PeriodPlace) => [campaign, board, period]
const isThis = 'campaign_id = $1 and board_id = $2 and period = $3'

/** Ends the counting of a period: from here on its scores stay as they are. */
export async function beginFreezing(client: ClientBase, period: PeriodPlace): Promise<void> {
  await client.query(
    `update board_periods set state = 'freezing', freezing_since = clock_timestamp() where ${isThis} and state = 'counting'`,
    place(period)
  )
}

/** Where the order of a period is written to. */
interface Passed {
  readonly down: number
  readonly reachedAt: number
  readonly tie: string
  readonly user: string
}

interface Freezing {
  readonly ranked: number
  readonly passed: Passed | null
  readonly since: Date
}

/** A user in the order of a period, before the disqualified are left out. */
interface Ordered extends Passed {
  readonly score: number
}

/** Locks a period that is being frozen; undefined for every other. */
async function lockFreezing(client: ClientBase, period: PeriodPlace): Promise<Freezing | undefined> {
  const { rows } = await client.query<Freezing>(
    `select ranked, passed, freezing_since as since from board_periods where ${isThis} and state = 'freezing' for update`,
    place(period)
  )
  return rows[0]
}

async function nextInOrder(
  client: ClientBase,
  period: PeriodPlace,
  { after, limit }: { readonly after: Passed | null; readonly limit: number }
): Promise<Ordered[]> {
  const from = after ?? { down: -Number.MAX_SAFE_INTEGER, reachedAt: 0, tie: '', user: '' }
  const { rows } = await client.query<Ordered>(
    `select user_id as "user", score, -score as down, reached_at as "reachedAt", tie from board_scores
     where ${isThis} and score > 0 and (-score, reached_at, tie, user_id) > ($4::bigint, $5::bigint, $6, $7)
     order by -score, reached_at, tie, user_id limit $8`,
    [...place(period), from.down, from.reachedAt, from.tie, from.user, limit]
  )
  return rows
}

/** Those of some users who were disqualified when the freezing began. */
async function disqualified(
  client: ClientBase,
  { campaign, users, since }: { readonly campaign: string; readonly users: readonly string[]; readonly since: Date }
): Promise<Set<string>> {
  const { rows } = await client.query<{ user: string; type: string }>(
    `select distinct on (user_id) user_id as "user", type from intents
     where campaign_id = $1 and type in ('user.disqualified', 'user.requalified') and user_id = any($2)
       and state = 'applied' and closed_at <= $3
     order by user_id, intent_id desc`,
    [campaign, users, since]
  )
  return new Set(rows.filter(({ type }) => type === 'user.disqualified').map(({ user }) => user))
}

/** A user at a rank of a frozen period. */
export interface Ranked {
  readonly rank: number
  readonly user: string
  readonly score: number
}

/**
 * Writes the next ranks of a period that is being frozen, without the disqualified, in the transaction of the client.
 * @param page.topRowOf the row of `top` that a rank fits, -1 for none
 * @returns the new ranks, and whether there are no more; undefined for a period that is not being frozen
 */
export async function freezePage(
  client: ClientBase,
  period: PeriodPlace,
  page: { readonly limit: number; readonly topRowOf: (rank: number) => number }
): Promise<{ readonly ranks: readonly Ranked[]; readonly isLast: boolean } | undefined> {
  const freezing = await lockFreezing(client, period)
  if (freezing === undefined) return undefined
  const ordered = await nextInOrder(client, period, { after: freezing.passed, limit: page.limit })
  const users = ordered.map(({ user }) => user)
  const dropped = await disqualified(client, { campaign: period.campaign, users, since: freezing.since })
  const ranks = ordered
    .filter(({ user }) => !dropped.has(user))
    .map(({ user, score }, index) => ({ rank: freezing.ranked + index + 1, user, score }))
  const rows = ranks.map((ranked) => {
    const row = page.topRowOf(ranked.rank)
    return { ...ranked, top_row: row < 0 ? null : row }
  })
  await client.query(
    `insert into board_ranks (campaign_id, board_id, period, rank, user_id, score, top_row)
     select $1, $2, $3, rank, "user", score, top_row
     from json_to_recordset($4::json) as r(rank bigint, "user" text, score bigint, top_row integer)`,
    [...place(period), JSON.stringify(rows)]
  )
  const last = ordered.at(-1)
  const isLast = ordered.length < page.limit
  await client.query(
    `update board_periods set ranked = ranked + $4, passed = coalesce($5, passed),
       state = case when $6 then 'frozen' else state end, frozen_at = case when $6 then clock_timestamp() end
     where ${isThis}`,
    [
      ...place(period),
      ranks.length,
      last === undefined
        ? null
        : JSON.stringify({ down: last.down, reachedAt: last.reachedAt, tie: last.tie, user: last.user }),
      isLast
    ]
  )
  return { ranks: ranks.map(inside), isLast }
}

/** Users of a frozen period from a rank on. */
export async function frozenRanks(
  db: Queryable,
  period: PeriodPlace,
  page: { readonly from: number; readonly limit: number }
): Promise<Ranked[]> {
  const { rows } = await db.query<Ranked>(
    `select rank, user_id as "user", score from board_ranks
     where ${isThis} and rank >= $4 and rank < $5 order by rank`,
    [...place(period), page.from, page.from + page.limit]
  )
  return rows.map(inside)
}

/** The rank of a user in a frozen period. */
export async function frozenRankOf(
  db: Queryable,
  { campaign, board, period }: PeriodPlace,
  user: string
): Promise<number | undefined> {
  const { rows } = await db.query<{ rank: number }>(
    'select rank from board_ranks where campaign_id = $1 and user_id = $2 and board_id = $3 and period = $4',
    [campaign, issuedUser(user), board, period]
  )
  return rows[0]?.rank
}

/** A place on a frozen board for which there is a row of `top`. */
interface HeldPlace {
  readonly board: string
  readonly period: string
  readonly rank: number
  readonly topRow: number
}

/** The places of a user on boards of a campaign for which there is a row of `top`, the newest first. */
export async function heldPlaces(db: Queryable, campaign: string, user: string): Promise<HeldPlace[]> {
  const { rows } = await db.query<HeldPlace>(
    `select r.board_id as board, r.period, r.rank, r.top_row as "topRow"
     from board_ranks r join board_periods p using (campaign_id, board_id, period)
     where r.campaign_id = $1 and r.user_id = $2 and r.top_row is not null and p.state = 'frozen'
     order by r.period desc, r.board_id`,
    [campaign, issuedUser(user)]
  )
  return rows
}
