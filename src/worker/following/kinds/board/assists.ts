import { reachedOf } from '../../../../record/standing.ts'
import type { Queryable } from '../../../../store/connection/transaction.ts'
import type { Followed } from '../../../../store/following/followed.ts'
import { assistsOfSharers, type MetAssist } from '../../../../store/following/followed-assists.ts'
import { type Counting, changedAssists } from '../../assists.ts'
import type { Move, Moves } from './moves.ts'

/** An assist counts from when it was given until it or its share is voided; one that was given after that never does. */
function movesOfAssist({ sharer: user, given, gone }: MetAssist): Move[] {
  if (given === null || (gone !== null && gone <= given)) return []
  const counted = { user, delta: 1, ...reachedOf(given) }
  return gone === null ? [counted] : [counted, { user, delta: -1, ...reachedOf(gone) }]
}

const isSame = (one: Move, other: Move) =>
  one.delta === other.delta && one.reachedAt === other.reachedAt && one.tie === other.tie

const without = (moves: readonly Move[], others: readonly Move[]) =>
  moves.filter((move) => !others.some((other) => isSame(move, other)))

/**
 * What decisions change by assists. What is voided may be met after an assist that was given later, or after a void that came later: then
 * what was counted was wrong, and as the newest change decides who was first, the scores of its sharer are added up anew.
 */
export async function assistMoves(db: Queryable, counting: Counting, decisions: readonly Followed[]): Promise<Moves> {
  const changed = (await changedAssists(db, counting, decisions)).map(({ was, is }) => ({
    sharer: is.sharer,
    before: was === undefined ? [] : movesOfAssist(was),
    now: movesOfAssist(is)
  }))
  const wrong = changed.filter(({ before, now }) => without(before, now).length > 0)
  const anew = [...new Set(wrong.map(({ sharer }) => sharer))]
  const added = changed
    .filter(({ sharer }) => !anew.includes(sharer))
    .flatMap(({ before, now }) => without(now, before))
  const all = anew.length === 0 ? [] : await assistsOfSharers(db, counting, anew)
  return { moves: [...added, ...all.flatMap(movesOfAssist)], anew }
}
