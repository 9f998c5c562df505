/** Where a list goes on, newest first: only what is older than this. Epoch and sequence of the id settle equal times. */
export interface Place {
  /** ms since 1970 */
  readonly at: number
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
}

/** A page of what belongs to somebody. */
export interface Page {
  /** only of this campaign */
  readonly campaign?: string | undefined
  readonly before?: Place | undefined
  readonly limit: number
}

/** A place as three values of a statement; all null without one. */
export function placeValues(
  place: Place | undefined
): [at: Date | null, epoch: number | null, sequence: number | null] {
  if (place === undefined) return [null, null, null]
  const [, epoch, sequence] = place.id.split('-')
  return [new Date(place.at), Number(epoch), Number(sequence)]
}
