import { createHash } from 'node:crypto'

// Ranks of a leaderboard: the higher score first, then who reached it first. Score and time are kept apart, because one number
// does not have room for both.

const TIME_WIDTH = 9
const DIGEST_WIDTH = 3
const EPOCH_WIDTH = 7
const SEQUENCE_WIDTH = 9
const TIE_WIDTH = DIGEST_WIDTH + EPOCH_WIDTH + SEQUENCE_WIDTH

/** A number as text that sorts as the number does. */
const sortable = (value: number, width: number) => value.toString(36).padStart(width, '0')

/** A decision by the parts of its id, and when it was made. */
interface DecidedAt {
  readonly shard: number
  readonly epoch: number
  readonly sequence: number
  /** ms since 1970 */
  readonly at: number
}

/**
 * The order of decisions of one millisecond, as text: within a shard that in which they were made, and between shards, whose
 * sequences are no order, one that favours none of them. It depends on the decision alone.
 */
export function tieOf({ shard, epoch, sequence, at }: DecidedAt): string {
  const digest = createHash('sha256').update(`${at} ${shard}`).digest('hex').slice(0, DIGEST_WIDTH)
  return digest + sortable(epoch, EPOCH_WIDTH) + sortable(sequence, SEQUENCE_WIDTH)
}

/** When a score was reached. */
export interface Reached {
  /** ms since 1970 */
  readonly reachedAt: number
  readonly tie: string
}

/** When something was decided, as one text: it sorts as `isLater` says. */
export function momentOf({ reachedAt, tie }: Reached): string {
  return sortable(reachedAt, TIME_WIDTH) + tie
}

/** The opposite of `momentOf`. */
export function reachedOf(moment: string): Reached {
  return { reachedAt: Number.parseInt(moment.slice(0, TIME_WIDTH), 36), tie: moment.slice(TIME_WIDTH) }
}

/** The member of a sorted set: among equal scores it sorts as who was first. */
export function memberOf({ user, reachedAt, tie }: Reached & { readonly user: string }): string {
  return momentOf({ reachedAt, tie }) + user
}

export function userOfMember(member: string): string {
  return member.slice(TIME_WIDTH + TIE_WIDTH)
}

/** Whether a score was reached later than another; at the same time by the same decision is not later. */
export function isLater(one: Reached, other: Reached): boolean {
  return one.reachedAt > other.reachedAt || (one.reachedAt === other.reachedAt && one.tie > other.tie)
}
