/** What was started and must be stopped again, last first. */
export interface Stops {
  /**
   * Notes how to end a part before it has started, so that an interruption meanwhile ends it as well.
   * @throws Error of the part that did not start, or when everything is being ended already
   */
  after<Part>(starting: Promise<Part>, end: (part: Part) => Promise<unknown>): Promise<Part>
  /** Ends everything once; a second call waits for the same end. */
  all(): Promise<void>
}

export function createStops(): Stops {
  const ends: Array<() => Promise<unknown>> = []
  let ended: Promise<void> | undefined

  async function endAll(): Promise<void> {
    for (let last = ends.pop(); last !== undefined; last = ends.pop()) await last()
  }

  return {
    async after(starting, end) {
      // a part that did not start has removed what it made
      ends.push(() => starting.then(end, () => undefined))
      const part = await starting
      if (ended === undefined) return part
      await endAll()
      throw new Error('interrupted while starting')
    },
    all() {
      ended ??= endAll()
      return ended
    }
  }
}
