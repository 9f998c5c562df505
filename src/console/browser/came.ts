/** What came of one campaign of several. `unknown`: it may have been changed, for an answer was lost, and none came since. */
export type Came =
  | { readonly kind: 'done' | 'pending' | 'before' }
  | { readonly kind: 'failed' | 'unknown'; readonly why: string }

/** What the gateway says of a change of one campaign; without an intent there was nothing to do. */
export interface Changed {
  readonly outcome: string
  readonly intent?: string
}

/** How long after each lost answer it is asked again: a gateway that starts anew is back within seconds. */
const AGAIN_AFTER_MS = [250, 500, 1000, 2000, 4000] as const

const NO_ANSWER = 'The gateway was not reached.'
const LOST = 'Its answer was lost.'

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined
  return typeof error.status === 'number' ? error.status : undefined
}

/** Whether the request may have been carried out nevertheless. */
const isLost = (status: number | undefined) => status === undefined || status >= 500
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
const TOO_MANY = 429
/** Who asks is not known any more: says nothing of the request that was sent before. */
const isAboutAsker = (status: number | undefined) => status === 401 || status === 403

/**
 * Asks for a change, and where the answer is lost asks again, which must be under the same key: its answer tells what became of it. Never throws.
 * @param waits how many ms before each further time
 */
export async function cameOf(ask: () => Promise<Changed>, waits: readonly number[] = AGAIN_AFTER_MS): Promise<Came> {
  let wasLost = false
  for (let asked = 0; ; asked += 1) {
    try {
      const { intent, outcome } = await ask()
      if (intent === undefined) return { kind: 'before' }
      return { kind: outcome === 'pending' ? 'pending' : 'done' }
    } catch (error) {
      const status = statusOf(error)
      const why = status === undefined ? NO_ANSWER : messageOf(error)
      wasLost ||= isLost(status)
      const wait = isLost(status) || status === TOO_MANY ? waits[asked] : undefined
      if (wait === undefined) {
        const isKnown = !wasLost || !(isLost(status) || status === TOO_MANY || isAboutAsker(status))
        return isKnown ? { kind: 'failed', why } : { kind: 'unknown', why: LOST }
      }
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
}

/** Whether there is nothing left to ask about it. */
export function isSettled(came: Came | undefined): boolean {
  return came !== undefined && came.kind !== 'failed' && came.kind !== 'unknown'
}

/** The campaigns that were paused together, or may have been, after one more was asked for. */
export function pausedWith(ids: readonly string[], id: string, { kind }: Came): string[] {
  const others = ids.filter((other) => other !== id)
  return kind === 'failed' || kind === 'before' ? others : [...others, id]
}

/** Those of them that are still to be resumed. */
export function pausedWithout(ids: readonly string[], id: string, came: Came): string[] {
  return isSettled(came) ? ids.filter((other) => other !== id) : [...ids]
}
