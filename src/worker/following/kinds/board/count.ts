import type { ClientBase } from 'pg'
import type { Rules } from '../../../../campaign/definition/rules.ts'
import { periodAt } from '../../../../campaign/kinds/board/periods.ts'
import type { Board } from '../../../../campaign/kinds/board/rules.ts'
import { isLater } from '../../../../record/standing.ts'
import { hideUsers } from '../../../../store/boards/hidden.ts'
import {
  addScores,
  type Counting,
  forgetScores,
  lockBoard,
  noteCounting,
  passTime,
  type ScoreChange
} from '../../../../store/boards/scores.ts'
import type { Followed } from '../../../../store/following/followed.ts'
import { movesOf } from './score.ts'

/** A board of a campaign in force. */
export interface BoardInForce {
  readonly rules: Pick<Rules, 'id' | 'timezone' | 'closesAt'>
  readonly board: Board
}

const least = (one: number | null, other: number) => (one === null ? other : Math.min(one, other))
const most = (one: number | null, other: number) => (one === null ? other : Math.max(one, other))

/** The moment from which on a board counts nothing more. */
export function cutOf({ closesAt }: Pick<Rules, 'closesAt'>, { endedAt }: Pick<Counting, 'endedAt'>): number {
  return least(endedAt, closesAt)
}

/** Whether the end of the campaign was moved over decisions that were counted, or that came too late to be. */
export function needsRecount(rules: Pick<Rules, 'closesAt'>, counting: Counting): boolean {
  const cut = cutOf(rules, counting)
  const { countedTo, skippedFrom } = counting
  return (countedTo !== null && countedTo >= cut) || (skippedFrom !== null && skippedFrom < cut)
}

/** Sums of scores by period and user, and the newest decision of each. */
class Changes {
  readonly #changes = new Map<string, ScoreChange>()

  add(change: ScoreChange): void {
    const name = `${change.period} ${change.user}`
    const known = this.#changes.get(name)
    const newest = known !== undefined && isLater(known, change) ? known : change
    this.#changes.set(name, { ...newest, delta: change.delta + (known?.delta ?? 0) })
  }

  list(): ScoreChange[] {
    return [...this.#changes.values()]
  }
}

/** Who is excluded by some decisions, or let in again: the last decision about each counts. */
function showingOf(decisions: readonly Followed[]) {
  const last = new Map<string, boolean>()
  for (const { type, user } of decisions)
    if (type === 'user.disqualified' || type === 'user.requalified') last.set(user, type === 'user.disqualified')
  return [...last].map(([user, hidden]) => ({ user, hidden }))
}

/**
 * Counts decisions of a campaign for one of its boards, in the transaction of the client; each decision has to come once, in
 * any order. Scores are sums, and who reached one first is who had the older newest change: so they are the same however the
 * decisions of different shards come in, and when they are counted again.
 */
export async function countDecisions(
  client: ClientBase,
  { rules, board }: BoardInForce,
  decisions: readonly Followed[]
): Promise<void> {
  if (decisions.length === 0) return
  const place = { campaign: rules.id, board: board.id }
  let counting = await lockBoard(client, place)
  for (const { type, at } of decisions) {
    if (type === 'campaign.ended') counting = { ...counting, endedAt: least(counting.endedAt, at) }
  }
  const cut = cutOf(rules, counting)
  const changes = new Changes()
  const { moves, anew } = await movesOf(client, { campaign: rules.id, board }, decisions)
  for (const forgotten of anew.length > 0 ? await forgetScores(client, place, anew) : []) {
    changes.add({ ...forgotten, delta: 0, reachedAt: 0, tie: '' })
  }
  for (const { user, delta, reachedAt, tie } of moves) {
    if (reachedAt >= cut) {
      counting = { ...counting, skippedFrom: least(counting.skippedFrom, reachedAt) }
      continue
    }
    counting = { ...counting, countedTo: most(counting.countedTo, reachedAt) }
    changes.add({ period: periodAt(board.period, reachedAt, rules.timezone), user, delta, reachedAt, tie })
  }
  const asOf = decisions.reduce((latest, { at }) => Math.max(latest, at), 0)
  await addScores(client, place, { changes: changes.list(), asOf })
  const shown = showingOf(decisions)
  if (shown.length > 0) await hideUsers(client, place, shown)
  await passTime(client, place, asOf)
  await noteCounting(client, place, counting)
}
