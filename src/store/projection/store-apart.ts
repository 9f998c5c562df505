import type { Client } from 'pg'
import { writeRows } from '../connection/copy.ts'
import { issuedUser } from '../connection/user-name.ts'
import { noteHold } from './holds.ts'
import { advancePosition, insertFrameRows, storeDeadLetters } from './journal-position.ts'
import { writeProjection } from './projection.ts'
import type { ProjectedFrames, Projection } from './rows.ts'

/** The decisions of one campaign in one frame. */
export interface FramePart {
  /** `<epoch>-<batch>` */
  readonly entry: string
  readonly campaign: string
  readonly stream: string
  readonly sequence: number
  /** the frame with these decisions only, base64 */
  readonly payload: string
  readonly projection: Projection
}

/** A check that the decisions of a campaign violated. */
export interface Violation {
  readonly campaign: string
  readonly what: string
  /** false: the decisions became dead letters, because they contradict rows that are there */
  readonly stored: boolean
}

/** Whether an error says that a constraint of Postgres does not hold, or that it cannot store a value. */
export function isViolation(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && (code.startsWith('23') || code.startsWith('22'))
}

const raiseStock = `
  update stock set beyond = greatest(stock.beyond, -(stock.remaining + delta.remaining))
  from json_to_recordset($2::json) as delta(campaign_id text, activity_id text, session_id text, remaining bigint)
  where stock.shard = $1 and stock.campaign_id = delta.campaign_id and stock.activity_id = delta.activity_id
    and stock.session_id = delta.session_id and stock.remaining + delta.remaining < 0`

const raiseBalances = `
  insert into balances (user_id, scope, unit, shard, balance, beyond)
  select delta.user_id, delta.scope, delta.unit, $1, 0, greatest(0, -delta.delta)
  from json_to_recordset($2::json) as delta(user_id text, scope text, unit text, delta bigint)
  on conflict on constraint balances_pkey
  do update set beyond = greatest(balances.beyond, excluded.beyond - balances.balance)`

/** Confirmed decisions are stored although they exceed stock or balance; how far they exceed it is recorded. */
async function writeBeyond(session: Client, shard: number, projection: Projection): Promise<void> {
  await writeRows(session, shard, { text: raiseStock, rows: projection.stock })
  const taken = projection.balances.filter(({ delta }) => delta < 0)
  const rows = taken.map((row) => ({ ...row, user_id: issuedUser(row.user_id) }))
  await writeRows(session, shard, { text: raiseBalances, rows })
  await writeProjection(session, shard, projection)
}

function whatOf(error: unknown): string {
  const { message, constraint } = error as { message: string; constraint?: string }
  return constraint === undefined ? message : `${constraint}: ${message}`
}

async function attempt(session: Client, write: () => Promise<void>): Promise<unknown> {
  await session.query('savepoint part')
  try {
    await write()
    await session.query('release savepoint part')
    return undefined
  } catch (error) {
    if (!isViolation(error)) throw error
    await session.query('rollback to savepoint part')
    return error
  }
}

async function storePart(session: Client, shard: number, part: FramePart): Promise<Violation | undefined> {
  const violation = await attempt(session, () => writeProjection(session, shard, part.projection))
  if (violation === undefined) return undefined
  const what = whatOf(violation)
  const { campaign, stream, sequence, payload } = part
  const hopeless = await attempt(session, () => writeBeyond(session, shard, part.projection))
  if (hopeless !== undefined) {
    await storeDeadLetters(session, shard, [{ stream, sequence, reason: `violates ${whatOf(hopeless)}`, payload }])
  }
  if (campaign !== '') await noteHold(session, { shard, campaign, kind: 'violation', what, stream, sequence })
  return { campaign, what, stored: hopeless === undefined }
}

/**
 * As storeFrames, for frames in which it met a violation: in one transaction, but the decisions of each campaign and frame by
 * themselves. Decisions that keep the checks are stored as usual. Those that exceed stock or balance are stored too, with how far
 * they exceed it; those that cannot be stored at all become dead letters. The position moves on for other campaigns; this one is held.
 * @throws OwnershipLostError; a database error other than a violation (the transaction is undone)
 */
export async function storeFramesApart(
  session: Client,
  projected: Omit<ProjectedFrames, 'fold'> & { readonly parts: readonly FramePart[] }
): Promise<Violation[]> {
  const { shard, deadLetters, parts } = projected
  const violations: Violation[] = []
  await session.query('begin')
  try {
    await advancePosition(session, projected)
    const fresh = await insertFrameRows(session, projected)
    for (const part of parts) {
      const violation = fresh.has(part.entry) ? await storePart(session, shard, part) : undefined
      if (violation) violations.push(violation)
    }
    await storeDeadLetters(session, shard, deadLetters)
    await session.query('commit')
    return violations
  } catch (error) {
    await session.query('rollback').catch(() => {})
    throw error
  }
}
