import type { Bell, Loop } from './loop.ts'

/**
 * How often a loop runs, and down to what while there is nothing to do: at rest, what all of them asked cost more than a tenth of a core. `news`
 * of this process end a rest; another process is heard of after `restMs` at the latest.
 */
export type Pace = readonly [name: string, everyMs: number, restMs?: number, news?: Bell]

/** A loop whose errors are logged, and which is tried again. */
export function loop([name, everyMs, restMs, news]: Pace, run: () => Promise<unknown>): Loop {
  return { name, everyMs, run, vital: false, ...(restMs !== undefined && { restMs }), ...(news && { news }) }
}

/** A loop that runs `spread()` times as seldom: nobody waits for it, and the shards of a worker share what one of them may cost. */
export function spreadLoop(
  [name, everyMs, restMs, news]: Required<Pace>,
  spread: () => number,
  run: Loop['run']
): Loop {
  return {
    name,
    run,
    news,
    vital: false,
    get everyMs() {
      return everyMs * spread()
    },
    get restMs() {
      return restMs * spread()
    }
  }
}
