/** Where the next page of a list begins, newest first: only older items follow. The id's epoch and sequence order equal times. */
export interface Place {
  /** ms since 1970 */
  readonly at: number
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
}

/** Which page of a list is read. */
export interface Page {
  /** only of this campaign */
  readonly campaign?: string | undefined
  readonly before?: Place | undefined
  readonly limit: number
}

/**
 * A place as three values of a statement; all null when there is none. A list over several users, who may be in different shards, needs
 * the id besides: two of them may have the same time, epoch and sequence.
 */
export function placeValues(
  place: Place | undefined
): [at: Date | null, epoch: number | null, sequence: number | null] {
  if (place === undefined) return [null, null, null]
  const [, epoch, sequence] = place.id.split('-')
  return [new Date(place.at), Number(epoch), Number(sequence)]
}
