import type { Pool, PoolClient } from 'pg'
import { storedUser } from '../connection/user-name.ts'
import { fromFirst } from './report-figures.ts'

/** Users of a campaign to whom somebody may want to write. */
export const segmentNames = ['participants', 'unpaid', 'unclaimed', 'winners', 'inactive'] as const
export type SegmentName = (typeof segmentNames)[number]

interface Segment {
  readonly campaign: string
  readonly segment: SegmentName
  /** the pattern of the keys that clients have: drivers decide under others */
  readonly keys: string
  /** of `inactive`: who decided nothing for so many days */
  readonly days: number
}

const OF_CAMPAIGN = 'campaign_id = $1'

/** Each names the user as `user_id`; $2 is the pattern of clients' keys, $3 the days. @param from of decisions */
const sources: Readonly<Record<SegmentName, (from: string) => string>> = {
  participants: (from) =>
    `select distinct d.user_id from decisions d where d.${OF_CAMPAIGN} and ${from} and d.key like $2`,
  unpaid: () => `select distinct user_id from orders where ${OF_CAMPAIGN} and status = 'accepted'`,
  unclaimed: () =>
    `select distinct user_id from wins where ${OF_CAMPAIGN} and status = 'won' and (claim_by is null or claim_by > now())`,
  winners: () => `select distinct user_id from wins where ${OF_CAMPAIGN} and status <> 'revoked'`,
  inactive: (from) =>
    `select d.user_id from decisions d where d.${OF_CAMPAIGN} and ${from} and d.key like $2
     group by d.user_id having max(d.at) < now() - make_interval(days => $3::int)`
}

/** Nobody writes to whom the campaign has excluded. A user decides in one shard, so the newest word is the one of the highest place. */
const withoutExcluded = (source: string): string => `
  with excluded as (
    select distinct on (user_id) user_id, type from decisions
    where ${OF_CAMPAIGN} and type in ('user.disqualified', 'user.requalified') order by user_id, epoch desc, sequence desc
  )
  select user_id as user from (${source}) s
  where user_id not in (select user_id from excluded where type = 'user.disqualified') and $2::text is not null and $3::int is not null`

const USERS_AT_ONCE = 5000
/** As long as a report may take to read a campaign whole. */
const TIMEOUT_MS = 60_000
/** A client that reads nothing for so long loses the rest: it holds a connection to Postgres. */
const STALLED_MS = 60_000

/**
 * The users of a segment as of one moment, page by page, in no order: it needs the same memory for any number.
 * @returns their names inside the program
 * @throws the error of Postgres
 */
export async function* usersOf(pool: Pool, { campaign, segment, keys, days }: Segment): AsyncGenerator<string[]> {
  const client = await pool.connect()
  let isOver = false
  try {
    await client.query('begin isolation level repeatable read read only')
    await client.query(
      `set local statement_timeout = ${TIMEOUT_MS}; set local idle_in_transaction_session_timeout = ${STALLED_MS}`
    )
    yield* pagesOf(client, withoutExcluded(sources[segment](await fromFirst(client, campaign))), [campaign, keys, days])
    await client.query('commit')
    isOver = true
  } finally {
    // a transaction that is left in its middle goes with its connection
    client.release(!isOver)
  }
}

async function* pagesOf(client: PoolClient, source: string, values: unknown[]): AsyncGenerator<string[]> {
  await client.query({ text: `declare users no scroll cursor for ${source}`, values })
  for (;;) {
    const fetch = { text: `fetch ${USERS_AT_ONCE} from users`, query_timeout: TIMEOUT_MS }
    const { rows } = await client.query<{ user: string }>(fetch)
    if (rows.length > 0) yield rows.map(({ user }) => storedUser(user))
    if (rows.length < USERS_AT_ONCE) return
  }
}
