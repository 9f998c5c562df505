import type { Pool } from 'pg'
import type { Board } from '../../../src/campaign/kinds/board/rules.ts'
import { inTransaction } from '../../../src/store/connection/transaction.ts'
import type { Followed } from '../../../src/store/following/followed.ts'
import { type BoardInForce, countDecisions } from '../../../src/worker/following/kinds/board/count.ts'

export const NOON = Date.parse('2026-11-28T12:00:00+08:00')
const EPOCH = 1_795_558_466

/** A board of the campaign `c`, which closes a day after noon. */
export function aBoard(more: Partial<Board> = {}, closesAt = NOON + 86_400_000): BoardInForce {
  const board: Board = {
    kind: 'board',
    id: 'top',
    title: 'Top',
    sort: 0,
    requires: { entitlement: '', level: 0 },
    paused: false,
    sessions: [],
    metric: 'units',
    activity: '',
    period: 'campaign',
    top: [],
    ...more
  }
  return { rules: { id: 'c', timezone: 'Asia/Shanghai', closesAt }, board }
}

interface Moved {
  readonly user: string
  readonly units: number
  /** ms after noon */
  readonly at: number
  readonly sequence?: number
  readonly shard?: number
  readonly price?: number
}

let sequences = 0

/** The decision by which a user paid units of the sale `phone`, or gave them back where `units` is negative. */
export function bought({ user, units, at, price = 100, shard = 0, sequence = ++sequences }: Moved): Followed {
  const quantity = Math.abs(units)
  const isReturn = units < 0
  const record = `${isReturn ? 's' : 'p'};${EPOCH}-3;c;phone;am;${quantity};${price};CNY;${NOON};900;;1;${isReturn ? quantity : 0};0;pay;;;;2`
  return {
    id: `${shard}-${EPOCH}-${sequence}`,
    shard,
    epoch: EPOCH,
    sequence,
    type: isReturn ? 'order.returned' : 'order.paid',
    user,
    key: `x:${sequence}`,
    campaign: 'c',
    activity: 'phone',
    session: 'am',
    entity: `${shard}-${EPOCH}-${sequence}`,
    at: NOON + at,
    request: {},
    adds: {},
    puts: {},
    record,
    report: isReturn ? `s,${quantity},${quantity * price},CNY,pay,${quantity}` : ''
  }
}

/** Counts decisions as the follower does: each call is a batch in a transaction of its own. */
export function count(pool: Pool, board: BoardInForce, decisions: readonly Followed[]): Promise<void> {
  return inTransaction(pool, (client) => countDecisions(client, board, decisions))
}
