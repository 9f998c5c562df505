import type { Pool } from 'pg'
import { transaction } from '../connection/transaction.ts'

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

/** What is asked: $1 the campaign, $2 its time zone, $3 the moment of its opening, $4 which keys clients have. */
const OF_CAMPAIGN = `campaign_id = $1`

/**
 * Orders that were paid, whatever became of them afterwards. A cancelled one was if its record names a payment: as the record of an order is
 * written (record/order.ts), its reference is the fifteenth part.
 */
const WAS_PAID = `(status in ('paid', 'shipped', 'returned') or (status = 'cancelled' and split_part(record, ';', 15) <> ''))`

/**
 * One statement a source: each returns rows of id, of, unit and value. All read what the projection stored, by campaign, so they count the same as
 * a recount of the exported journal up to the same decisions.
 */
const SOURCES: readonly string[] = [
  // decisions of users, by what they asked for themselves: drivers have other keys
  `with mine as materialized (
     select d.user_id, d.activity_id, d.type, d.key like $4 as asked, (d.at at time zone $2)::date::text as day
     from shards s left join campaign_places p on p.shard = s.shard and p.${OF_CAMPAIGN}
     join decisions d on d.shard = s.shard
       and (d.epoch, d.sequence) >= (coalesce(p.first_epoch, 0), coalesce(p.first_sequence, 0))
     where d.${OF_CAMPAIGN}
   ), people as (select distinct user_id from mine where asked)
   select 'participants.all' as id, '' as of, '' as unit, count(*) as value from people
   union all select 'participants.new', '', '', count(*) from people where exists (
     select from registrations r where r.${OF_CAMPAIGN} and r.user_id = people.user_id and r.registered_at >= $3)
   union all select 'interactions.all', '', '', count(*) from mine where asked
   union all select 'participants.daily', day, '', count(distinct user_id) from mine where asked group by day
   union all select 'interactions.daily', day, '', count(*) from mine where asked group by day
   union all select 'draws.spins', coalesce(activity_id, ''), '', count(*) from mine where type in ('spin.won', 'spin.lost')
     group by grouping sets ((activity_id), ())
   union all select 'draws.participants', coalesce(activity_id, ''), '', count(distinct user_id) from mine
     where type in ('spin.won', 'spin.lost') group by grouping sets ((activity_id), ())
   union all select 'tasks.completed', coalesce(activity_id, ''), '', count(*) from mine where type = 'task.completed'
     group by grouping sets ((activity_id), ())
   union all select 'tasks.participants', coalesce(activity_id, ''), '', count(distinct user_id) from mine where type = 'task.completed'
     group by grouping sets ((activity_id), ())`,

  `with mine as materialized (
     select activity_id, currency, status, record, user_id, quantity, returned, unit_price, (accepted_at at time zone $2)::date::text as day
     from orders where ${OF_CAMPAIGN}
   ), by as (
     select coalesce(activity_id, '') as of, count(*) as orders, count(*) filter (where status = 'accepted') as unpaid,
       count(*) filter (where ${WAS_PAID}) as paid, count(*) filter (where status = 'cancelled') as cancelled,
       count(*) filter (where status = 'expired') as expired, coalesce(sum(quantity) filter (where ${WAS_PAID}), 0) as units,
       sum(returned) as returned, count(distinct user_id) filter (where ${WAS_PAID}) as buyers
     from mine group by grouping sets ((activity_id), ())
   )
   select f.id, by.of, '' as unit, f.value from by, lateral (values ('sales.orders', orders), ('sales.unpaid', unpaid), ('sales.paid', paid),
     ('sales.cancelled', cancelled), ('sales.expired', expired), ('sales.units', units), ('sales.returnedUnits', returned),
     ('sales.buyers', buyers)) f (id, value)
   union all select 'sales.amount', coalesce(activity_id, ''), currency, sum(unit_price * quantity) from mine where ${WAS_PAID}
     group by grouping sets ((activity_id, currency), (currency))
   union all select 'sales.averageOrder', '', currency, round(avg(unit_price * quantity)) from mine where ${WAS_PAID} group by currency
   union all select 'sales.returnedAmount', coalesce(activity_id, ''), currency, sum(unit_price * returned) from mine where returned > 0
     group by grouping sets ((activity_id, currency), (currency))
   union all select 'sales.daily', day, '', count(*) from mine group by day`,

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
      await client.query(`set local statement_timeout = ${TIMEOUT_MS}`)
      const { rows: countedTo } = await client.query<CountedTo>(
        `select s.shard, d.epoch, d.sequence from shards s cross join lateral (
           select epoch, sequence from decisions where shard = s.shard order by epoch desc, sequence desc limit 1
         ) d order by s.shard`
      )
      const figures: CountedFigure[] = []
      for (const text of SOURCES) {
        const values = [campaign.id, campaign.timezone, new Date(campaign.opensAt), campaign.keys].slice(
          0,
          parametersOf(text)
        )
        const { rows } = await client.query<CountedFigure>(text, values)
        figures.push(...rows.map((row) => ({ ...row, value: Number(row.value) })))
      }
      return { figures, countedTo }
    })
  } finally {
    client.release()
  }
}

/** Postgres refuses parameters that a statement does not name. */
function parametersOf(text: string): number {
  return Math.max(...[...text.matchAll(/\$(\d)/g)].map(([, number]) => Number(number)))
}
