import type { Board } from '../../../../campaign/kinds/board/rules.ts'
import { POINTS } from '../../../../campaign/parts/scope.ts'
import { earnedBy } from '../../../../record/earned.ts'
import type { Followed } from '../../../../store/following/followed.ts'
import { countsOf } from '../../counters.ts'

/** What a decision changes of a user's score. */
interface Score {
  readonly user: string
  readonly delta: number
  /** ms since 1970, where it counts for another time than that of the decision */
  readonly at?: number
}

type Metric = (decision: Followed) => Score

const orderOf = countsOf['order.paid']

/** A friend counts for the time at which they qualified: the inviter's credit may come later. One who is voided counts for the time of that. */
function invites(decision: Followed): Score {
  const counted = countsOf['invite.qualified'](decision)
  const delta = counted?.times ?? 0
  return { user: decision.user, delta, ...(counted !== undefined && delta > 0 && { at: counted.at }) }
}

/** A share counts for the time at which it was verified, and one that is voided for the time of that: only those that counted come here. */
function shares(decision: Followed): Score {
  const { type, user } = decision
  if (type === 'share.voided') return { user, delta: -1 }
  const counted = type === 'share.verified' ? countsOf['share.verified'](decision) : undefined
  return counted === undefined ? { user, delta: 0 } : { user, delta: counted.times, at: counted.at }
}

/** What a board counts, by its metric; a delta of 0 is nothing. */
const metrics: Readonly<Record<Board['metric'], Metric>> = {
  points: (decision) => ({ user: decision.user, delta: earnedBy(decision, POINTS) }),
  units: (decision) => ({ user: decision.user, delta: orderOf(decision)?.units ?? 0 }),
  amount: (decision) => ({ user: decision.user, delta: orderOf(decision)?.amount ?? 0 }),
  invites,
  shares
}

/** What a decision changes on a board; undefined for nothing. @throws Error when what it says is not readable */
export function scoreOf(board: Pick<Board, 'metric' | 'activity'>, decision: Followed): Score | undefined {
  if (board.activity !== '' && decision.activity !== board.activity) return undefined
  const score = metrics[board.metric](decision)
  return score.delta === 0 ? undefined : score
}
