import { decodeAssist } from '../../record/reports/assist.ts'
import { momentOf, tieOf } from '../../record/standing.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { storedUser } from '../../store/connection/user-name.ts'
import type { Followed } from '../../store/following/followed.ts'
import {
  type AssistMoment,
  type MetAssist,
  noteAssists,
  type VoidedShare
} from '../../store/following/followed-assists.ts'
import type { ListenerName } from '../../store/following/places.ts'

// An assist is decided by who helps, and its share is voided by a decision of who shared. So a listener notes what it met of both: what
// counts follows from that alone, whatever came first.

/** Who listens, and which of the decisions about assists it is to count. */
export interface Counting extends ListenerName {
  isMeant(decision: Followed): boolean
}

const whenOf = (decision: Followed) => momentOf({ reachedAt: decision.at, tie: tieOf(decision) })

function assistIn(decision: Followed): AssistMoment | undefined {
  if (decision.type === 'assist.given') {
    const { share, sharer } = decodeAssist(decision.report)
    return { assist: decision.id, share, sharer, given: whenOf(decision) }
  }
  if (decision.type !== 'assist.voided') return undefined
  const { assist, share, sharer } = decision.request as Readonly<Record<'assist' | 'share' | 'sharer', string>>
  return { assist, share, sharer: storedUser(sharer), voided: whenOf(decision) }
}

function voidedShareIn(decision: Followed): VoidedShare | undefined {
  if (decision.type !== 'share.voided') return undefined
  const { share } = decision.request as { readonly share: string }
  return { share, voided: whenOf(decision) }
}

/** An assist that decisions are about, as it was before them and as it is. */
interface ChangedAssist {
  readonly was: MetAssist | undefined
  readonly is: MetAssist
}

/** Notes what decisions say of assists, for a listener, in the transaction that moves its place on. */
export async function changedAssists(
  db: Queryable,
  counting: Counting,
  decisions: readonly Followed[]
): Promise<ChangedAssist[]> {
  const { before, after } = await noteAssists(db, counting, {
    assists: decisions.filter((decision) => counting.isMeant(decision)).flatMap((decision) => assistIn(decision) ?? []),
    // of another activity than the assists
    shares: decisions.flatMap((decision) => voidedShareIn(decision) ?? [])
  })
  const was = new Map(before.map((each) => [each.assist, each]))
  return after.map((is) => ({ was: was.get(is.assist), is }))
}
