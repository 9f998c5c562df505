import type { Sender } from './sender.ts'

const SAMPLES = 3

/** The server's time, by this device's clock and the difference that was measured. */
export interface Clock {
  /** ms since 1970, as the server has it */
  now(): number
  /** server minus device, in ms */
  readonly offsetMs: number
  /** the most by which it may be wrong: half of the round trip that it was measured by */
  readonly errorMs: number
  /** ms until a time such as `opensAt`; 0 once it is over */
  until(time: string): number
  /** Calls now, then as each second begins, with the ms that are left; the last time with 0. @returns what stops it */
  countdown(time: string, onTick: (leftMs: number) => void): () => void
}

/** Asks the server for its time, a few times, and believes the shortest round trip: its answer was made in the middle of it. @throws ReadError */
export async function measureClock(sender: Sender): Promise<Clock> {
  const { now, sleep } = sender.settings
  let best = { offsetMs: 0, errorMs: Number.POSITIVE_INFINITY }
  for (let sample = 0; sample < SAMPLES; sample++) {
    const sentAt = now()
    const { serverTime } = await sender.read<{ serverTime: string }>('/v1/time')
    const errorMs = (now() - sentAt) / 2
    if (errorMs < best.errorMs) best = { offsetMs: Date.parse(serverTime) - (sentAt + errorMs), errorMs }
  }
  const serverNow = () => now() + best.offsetMs
  const until = (time: string) => Math.max(0, Date.parse(time) - serverNow())
  return {
    ...best,
    now: serverNow,
    until,
    countdown(time, onTick) {
      const stopped = new AbortController()
      const tick = async () => {
        while (!stopped.signal.aborted) {
          const left = until(time)
          onTick(left)
          if (left === 0) return
          await sleep(left % 1000 || 1000, stopped.signal)
        }
      }
      // what is called can stop it from the first call on
      void Promise.resolve().then(tick)
      return () => stopped.abort()
    }
  }
}
