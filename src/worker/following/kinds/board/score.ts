import type { Board } from '../../../../campaign/kinds/board/rules.ts'
import { POINTS } from '../../../../campaign/parts/scope.ts'
import { earnedBy } from '../../../../record/earned.ts'
import type { Followed } from '../../../../store/following/followed.ts'
import { countsOf } from '../../counters.ts'

/** What a decision changes of a user's score. */
interface Score {
  readonly user: string
  readonly delta: number
}

type Metric = (decision: Followed) => Score

const orderOf = countsOf['order.paid']

/** What a board counts, by its metric; a delta of 0 is nothing. */
const metrics: Readonly<Record<Board['metric'], Metric>> = {
  points: (decision) => ({ user: decision.user, delta: earnedBy(decision, POINTS) }),
  units: (decision) => ({ user: decision.user, delta: orderOf(decision)?.units ?? 0 }),
  amount: (decision) => ({ user: decision.user, delta: orderOf(decision)?.amount ?? 0 }),
  invites: (decision) => ({ user: decision.user, delta: countsOf['invite.qualified'](decision)?.times ?? 0 })
}

/** What a decision changes on a board; undefined for nothing. @throws Error when what it says is not readable */
export function scoreOf(board: Pick<Board, 'metric' | 'activity'>, decision: Followed): Score | undefined {
  if (board.activity !== '' && decision.activity !== board.activity) return undefined
  const score = metrics[board.metric](decision)
  return score.delta === 0 ? undefined : score
}
