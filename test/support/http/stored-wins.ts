import type pg from 'pg'
import type { Test } from 'tap'
import type { UnstoredDecision } from '../../../src/gate/gate.ts'
import { freshDatabase } from '../servers/database.ts'
import { aMall, DECIDED_AT } from '../shop/mall.ts'
import { aCatalogue, publicApp, type TestApp } from './http-app.ts'

/** Stores a win as the worker does. */
export async function storeWin(
  pool: pg.Pool,
  user: string,
  { sequence, status = 'w' }: { sequence: number; status?: string }
) {
  const record = `${status};1700000000-1;mall;wheel;first;;1;physical;${DECIDED_AT + sequence};;`
  await pool.query(
    `insert into wins (win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, shard, epoch, sequence,
       won_at, claim_by, updated_at, record)
     values ('0-1700000000-' || $1::bigint, 'mall', 'wheel', $2, 'first', '', 1, 'physical', $3, 0, 1700000000, $1::bigint,
       to_timestamp(($4::bigint + $1::bigint) / 1000.0), null, now(), $5)`,
    [sequence, user, status === 'r' ? 'revoked' : 'won', DECIDED_AT, record]
  )
}

/** A decision that Postgres does not have yet. */
export function unstored(sequence: number, part: Partial<UnstoredDecision>): UnstoredDecision {
  const id = `0-1700000000-${sequence}`
  const place = { campaign: 'mall', activity: 'wheel', at: DECIDED_AT + sequence, key: `u:key-${sequence}` }
  const about = { report: '', entity: '0-', record: '', request: {}, moved: {} }
  return { id, type: 'spin.lost', ...about, journaled: true, ...place, ...part }
}

/** The public app on a database of its own, with the mall open. */
export async function startMall(t: Test, databaseUrl: string): Promise<TestApp & { pool: pg.Pool }> {
  const { pool } = await freshDatabase(t, databaseUrl)
  const now = () => DECIDED_AT + 60_000
  return { ...(await publicApp(t, { pool, catalogue: aCatalogue([aMall()]), now })), pool }
}
