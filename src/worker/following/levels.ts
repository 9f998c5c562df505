import type { PoolClient } from 'pg'
import type { Rules } from '../../campaign/definition/rules.ts'
import { countedFor, levelReached, levelScopeOf, restingOn } from '../../campaign/parts/levels.ts'
import { POINTS } from '../../campaign/parts/scope.ts'
import { earnedBy, voidedBy } from '../../record/earned.ts'
import type { Followed } from '../../store/following/followed.ts'
import { addLevelCounts, type Counted, lockLevels, noteLevels } from '../../store/following/levels.ts'
import { orderPaid } from './counters.ts'
import type { ListenersOf } from './listener.ts'

/** No activity can have this name. */
const NAME = '$levels'

interface Added {
  readonly user: string
  points: number
  amount: number
}

/** What decisions add to that on which levels rest, by user; users to whom they add nothing are left out. */
function addedBy(decisions: readonly Followed[]): Added[] {
  const byUser = new Map<string, Added>()
  for (const decision of decisions) {
    const { user } = decision
    const earned = decision.activity === '' ? 0 : earnedBy(decision, POINTS)
    const points = earned - voidedBy(decision, POINTS)
    const amount = orderPaid(decision)?.amount ?? 0
    if (points === 0 && amount === 0) continue
    const added = byUser.get(user) ?? { user, points: 0, amount: 0 }
    added.points += points
    added.amount += amount
    byUser.set(user, added)
  }
  return [...byUser.values()]
}

const placeOf = (rules: Rules) => ({ campaign: rules.id, scope: levelScopeOf(rules) })

/** Notes which levels follow from counts, in the transaction that changed these. */
export async function noteReached(session: PoolClient, rules: Rules, counted: readonly Counted[]): Promise<void> {
  const metrics = restingOn(rules)
  const changed = counted.flatMap(({ user, level, ...counts }) => {
    const reached = levelReached(rules, counts)
    return reached === level ? [] : [{ user, level: reached, why: countedFor(metrics, counts) }]
  })
  await noteLevels(session, placeOf(rules), changed)
}

/** Levels that users earn: it counts what they rest on, and notes which level follows; the worker has it decided. */
export const levels: ListenersOf = (rules, { shard }) => {
  if (restingOn(rules).size === 0) return []
  return [
    {
      name: NAME,
      async take(session, decisions) {
        const added = addedBy(decisions)
        if (added.length === 0) return
        await lockLevels(session, shard)
        await noteReached(session, rules, await addLevelCounts(session, placeOf(rules), added))
      }
    }
  ]
}
