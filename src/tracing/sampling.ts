import { saysSampled } from './traceparent.ts'

/** Requests a second that are traced because their callers say so, by process: a stranger who says it each time slows nothing. */
const FOLLOWED_PER_SECOND = 100

/**
 * Decides which requests are traced. Its caller's word counts first: one that is not traced there is not traced here, one that is, is
 * (up to a bound). For all others a counter takes the ratio evenly: 0.01 is each hundredth request.
 * @param now ms by a clock that only runs forward
 */
export function createSampler(
  ratio: number,
  now: () => number = () => performance.now()
): (traceparent: string | undefined) => boolean {
  let share = 0
  let second = Number.NEGATIVE_INFINITY
  let followed = 0

  function mayFollow(): boolean {
    const at = now()
    if (at - second >= 1000) {
      second = at
      followed = 0
    }
    followed += 1
    return followed <= FOLLOWED_PER_SECOND
  }

  return (traceparent) => {
    const said = saysSampled(traceparent)
    if (said === false) return false
    if (said === true && mayFollow()) return true
    share += ratio
    if (share < 1) return false
    share -= 1
    return true
  }
}
