import type { Pool, QueryConfig } from 'pg'
import { TOKEN_SOURCE } from '../campaigns/registrations.ts'
import { type Queryable, transaction } from '../connection/transaction.ts'

/** A figure of a campaign as it is counted. */
export interface CountedFigure {
  /** which figure, such as `sales.orders` */
  readonly id: string
  /** what it is counted of: an activity, a day, a channel; '' for all together */
  readonly of: string
  /** what an amount is of: a currency or a unit; '' for a count */
  readonly unit: string
  readonly value: number
}

/** Up to which decision of a shard the figures count. */
export interface CountedTo {
  readonly shard: number
  readonly epoch: number
  readonly sequence: number
}

/** What is asked: $1 the campaign, $2 its time zone, $3 which keys clients have, $4 the moment of its opening. */
const OF_CAMPAIGN = `campaign_id = $1`

/** Types of decisions that are counted by activity. */
const BY_ACTIVITY = `'spin.won', 'spin.lost', 'task.completed'`

/**
 * Orders that were paid, whatever became of them afterwards. A cancelled one was if its record names a payment: as the record of an order is
 * written (record/order.ts), its reference is the fifteenth part.
 */
const WAS_PAID = `(status in ('paid', 'shipped', 'returned') or (status = 'cancelled' and split_part(record, ';', 15) <> ''))`

/**
 * Decisions of users, by what they asked for themselves: drivers have other keys. New users are not known where no service reported who registered: what
 * tokens say of it is kept for a few only. There may be millions, so each of three statements reads them once and keeps
 * the little that it needs: of one that keeps all, most of the time goes into writing it down.
 * @param from a condition that decisions before the campaign's first one do not meet
 */
const ofDecisions = (from: string): readonly string[] => [
  `with by as materialized (
     select (d.at at time zone $2)::date as day, case when d.type in (${BY_ACTIVITY}) then d.type end as type,
       case when d.type in (${BY_ACTIVITY}) then d.activity_id end as activity_id, count(*) as all, count(*) filter (where d.key like $3) as asked
     from decisions d where d.${OF_CAMPAIGN} and ${from} group by 1, 2, 3
   ), mine as (
     select by.*, case when type = 'task.completed' then 'tasks.completed' when type is not null then 'draws.spins' end as id from by
   )
   select 'interactions.all' as id, '' as of, '' as unit, coalesce(sum(asked), 0) as value from mine
   union all select 'interactions.daily', day::text, '', sum(asked) from mine where asked > 0 group by day
   union all select k.id, '', '', coalesce(sum(mine.all), 0) from (values ('draws.spins'), ('tasks.completed')) k (id) left join mine on mine.id = k.id
     group by k.id
   union all select id, activity_id, '', sum(mine.all) from mine where id is not null group by id, activity_id`,

  `with days as materialized (
     select d.user_id, (d.at at time zone $2)::date as day from decisions d where d.${OF_CAMPAIGN} and ${from} and d.key like $3 group by 1, 2
   ), people as materialized (select distinct user_id from days)
   select 'participants.all' as id, '' as of, '' as unit, count(*) as value from people
   union all select 'participants.new', '', '', count(*) from people where user_id in (
     select user_id from registrations r where r.${OF_CAMPAIGN} and r.registered_at >= $4)
     having exists (select from registrations r where r.${OF_CAMPAIGN} and r.source <> '${TOKEN_SOURCE}')
   union all select 'participants.daily', day::text, '', count(*) from days group by day`,

  `with mine as materialized (
     select d.user_id, d.activity_id, case when d.type = 'task.completed' then 'tasks.participants' else 'draws.participants' end as id
     from decisions d where d.${OF_CAMPAIGN} and ${from} and d.type in (${BY_ACTIVITY}) group by 1, 2, 3
   )
   select k.id, '' as of, '' as unit, count(distinct user_id) as value from (values ('draws.participants'), ('tasks.participants')) k (id)
     left join mine on mine.id = k.id group by k.id
   union all select id, activity_id, '', count(*) from mine group by id, activity_id`
]

/** Reasons are free text: so many, those that were given most often, have a line of their own. */
const MOST_REASONS = 50

/**
 * One statement a source: each returns rows of id, of, unit and value. All read what the projection stored, by campaign, so they count the same as
 * a recount of the exported journal up to the same decisions.
 */
const SOURCES: readonly string[] = [
  `with per as materialized (
     select activity_id, currency, user_id, day, grouping(day) = 0 as by_day, count(*) as orders,
       count(*) filter (where status = 'accepted') as unpaid, count(*) filter (where was_paid) as paid,
       count(*) filter (where status = 'cancelled') as cancelled, count(*) filter (where status = 'expired') as expired,
       sum(quantity) filter (where was_paid) as units, sum(unit_price * quantity) filter (where was_paid) as amount,
       sum(returned) as returned, sum(unit_price * returned) filter (where returned > 0) as returned_amount
     from (
       select activity_id, currency, user_id, (accepted_at at time zone $2)::date as day, status, quantity, unit_price, returned, ${WAS_PAID} as was_paid
       from orders where ${OF_CAMPAIGN}
     ) mine group by grouping sets ((activity_id, currency, user_id), (day))
   ), by as (
     select coalesce(activity_id, '') as of, coalesce(sum(orders), 0) as orders, coalesce(sum(unpaid), 0) as unpaid, coalesce(sum(paid), 0) as paid,
       coalesce(sum(cancelled), 0) as cancelled, coalesce(sum(expired), 0) as expired, coalesce(sum(units), 0) as units, sum(returned) as returned,
       count(distinct user_id) filter (where paid > 0) as buyers
     from per where not by_day group by grouping sets ((activity_id), ())
   ), money as (
     select coalesce(activity_id, '') as of, currency, sum(paid) as paid, sum(amount) as amount, sum(returned_amount) as returned
     from per where not by_day group by grouping sets ((activity_id, currency), (currency))
   )
   select f.id, by.of, '' as unit, f.value from by, lateral (values ('sales.orders', orders), ('sales.unpaid', unpaid), ('sales.paid', paid),
     ('sales.cancelled', cancelled), ('sales.expired', expired), ('sales.units', units), ('sales.returnedUnits', returned),
     ('sales.buyers', buyers)) f (id, value)
   union all select 'sales.amount', of, currency, amount from money where paid > 0
   union all select 'sales.averageOrder', '', currency, round(amount / paid) from money where paid > 0 and of = ''
   union all select 'sales.returnedAmount', of, currency, returned from money where returned is not null
   union all select 'sales.daily', day::text, '', orders from per where by_day`,

  // decisions have no index by campaign: they are found by the users who returned something
  `with mine as materialized (
     select d.request ->> 'reason' as reason, count(*) as returns
     from (select distinct shard, user_id from orders where ${OF_CAMPAIGN} and returned > 0) r
     join decisions d on d.shard = r.shard and d.user_id = r.user_id where d.${OF_CAMPAIGN} and d.type = 'order.returned' group by 1
   ), ranked as (select *, row_number() over (order by returns desc, reason collate "C") as place from mine)
   select 'sales.returns' as id, '' as of, '' as unit, coalesce(sum(returns), 0) as value from mine
   union all select 'sales.returns', coalesce(case when place <= ${MOST_REASONS} then 'reason:' || reason end, 'others'), '', sum(returns) from ranked group by 2`,

  `with mine as (select activity_id || '/' || tier || '/' || prize_id as of, status from wins where ${OF_CAMPAIGN})
   select 'draws.wins' as id, coalesce(of, '') as of, '' as unit, count(*) as value from mine where status <> 'revoked'
     group by grouping sets ((of), ())
   union all select 'draws.revoked', coalesce(of, ''), '', count(*) from mine where status = 'revoked' group by grouping sets ((of), ())
   union all select 'draws.open', coalesce(of, ''), '', count(*) from mine where status = 'won' group by grouping sets ((of), ())`,

  `with mine as (select unit, type, delta from ledger where ${OF_CAMPAIGN})
   select 'units.issued' as id, coalesce(type, '') as of, unit, sum(delta) as value from mine where delta > 0
     group by grouping sets ((unit, type), (unit))
   union all select 'units.spent', coalesce(type, ''), unit, -sum(delta) from mine where delta < 0 and type <> 'balance.expired'
     group by grouping sets ((unit, type), (unit))
   union all select 'units.expired', '', unit, -sum(delta) from mine where type = 'balance.expired' group by unit`,

  `select f.id, by.of, '' as unit, f.value from (
     select coalesce(activity_id, '') as of, count(*) as claims, sum(quantity) as units, count(distinct user_id) as participants
     from claims where ${OF_CAMPAIGN} group by grouping sets ((activity_id), ())
   ) by, lateral (values ('redemptions.claims', claims), ('redemptions.units', units), ('redemptions.participants', participants)) f (id, value)`,

  `select 'invites.' || state as id, '' as of, '' as unit, count(*) as value from invites where ${OF_CAMPAIGN} group by state
   union all select 'registrations.all', coalesce(origin, ''), '', count(distinct user_id) from registrations
     where ${OF_CAMPAIGN} group by grouping sets ((origin), ())`,

  `with mine as (
     select s.share_id, s.channel, s.subject_type || ':' || s.subject_id as subject, t.verified_at is not null as verified,
       t.voided_at is not null as voided, coalesce(c.clicks, 0) as clicks
     from shares s left join share_states t using (share_id) left join share_clicks c using (share_id) where s.${OF_CAMPAIGN}
   ), by as (
     select coalesce('channel:' || channel, subject, '') as of, count(*) as shares, count(*) filter (where verified) as verified,
       count(*) filter (where voided) as voided, sum(clicks) as clicks
     from mine group by grouping sets ((channel), (subject), ())
   )
   select f.id, by.of, '' as unit, f.value from by, lateral (values ('shares.all', shares), ('shares.verified', verified),
     ('shares.voided', voided), ('shares.clicks', clicks)) f (id, value)
   union all select 'shares.conversions', coalesce(what, ''), '', count(*) from share_conversions
     where ${OF_CAMPAIGN} and undone_at is null group by grouping sets ((what), ())
   union all select 'assists.given', '', '', count(*) from assists where ${OF_CAMPAIGN} and voided_at is null`,

  `select 'surveys.answers' as id, activity_id as of, '' as unit, count(*) as value from survey_answers where ${OF_CAMPAIGN} group by activity_id
   union all
   select 'surveys.satisfaction', s.activity_id, '', round(sum(s.value::int * s.answers) / sum(s.answers), 2)::float8 from campaigns c
     cross join lateral jsonb_array_elements(c.rules -> 'activities') a
     join survey_counts s on s.campaign_id = c.campaign_id and s.activity_id = a ->> 'id' and s.question = a ->> 'satisfaction'
     where c.${OF_CAMPAIGN} and s.value <> '' group by s.activity_id having sum(s.answers) > 0`,

  // approximate; without a row nobody counted, which is not 0
  `with mine as (
     select activity_id, outcome, times, outcome not in ('confirmed', 'replayed', 'pending') as refused
     from attempt_totals where ${OF_CAMPAIGN}
   ), minutes as (
     select coalesce(activity_id, '') as of, sum(times) as times from attempt_times where ${OF_CAMPAIGN} and seconds = 60
     group by grouping sets ((since, activity_id), (since))
     union all select activity_id, times from attempt_peaks where ${OF_CAMPAIGN}
   )
   select f.id, by.of, '' as unit, f.value from (
     select coalesce(activity_id, '') as of, sum(times) as attempts, coalesce(sum(times) filter (where outcome = 'confirmed'), 0) as confirmed
     from mine group by grouping sets ((activity_id), ()) having count(*) > 0
   ) by, lateral (values ('traffic.attempts', attempts), ('traffic.confirmed', confirmed)) f (id, value)
   union all select 'traffic.refused', '', '', coalesce(sum(times) filter (where refused), 0) from mine having count(*) > 0
   union all select 'traffic.refused', outcome, '', sum(times) from mine where refused group by outcome
   union all select 'traffic.refusedIn', activity_id || '/' || outcome, '', times from mine where refused
   union all select 'traffic.peakMinute', of, '', max(times) from minutes group by of`
]

/** A report reads a campaign whole: more than a request may take, and less than somebody waits for. */
const TIMEOUT_MS = 60_000

/** What Postgres may take to count users of a large campaign, twice as much for each list of them; with its default it writes them to the disk and sorts. */
const MEMORY = '64MB'

/**
 * Counts all figures of a campaign, as of one moment: all statements see the same.
 * @param campaign with its time zone, its opening in ms since 1970, and the pattern of its clients' keys
 * @throws the error of Postgres
 */
export async function countFigures(
  pool: Pool,
  campaign: { readonly id: string; readonly timezone: string; readonly opensAt: number; readonly keys: string }
): Promise<{ figures: CountedFigure[]; countedTo: CountedTo[] }> {
  const client = await pool.connect()
  try {
    return await transaction(client, async () => {
      await client.query('set transaction isolation level repeatable read, read only')
      await client.query(
        `set local statement_timeout = ${TIMEOUT_MS}; set local work_mem = '${MEMORY}'; set local jit = off`
      )
      const { rows: countedTo } = await client.query<CountedTo>(
        `select s.shard, d.epoch, d.sequence from shards s cross join lateral (
           select epoch, sequence from decisions where shard = s.shard order by epoch desc, sequence desc limit 1
         ) d order by s.shard`
      )
      const figures: CountedFigure[] = []
      for (const text of [...ofDecisions(await fromFirst(client, campaign.id)), ...SOURCES]) {
        const values = [campaign.id, campaign.timezone, campaign.keys, new Date(campaign.opensAt)].slice(
          0,
          parametersOf(text)
        )
        const { rows } = await client.query<CountedFigure>(patient(text, values))
        figures.push(...rows.map((row) => ({ ...row, value: Number(row.value) })))
      }
      return { figures, countedTo }
    })
  } finally {
    client.release()
  }
}

/** The condition of decisions from the first one of a campaign on. Numbers, and no join: so Postgres knows how much it is going to read. */
export async function fromFirst(client: Queryable, campaign: string): Promise<string> {
  const { rows } = await client.query<CountedTo>(
    `select s.shard, coalesce(p.first_epoch, 0) as epoch, coalesce(p.first_sequence, 0) as sequence
     from shards s left join campaign_places p on p.shard = s.shard and p.${OF_CAMPAIGN} order by s.shard`,
    [campaign]
  )
  const places = rows.map(
    ({ shard, epoch, sequence }) =>
      `(d.shard = ${Number(shard)} and (d.epoch, d.sequence) >= (${Number(epoch)}, ${Number(sequence)}))`
  )
  return `(${places.join(' or ') || 'false'})`
}

/** A statement that the client waits for as long as Postgres works on it; the pool's clients give up much earlier. */
function patient(text: string, values: unknown[]): QueryConfig & { readonly query_timeout: number } {
  return { text, values, query_timeout: TIMEOUT_MS }
}

/** Postgres refuses parameters that a statement does not name. */
function parametersOf(text: string): number {
  return Math.max(...[...text.matchAll(/\$(\d)/g)].map(([, number]) => Number(number)))
}
