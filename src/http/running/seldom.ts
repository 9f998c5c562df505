interface SeldomOptions {
  /** the shortest time between two lines under one name; 30 s if absent */
  readonly everyMs?: number
  /** the most names that are counted apart; all further names count as one */
  readonly most?: number
}

const EVERY_MS = 30_000
const MOST = 100
const OTHERS = 'others'

/**
 * Logs the first of many equal events at once, and later how many more there were: a thousand requests refused for one
 * reason are one line, not a thousand.
 * @returns a function to call with the name of an event and a function that logs it, which gets the number of unlogged ones
 */
export function createSeldom(options: SeldomOptions = {}): (name: string, say: (more: number) => void) => void {
  const { everyMs = EVERY_MS, most = MOST } = options
  const unsaid = new Map<string, { more: number; say: (more: number) => void }>()

  return (asked, say) => {
    const name = unsaid.has(asked) || unsaid.size < most ? asked : OTHERS
    const before = unsaid.get(name)
    if (before !== undefined) {
      before.more += 1
      before.say = say
      return
    }
    const kept = { more: 0, say }
    unsaid.set(name, kept)
    setTimeout(() => {
      unsaid.delete(name)
      if (kept.more > 0) kept.say(kept.more)
    }, everyMs).unref()
    say(0)
  }
}
