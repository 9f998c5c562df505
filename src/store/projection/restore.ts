import type { Client, Pool, PoolClient } from 'pg'
import { inTransaction } from '../connection/transaction.ts'
import { storedUser } from '../connection/user-name.ts'
import type { StockDelta } from './rows.ts'

/** The columns of a decision that recovery needs. */
export interface FoldedDecision {
  readonly epoch: number
  readonly sequence: number
  readonly batch: number
  readonly type: string
  readonly user: string
  readonly campaign: string
  readonly activity: string
  readonly key: string
  readonly hash: string
  readonly entity: string
  readonly at_ms: number
  readonly adds: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly puts: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly record: string
  readonly report: string
  /** fields that it removed by logical key, none for a whole hash; null for nearly all decisions */
  readonly dels: Readonly<Record<string, readonly string[]>> | null
}

/** Columns of `decisions` in the order that the fold takes. */
export const foldedColumns = `epoch, sequence, batch, type, user_id as "user", campaign_id as campaign,
  activity_id as activity, key, hash, entity, round(extract(epoch from at) * 1000)::bigint as at_ms, adds, puts, record, report, dels`

const PAGE = 1000

const REMEMBERED_TEXTS = 1000

/** Reads the JSON of columns; most decisions of an activity have the same deltas, so equal texts are parsed once. */
function jsonReader(): (text: string) => unknown {
  const known = new Map<string, unknown>()
  return (text) => {
    let value = known.get(text)
    if (value === undefined) {
      value = JSON.parse(text)
      // a copy: a part of a page keeps the whole page in memory
      if (known.size < REMEMBERED_TEXTS) known.set(Buffer.from(text).toString(), value)
    }
    return value
  }
}

/** Separators of columns and of rows in a page: no column holds control characters, because JSON escapes them. */
const COLUMN = '\x1f'
const ROW = '\x1e'

function decisionOf(row: string, json: (text: string) => unknown): FoldedDecision {
  const parts = row.split(COLUMN)
  if (parts.length !== 16) {
    const at = parts.slice(0, 2).join('-')
    throw new Error(
      `The row ${at} of the table decisions holds control characters, which Floodgate never writes. Correct the row.`
    )
  }
  const [epoch, sequence, batch, type = '', user = '', campaign = '', activity = '', key = '', hash = ''] = parts
  const [entity = '', at, adds = '', puts = '', record = '', report = '', dels = ''] = parts.slice(9)
  return {
    epoch: Number(epoch),
    sequence: Number(sequence),
    batch: Number(batch),
    type,
    user: storedUser(user),
    campaign,
    activity,
    key,
    hash,
    entity,
    at_ms: Number(at),
    adds: json(adds) as FoldedDecision['adds'],
    puts: json(puts) as FoldedDecision['puts'],
    record,
    report,
    dels: dels === '' ? null : (json(dels) as FoldedDecision['dels'])
  }
}

/** A decision by its place in the order of the journal. */
export type DecisionPlace = Pick<FoldedDecision, 'epoch' | 'sequence'>

/**
 * The decisions of a shard after a place in the order of the journal, page by page along the primary key. Each page is one text,
 * because reading rows of separate columns took a fifth of the time of a recovery.
 * @param after absent: all decisions
 */
export async function* readDecisions(
  db: Client | Pool,
  shard: number,
  after: DecisionPlace = { epoch: 0, sequence: 0 }
): AsyncGenerator<FoldedDecision[]> {
  const json = jsonReader()
  const pageAfter = ({ epoch, sequence }: DecisionPlace) => {
    const page = db.query<{ page: string | null }>({
      name: 'read-decisions',
      text: `select string_agg(line, '${ROW}' order by epoch, sequence) as page from (
               select epoch, sequence, concat_ws('${COLUMN}', epoch, sequence, batch, type, user_id, campaign_id, activity_id,
                 key, hash, entity, round(extract(epoch from at) * 1000)::bigint, adds, puts, record, report, coalesce(dels::text, '')) as line
               from decisions where shard = $1 and (epoch, sequence) > ($2::bigint, $3::bigint)
               order by epoch, sequence limit ${PAGE}
             ) lines`,
      values: [shard, epoch, sequence]
    })
    // no code may wait for it any more when it fails
    page.catch(() => {})
    return page
  }
  let page = pageAfter(after)
  for (;;) {
    const { rows } = await page
    const text = rows[0]?.page ?? ''
    if (text === '') return
    const lines = text.split(ROW)
    const [epoch, sequence] = (lines.at(-1) ?? '').split(COLUMN, 2)
    // Postgres reads the next page while this one is being folded
    page = pageAfter({ epoch: Number(epoch), sequence: Number(sequence) })
    yield lines.map((line) => decisionOf(line, json))
  }
}

/**
 * Runs work on a connection in which Postgres reads pages along an index. Without this setting, while a freshly filled table has no
 * statistics, it sorts all remaining rows for each page: 100,000 decisions took 5.6 s to read instead of 1.5.
 */
export async function alongIndexes<T>(session: Client, work: () => Promise<T>): Promise<T> {
  await session.query('set enable_sort = off')
  try {
    return await work()
  } finally {
    // when the connection is gone, there is no setting to reset
    await session.query('reset enable_sort').catch(() => {})
  }
}

/** As alongIndexes, for one reading on a client of the pool. */
export function readAlongIndexes<T>(pool: Pool, read: (client: PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (client) => {
    await client.query('set local enable_sort = off')
    return read(client)
  })
}

/** Stock by session as Postgres summed it frame by frame. */
export async function readStock(db: Pick<Client | Pool | PoolClient, 'query'>, shard: number): Promise<StockDelta[]> {
  const { rows } = await db.query<StockDelta>(
    `select campaign_id, activity_id, session_id, total, remaining, held, paid from stock where shard = $1
     order by campaign_id, activity_id, session_id`,
    [shard]
  )
  return rows
}

export interface DueOrder {
  readonly order_id: string
  readonly user_id: string
  readonly campaign_id: string
  readonly activity_id: string
  readonly session_id: string
  readonly pay_by: Date
}

interface DueQuery {
  readonly shard: number
  readonly most: number
  /** the list begins after this one */
  readonly after: DueOrder | undefined
}

/** Unpaid orders whose time to pay is over, the longest overdue first. Redis alone decides whether they expire. */
export async function listDueOrders(db: Client | Pool, { shard, most, after }: DueQuery): Promise<DueOrder[]> {
  const { rows } = await db.query<DueOrder>(
    `select order_id, user_id, campaign_id, activity_id, session_id, pay_by from orders
     where shard = $1 and status = 'accepted' and pay_by <= now()
       and ($3::timestamptz is null or (pay_by, order_id) > ($3::timestamptz, $4::text))
     order by pay_by, order_id limit $2`,
    [shard, most, after?.pay_by ?? null, after?.order_id ?? '']
  )
  return rows.map((row) => ({ ...row, user_id: storedUser(row.user_id) }))
}

/**
 * A sequence of a stream up to which frames are older than the retention; 0 when there is none. (The highest one was rejected: Postgres
 * would look at all older frames for it.)
 */
export async function purgeableSequence(
  db: Client | Pool,
  stream: { readonly shard: number; readonly epoch: number; readonly keepSeconds: number }
): Promise<number> {
  const { rows } = await db.query<{ sequence: number }>(
    `select stream_sequence as sequence from frames
     where shard = $1 and stream_epoch = $2 and decided_at < now() - make_interval(secs => $3)
     order by decided_at desc limit 1`,
    [stream.shard, stream.epoch, stream.keepSeconds]
  )
  return rows[0]?.sequence ?? 0
}
