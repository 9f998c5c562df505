/**
 * Reads by id that come while one is in flight are put together: a page that everybody looks at costs one connection, however many ask.
 * @param read finds many at once; ids that it does not return do not exist
 */
export function readTogether<Item extends { readonly id: string }>(
  read: (ids: readonly string[]) => Promise<readonly Item[]>
): (id: string) => Promise<Item | undefined> {
  let waiting: Promise<ReadonlyMap<string, Item>> | undefined
  let running: Promise<unknown> = Promise.resolve()
  let ids = new Set<string>()

  async function next(): Promise<ReadonlyMap<string, Item>> {
    await running
    const asked = [...ids]
    ids = new Set()
    waiting = undefined
    const found = read(asked)
    running = found.catch(() => undefined)
    return new Map((await found).map((item) => [item.id, item]))
  }

  return async (id) => {
    ids.add(id)
    waiting ??= next()
    return (await waiting).get(id)
  }
}
