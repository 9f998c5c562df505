import { setTimeout as delay } from 'node:timers/promises'

/**
 * Calls `condition` repeatedly until it is true or the deadline has passed.
 * @returns whether it became true; an error of `condition` ends the wait
 */
export async function poll(
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number,
  everyMs = 20
): Promise<boolean> {
  const end = performance.now() + deadlineMs
  for (;;) {
    if (await condition()) return true
    if (performance.now() >= end) return false
    await delay(everyMs)
  }
}
