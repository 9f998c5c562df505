import { qualifiedCause } from '../../campaign/actions/invite-pairs.ts'
import { replayField } from '../../record/replay.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { decidedBefore } from '../../store/following/decided-before.ts'
import type { Followed } from '../../store/following/followed.ts'

/** What is told by one decision of a user and taken off by another one of the same user. */
interface Pair {
  readonly told: string
  readonly undone: string
  /** the keys under which the decision that tells it is made, by the one that undoes it */
  toldUnder(undone: Followed): readonly string[]
  /** and the other way round */
  undoneUnder(told: Followed): string
  /** from the request of the decision that tells it: when it was so, as the credit that tells it may be decided later, on another day */
  at(request: unknown): string
}

const shares: Pair = {
  told: 'share.verified',
  undone: 'share.voided',
  toldUnder({ activity, request }) {
    const { share, channel } = request as { readonly share: string; readonly channel: string }
    return [replayField.credit(share, `${activity}/${channel}`)]
  },
  undoneUnder: ({ request }) => replayField.voiding((request as { readonly share: string }).share),
  at: (request) => (request as { readonly verifiedAt: string }).verifiedAt
}

const invites: Pair = {
  told: 'invite.qualified',
  undone: 'invite.voided',
  // what rewards the inviter tells it too
  toldUnder({ activity, request }) {
    const { invite } = request as { readonly invite: string }
    return ['inviter', 'qualified'].map((action) => replayField.credit(qualifiedCause(invite), `${activity}/${action}`))
  },
  undoneUnder: ({ activity, request }) =>
    replayField.credit((request as { readonly invite: string }).invite, `${activity}/voided`),
  at: (request) => (request as { readonly qualifiedAt: string }).qualifiedAt
}

/** A decision that counts, and when it was so what it tells or undoes, ms since 1970. */
export interface PairedDecision {
  readonly decision: Followed
  readonly times: 1 | -1
  readonly toldAt: number
}

/**
 * The decisions that count: those that tell something which was not undone before, and those that undo what had been told. What the request
 * says is not enough: something may be undone between its happening and the decision that tells it, which may never come as well. It is
 * looked up in the journal, so a recount finds the same.
 */
async function paired(db: Queryable, pair: Pair, decisions: readonly Followed[]): Promise<PairedDecision[]> {
  const about = decisions.filter(({ type }) => type === pair.told || type === pair.undone)
  const before = await decidedBefore(
    db,
    about.map((decision) => ({
      ...decision,
      keys: decision.type === pair.told ? [pair.undoneUnder(decision)] : pair.toldUnder(decision)
    }))
  )
  return about.flatMap((decision) => {
    const other = before.get(decision.id)
    const isTelling = decision.type === pair.told
    if (isTelling === (other !== undefined)) return []
    const toldAt = Date.parse(pair.at(isTelling ? decision.request : other))
    return [{ decision, times: isTelling ? 1 : -1, toldAt } as const]
  })
}

/** Verified shares. */
export const pairedShares = (db: Queryable, decisions: readonly Followed[]) => paired(db, shares, decisions)

/** Friends who qualified. */
export const pairedInvites = (db: Queryable, decisions: readonly Followed[]) => paired(db, invites, decisions)
