import type { FrameDecision } from '../../journal/frame.ts'
import { scopeKey, stockPlaceOf } from '../../record/keys.ts'
import type { StockDelta } from '../../store/projection/rows.ts'

const counters = ['total', 'remaining', 'held', 'paid'] as const

interface StockMove {
  readonly campaign: string
  readonly activity: string
  readonly session: string
  readonly counter: (typeof counters)[number]
  readonly delta: number
}

interface Moves extends Pick<FrameDecision, 'campaign' | 'activity'> {
  readonly moves: readonly StockMove[]
}

// Decisions of a frame share their deltas as one object: what they do to stock is worked out once.
const known = new WeakMap<object, Moves>()

/** What a decision does to stock, counter by counter. */
export function stockMoves(decision: FrameDecision): readonly StockMove[] {
  const { add, campaign, activity } = decision
  if (add === undefined) return []
  const shared = known.get(add)
  if (shared?.campaign === campaign && shared.activity === activity) return shared.moves
  const moves = movesOf(decision, add)
  known.set(add, { campaign, activity, moves })
  return moves
}

function movesOf(decision: FrameDecision, add: NonNullable<FrameDecision['add']>): StockMove[] {
  const moves: StockMove[] = []
  for (const [scope, fields] of Object.entries(add)) {
    const place = stockPlaceOf(scopeKey(scope, decision))
    if (place === undefined) continue
    for (const [field, delta] of Object.entries(fields)) {
      const colon = field.lastIndexOf(':')
      const counter = counters.find((name) => name === field.slice(colon + 1))
      if (counter) moves.push({ ...place, session: field.slice(0, colon), counter, delta })
    }
  }
  return moves
}

/** Adds up what a decision does to stock. */
export function addStock(stock: Map<string, StockDelta>, decision: FrameDecision): void {
  for (const { campaign, activity, session, counter, delta } of stockMoves(decision)) {
    const place = `${campaign}:${activity}:${session}`
    const row = stock.get(place) ?? {
      campaign_id: campaign,
      activity_id: activity,
      session_id: session,
      total: 0,
      remaining: 0,
      held: 0,
      paid: 0
    }
    row[counter] += delta
    stock.set(place, row)
  }
}
