/** The places that may have an order or a win with a given id. */
interface Sources<Row extends { readonly user: string }, Live> {
  /** as Postgres has it */
  stored(): Promise<Row | undefined>
  /** its owner, by the frames that Postgres may not have yet */
  ownerOf(): Promise<string | undefined>
  /** as Redis has it in the hash of its owner */
  live(user: string): Promise<Live | undefined>
  /** converts the row of Postgres to the form of Redis */
  journaled(row: Row): Live
}

/**
 * An order or a win of any user: from Redis, else from Postgres.
 * @throws what the sources throw
 */
export async function findAny<Row extends { readonly user: string }, Live extends object>(
  sources: Sources<Row, Live>
): Promise<(Live & { readonly user: string }) | undefined> {
  let stored = await sources.stored()
  const owner = stored === undefined ? await sources.ownerOf() : undefined
  // a frame leaves kept only after the commit, so one that left between the two reads is in Postgres by now
  if (stored === undefined && owner === undefined) stored = await sources.stored()
  const user = stored?.user ?? owner
  if (user === undefined) return undefined
  const found = (await sources.live(user)) ?? (stored && sources.journaled(stored))
  return found && { ...found, user }
}
