import type { Test } from 'tap'

/**
 * Whether bounds of time are judged: in `npm run test:long`, on a machine that does nothing else. Everywhere else a slow
 * machine must not turn a test red, so that figures are only told.
 */
export const timed = process.env.FLOODGATE_TIMED === '1'

/** Prints how long something took; where bounds of time are judged, it must have taken `boundMs` at most. */
export function tookAtMost(t: Test, what: string, { ms, boundMs }: { ms: number; boundMs: number }): void {
  const text = `${what}: ${Math.round(ms)} ms (bound ${boundMs} ms${timed ? '' : ', not judged here'})`
  if (timed) t.ok(ms <= boundMs, text)
  else t.comment(text)
}
