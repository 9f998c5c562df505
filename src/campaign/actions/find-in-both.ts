/** Where an order or a win is looked for; ids are known to all of them. */
interface Sources<Row extends { readonly user: string }, Live> {
  /** as Postgres has it */
  stored(): Promise<Row | undefined>
  /** whose it is, by the frames that Postgres may not have yet */
  ownerOf(): Promise<string | undefined>
  /** as Redis has it in the hash of its owner */
  live(user: string): Promise<Live | undefined>
  /** what Postgres has, read as Redis would have it */
  journaled(row: Row): Live
}

/**
 * An order or a win whosever it is: as Redis has it, as Postgres has it where Redis does not.
 * @throws what the sources throw
 */
export async function findAny<Row extends { readonly user: string }, Live extends object>(
  sources: Sources<Row, Live>
): Promise<(Live & { readonly user: string }) | undefined> {
  let stored = await sources.stored()
  const owner = stored === undefined ? await sources.ownerOf() : undefined
  // a frame that left kept between the two looks is in Postgres by now: it leaves only after the commit
  if (stored === undefined && owner === undefined) stored = await sources.stored()
  const user = stored?.user ?? owner
  if (user === undefined) return undefined
  const found = (await sources.live(user)) ?? (stored && sources.journaled(stored))
  return found && { ...found, user }
}
