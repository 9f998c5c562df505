import { replayField } from '../../../../record/replay.ts'
import type { Queryable } from '../../../../store/connection/transaction.ts'
import { decidedBefore } from '../../../../store/following/decided-before.ts'
import type { Followed } from '../../../../store/following/followed.ts'

/** The key of the decision that has to be there before, or must not be; both are of the same user, so of the same shard. */
function otherKey({ type, activity, request }: Followed): string {
  const { share, channel } = request as { readonly share: string; readonly channel: string }
  return type === 'share.verified' ? replayField.voiding(share) : replayField.credit(share, `${activity}/${channel}`)
}

/**
 * The decisions by which shares count: those that verified one which was not voided before, and those that voided one which had counted.
 * What the request says is not enough: a share may be voided between its verification and the decision that tells it, which may be
 * refused too. It is looked up in the journal, so a recount finds the same.
 */
export async function paired(db: Queryable, decisions: readonly Followed[]): Promise<Followed[]> {
  const about = decisions.filter(({ type }) => type === 'share.verified' || type === 'share.voided')
  const before = await decidedBefore(
    db,
    about.map((decision) => ({ ...decision, key: otherKey(decision) }))
  )
  return about.filter(({ id, type }) => (type === 'share.voided') === before.has(id))
}
