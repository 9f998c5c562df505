interface SeldomOptions {
  /** how long the same thing is not said again; 30 s where absent */
  readonly everyMs?: number
  /** things told apart at most; what is beyond counts as one more */
  readonly most?: number
}

const EVERY_MS = 30_000
const MOST = 100
const OTHERS = 'others'

/**
 * Says the first of many equal things at once and how many there were more after a while: a thousand callers who all are
 * refused for one reason are one line, not a thousand.
 * @returns to be called with a name of what is told and a way to say it, which is given how many there were unsaid
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
