import { endedBy } from '../../record/replay.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { decidedAt } from '../../store/following/decided-before.ts'
import type { Followed } from '../../store/following/followed.ts'

/** When some decisions were told to be, ms since 1970. */
type Moments = (decision: Followed) => number

/**
 * A spin that was drawn and ends when another shard had its prize was made, and paid for, when it was drawn: on that day, and in that
 * session, it counts, and so does what it won. Everything else counts when it was decided.
 */
export async function spunAt(db: Queryable, decisions: readonly Followed[]): Promise<Moments> {
  const drawn = await decidedAt(
    db,
    decisions.flatMap(({ key }) => endedBy(key) ?? [])
  )
  return ({ key, at }) => drawn.get(endedBy(key) ?? '') ?? at
}
