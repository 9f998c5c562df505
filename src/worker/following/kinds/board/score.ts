import type { Board } from '../../../../campaign/kinds/board/rules.ts'
import { POINTS } from '../../../../campaign/parts/scope.ts'
import { earnedBy } from '../../../../record/earned.ts'
import { tieOf } from '../../../../record/standing.ts'
import type { Queryable } from '../../../../store/connection/transaction.ts'
import type { Followed } from '../../../../store/following/followed.ts'
import type { Counting } from '../../assists.ts'
import { orderPaid } from '../../counters.ts'
import { type PairedDecision, pairedInvites, pairedShares } from '../../paired.ts'
import { spunAt } from '../../spins.ts'
import { assistMoves } from './assists.ts'
import type { Move, Moves } from './moves.ts'

type Metric = (db: Queryable, counting: Counting, decisions: readonly Followed[]) => Promise<Moves>

function moveBy(decision: Followed, delta: number, at = decision.at): Move {
  return { user: decision.user, delta, reachedAt: at, tie: tieOf({ ...decision, at }) }
}

/** What counts by one decision, at its time. */
const each =
  (deltaOf: (decision: Followed) => number): Metric =>
  async (_db, { isMeant }, decisions) => ({
    moves: decisions.filter(isMeant).map((decision) => moveBy(decision, deltaOf(decision))),
    anew: []
  })

/** Points that a spin won count for when it was made. */
const points: Metric = async (db, { isMeant }, decisions) => {
  const meant = decisions.filter(isMeant)
  const at = await spunAt(db, meant)
  return { moves: meant.map((decision) => moveBy(decision, earnedBy(decision, POINTS), at(decision))), anew: [] }
}

/** A share or a friend counts for the time of what is told, as the decision that tells it may come later, and is taken off at that of its end. */
const inPairs =
  (paired: (db: Queryable, decisions: readonly Followed[]) => Promise<PairedDecision[]>): Metric =>
  async (db, { isMeant }, decisions) => {
    const found = await paired(db, decisions.filter(isMeant))
    const moves = found.map(({ decision, times, toldAt }) => moveBy(decision, times, times > 0 ? toldAt : decision.at))
    return { moves, anew: [] }
  }

/** What a board counts, by its metric. */
const metrics: Readonly<Record<Board['metric'], Metric>> = {
  points,
  units: each((decision) => orderPaid(decision)?.units ?? 0),
  amount: each((decision) => orderPaid(decision)?.amount ?? 0),
  invites: inPairs(pairedInvites),
  shares: inPairs(pairedShares),
  assists: assistMoves
}

/** What decisions change on a board, in the transaction that has locked it. @throws Error when what one says is not readable */
export async function movesOf(
  db: Queryable,
  { campaign, board }: { readonly campaign: string; readonly board: Pick<Board, 'id' | 'metric' | 'activity'> },
  decisions: readonly Followed[]
): Promise<Moves> {
  const isMeant = ({ activity }: Followed) => board.activity === '' || activity === board.activity
  const { moves, anew } = await metrics[board.metric](db, { campaign, name: board.id, isMeant }, decisions)
  return { moves: moves.filter(({ delta }) => delta !== 0), anew }
}
