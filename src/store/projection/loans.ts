import type { Client } from 'pg'
import { writeRows } from '../connection/copy.ts'
import type { LoanRow } from './rows.ts'

// Rows only go forward, whatever the projections of the two shards meet first. In the order of their names, so that two projections that
// write the same rows wait for each other and never both.
const writeLoans = `
  with given as (
    select l.* from json_to_recordset($2::json) as l(loan_id uuid, campaign_id text, activity_id text, session_id text, key text, field text,
      from_shard integer, to_shard integer, asked bigint, lent bigint, lent_by text, received_by text)
    order by l.loan_id
  )
  insert into loans as known (loan_id, campaign_id, activity_id, session_id, key, field, from_shard, to_shard, asked, lent, lent_by,
    received_by, state, closed_at, closing)
  select loan_id, campaign_id, activity_id, session_id, key, field, from_shard, to_shard, asked, lent, lent_by, received_by,
    case when lent = 0 then 'void' else 'lent' end, case when lent = 0 then clock_timestamp() end,
    case when lent = 0 then nextval('loans_closings') end
  from given order by loan_id
  on conflict on constraint loans_pkey do update set
    lent = coalesce(known.lent, excluded.lent),
    lent_by = coalesce(known.lent_by, excluded.lent_by),
    received_by = coalesce(known.received_by, excluded.received_by),
    state = case when known.state = 'asked' then excluded.state else known.state end,
    closed_at = case when known.state = 'asked' then excluded.closed_at else known.closed_at end,
    closing = case when known.state = 'asked' then excluded.closing else known.closing end
  where $1::integer in (known.from_shard, known.to_shard)`

/**
 * Writes what decisions of a shard say about loans: what was lent, and that it was received. A Postgres that was restored from a backup may
 * lack the row: each decision says all that it needs. Nothing with units is closed by this.
 */
export async function storeLoans(session: Client, shard: number, loans: readonly LoanRow[]): Promise<void> {
  await writeRows(session, shard, { name: 'loans', text: writeLoans, rows: loans })
}
