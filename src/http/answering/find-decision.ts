import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { decisionOf } from '../../campaign/carrying/stored-first.ts'
import type { Decision } from '../../gate/batch/outcomes.ts'
import type { UserReader } from '../../gate/gate.ts'
import { isPart } from '../../record/decisions.ts'
import { replayField } from '../../record/replay.ts'
import { joinedReport } from '../../record/reports/moves.ts'
import { findDecision, type StoredDecision } from '../../store/reading/orders.ts'

/** A decision, with its campaign and activity. */
interface PlacedDecision {
  readonly decision: Decision
  readonly campaign: string
  readonly activity: string
}

/** Finds decisions in Redis and Postgres, by the key of the request that led to them. */
export function createDecisionFinder(gate: UserReader, pool: pg.Pool) {
  /** The replay in Redis does not name campaign and activity; an order or a win in it does. */
  async function place(user: string, field: string, decision: Decision): Promise<PlacedDecision | undefined> {
    const { order, win } = decision
    if (order !== undefined) return { decision, campaign: order.campaign, activity: order.activity }
    if (win !== undefined) return { decision, campaign: win.campaign, activity: win.draw }
    const waiting = await gate.unstoredUnder(user, field)
    const found = waiting ?? (await fromStore(findDecision(pool, user, field)))
    return found && { decision, campaign: found.campaign, activity: found.activity }
  }

  /** A decision in part, told with the one that ends it, undefined until there is one; any other as it is. */
  async function whole(user: string, stored: StoredDecision): Promise<StoredDecision | undefined> {
    if (!isPart(stored.type)) return stored
    const end = await fromStore(findDecision(pool, user, replayField.spin(stored.id)))
    return end && { ...end, report: joinedReport(stored.report, end.report) }
  }

  return {
    /**
     * The outcome of a key: the decision, 'pending', or undefined if there is no decision.
     * @throws UnavailableError when the store that would know does not answer
     */
    async outcomeOf(user: string, key: string): Promise<PlacedDecision | 'pending' | undefined> {
      const field = replayField.client(key)
      let redisError: unknown
      const live = await gate.lookup(user, field).catch((error: unknown) => {
        redisError = error
        return undefined
      })
      if (live !== undefined) return live.kind === 'pending' ? 'pending' : place(user, field, live.decision)
      const stored = await fromStore(findDecision(pool, user, field))
      if (stored === undefined && redisError !== undefined) throw redisError
      if (stored === undefined) return undefined
      const found = await whole(user, stored)
      return found ? { decision: decisionOf(found), campaign: stored.campaign, activity: stored.activity } : 'pending'
    }
  }
}

export type DecisionFinder = ReturnType<typeof createDecisionFinder>
