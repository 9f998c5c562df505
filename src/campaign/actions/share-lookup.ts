import type { UnstoredDecision, UserReader } from '../../gate/gate.ts'
import { decodeAssist } from '../../record/reports/assist.ts'
import { decodeShare } from '../../record/reports/share.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { StoredAssist } from '../../store/shares/assists.ts'
import type { CountedShare } from '../../store/shares/shares.ts'
import { journaledFirst } from './journaled-first.ts'

interface Sources<Row> {
  readonly gate: Pick<UserReader, 'ownerOf' | 'unstoredOf' | 'lookup'>
  /** as Postgres has it */
  readonly stored: (id: string) => Promise<Row | undefined>
}

const nothingYet = {
  text: null,
  verifiedBy: null,
  verifiedAt: null,
  voided: false,
  clicks: 0,
  repeats: 0,
  bots: 0,
  assists: 0,
  orders: 0,
  registrations: 0
} as const

/**
 * What a user made by a decision, by its id, whosever it is: from Postgres, else from the frames in Redis that Postgres lacks, so that it
 * is known everywhere from its 201 on. What is found is journaled.
 * @throws UnavailableError when one of them does not answer: then nobody can say that there is none
 */
async function findMade<Row>(
  { gate, stored }: Sources<Row>,
  id: string,
  made: (decision: UnstoredDecision, user: string) => Row | undefined
): Promise<Row | undefined> {
  const known = await stored(id)
  if (known !== undefined) return known
  const user = await gate.ownerOf(id)
  const decision = user === undefined ? undefined : (await gate.unstoredOf(user)).find((each) => each.id === id)
  const found = decision && user !== undefined ? made(decision, user) : undefined
  if (found !== undefined && decision && user !== undefined) await journaledFirst(gate, user, decision)
  // a frame leaves kept only after the commit, so one that left between the two reads is in Postgres by now
  return found ?? stored(id)
}

/** A share by its decision, which nobody has looked at yet; undefined for a decision that made none. */
export function newShare({ id, type, report, campaign, at }: UnstoredDecision, user: string): CountedShare | undefined {
  if (type !== 'share.created') return undefined
  const { channel, subjectType, subject } = decodeShare(report)
  return { id, user, campaign, channel, subjectType, subject, createdAt: new Date(at), ...nothingYet }
}

/** A share of any user; see findMade. @throws UnavailableError */
export function findShare(sources: Sources<CountedShare>, id: string): Promise<CountedShare | undefined> {
  return findMade(sources, id, newShare)
}

/** An assist of any user; see findMade. @throws UnavailableError */
export function findAssist(sources: Sources<StoredAssist>, id: string): Promise<StoredAssist | undefined> {
  return findMade(sources, id, ({ type, report, campaign, activity, at }, user) => {
    if (type !== 'assist.given') return undefined
    const { share, sharer } = decodeAssist(report)
    return { id, user, campaign, activity, share, sharer: issuedUser(sharer), givenAt: new Date(at), voided: false }
  })
}
