import type { Queryable } from '../connection/transaction.ts'
import type { Position } from '../shard/shards.ts'
import type { PeriodPlace } from './periods.ts'

/** Makes a period that has counted nothing, so that its empty order can be final too. @param asOf ms since 1970 */
export async function ensurePeriod(
  db: Queryable,
  { campaign, board, period }: PeriodPlace,
  asOf: number
): Promise<void> {
  await db.query(
    `insert into board_periods (campaign_id, board_id, period, as_of) values ($1, $2, $3, $4)
     on conflict on constraint board_periods_pkey do nothing`,
    [campaign, board, period, asOf]
  )
}

/**
 * Whether a reader of a shard's journal has read all decisions before a moment: it has read one of that moment or later, and every frame
 * before that one, which may come to the stream after it. @param moment ms since 1970
 */
export async function hasReadUntil(
  db: Queryable,
  { shard, place, moment }: { readonly shard: number; readonly place: Position; readonly moment: number }
): Promise<boolean> {
  const { rows } = await db.query(
    `select 1 from frames f join openings o on o.shard = f.shard and o.epoch = f.epoch and f.batch <= o.complete_batch
     where f.shard = $1 and f.stream_epoch = $2 and f.stream_sequence <= $3 and f.decided_at >= to_timestamp($4 / 1000.0)
       and not exists (select 1 from frames late where late.shard = $1 and late.epoch = f.epoch and late.batch < f.batch
         and (late.stream_epoch, late.stream_sequence) > ($2::bigint, $3::bigint))
     limit 1`,
    [shard, place.epoch, place.sequence, moment]
  )
  return rows.length > 0
}

/**
 * How much of a campaign has to be decided before an order is final: rewards for what others did, beside those of boards themselves,
 * changes of operators, such as a disqualification, and spins that were drawn before its end. @param end ms since 1970
 */
export async function dueBefore(db: Queryable, campaign: string, end: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select (select count(*) from credits
       where campaign_id = $1 and next_attempt_at is not null and not starts_with(cause, 'board/'))
       + (select count(*) from intents where campaign_id = $1 and state = 'open')
       + (select count(*) from drawn_spins where campaign_id = $1 and drawn_at < to_timestamp($2 / 1000.0)) as count`,
    [campaign, end]
  )
  return rows[0]?.count ?? 0
}

/** A period whose order is final. */
interface FrozenPeriod extends PeriodPlace {
  /** how many users have a rank */
  readonly ranked: number
  readonly frozenAt: Date
}

/** Periods that are frozen and of which no event was told yet. */
export async function untoldPeriods(db: Queryable): Promise<FrozenPeriod[]> {
  const { rows } = await db.query<FrozenPeriod>(
    `select campaign_id as campaign, board_id as board, period, ranked, frozen_at as "frozenAt" from board_periods
     where state = 'frozen' and not told order by frozen_at limit 100`
  )
  return rows
}

/** Notes that the event of a frozen period was told. */
export async function noteTold(db: Queryable, { campaign, board, period }: PeriodPlace): Promise<void> {
  await db.query('update board_periods set told = true where campaign_id = $1 and board_id = $2 and period = $3', [
    campaign,
    board,
    period
  ])
}

/** How many periods of some boards of a campaign are not final: those that have begun, and those of `wanted`. */
export async function periodsNotFinal(
  db: Queryable,
  campaign: string,
  wanted: ReadonlyArray<{ readonly board: string; readonly period: string }>
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*) as count from (
       select board_id, period from board_periods where campaign_id = $1
       union select board, period from json_to_recordset($2::json) as w(board text, period text)
     ) p
     where not exists (
       select 1 from board_periods f where f.campaign_id = $1 and f.board_id = p.board_id and f.period = p.period and f.state = 'frozen'
     )`,
    [campaign, JSON.stringify(wanted)]
  )
  return rows[0]?.count ?? 0
}
