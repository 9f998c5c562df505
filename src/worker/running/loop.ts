import { setMaxListeners } from 'node:events'
import { FloodgateError, messageOf } from '../../base/errors.ts'

/** The shard must be opened again: Redis was restarted, replaced or emptied, or the journal is gone. */
export class ReopenError extends FloodgateError {
  /** whether the gate still decides: somebody asked for the opening, so it can wait until little has to be read */
  readonly isPlanned: boolean
  readonly code = 'reopen'
  readonly meaning = 'Nothing is decided until the shard is open again; nothing that was confirmed is lost.'
  readonly remedy = 'Wait: this worker opens it.'

  constructor(message: string, { isPlanned = false }: { readonly isPlanned?: boolean } = {}) {
    super(message)
    this.isPlanned = isPlanned
  }
}

/** Waits; ends early, without an error, when the signal fires, or when what is added to `wakes` is called. */
function wait(ms: number, signal: AbortSignal, wakes?: Set<() => void>): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      wakes?.delete(end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    wakes?.add(end)
  })
}

/** Waits; ends early, without an error, when the signal fires. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> => wait(ms, signal)

/** Ends pauses early: something happened in this process that loops wait for. */
export class Bell {
  #rings = 0
  readonly #wakes = new Set<() => void>()

  /** how often it rang */
  get rings(): number {
    return this.#rings
  }

  ring(): void {
    this.#rings += 1
    for (const wake of this.#wakes) wake()
  }

  /** Waits until it rings; ends at once when it rang since it had rung `heard` times. */
  pause(ms: number, signal: AbortSignal, heard: number): Promise<void> {
    return this.#rings === heard ? wait(ms, signal, this.#wakes) : Promise.resolve()
  }
}

export interface Loop {
  readonly name: string
  readonly everyMs: number
  /** Runs that find nothing to do, which give 0, make the pause twice as long each time, up to this; absent: it is always the same. */
  readonly restMs?: number
  /** begins the next run at once */
  readonly bell?: Bell
  /** ends a rest, but not the pause of `everyMs` between two runs: what a loop looks for was stored */
  readonly news?: Bell | undefined
  readonly run: () => Promise<unknown>
  /** true: an error ends the ownership; false: it is logged and tried again */
  readonly vital: boolean
}

const TELL_AGAIN_MS = 60_000
const REMEMBERED_MAX = 100

/** Whether to log an error: one from a part that is away comes twice a second, and a line each time would hide everything else. */
function isNews(loggedAt: Map<string, number>, error: unknown): boolean {
  const what = messageOf(error)
  const now = performance.now()
  if (now - (loggedAt.get(what) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) return false
  if (loggedAt.size >= REMEMBERED_MAX) loggedAt.clear()
  loggedAt.set(what, now)
  return true
}

interface Rest {
  readonly pauseMs: number
  /** how often its bells had rung before the run */
  readonly heard: { readonly bell: number; readonly news: number }
  readonly signal: AbortSignal
}

async function rest({ everyMs, bell, news }: Loop, { pauseMs, heard, signal }: Rest): Promise<void> {
  if (bell !== undefined) return bell.pause(pauseMs, signal, heard.bell)
  await pause(Math.min(everyMs, pauseMs), signal)
  if (pauseMs <= everyMs) return
  await (news === undefined ? pause(pauseMs - everyMs, signal) : news.pause(pauseMs - everyMs, signal, heard.news))
}

/**
 * Runs loops in parallel until the signal fires or a vital one fails.
 * @param onError called for errors of loops that are not vital: for each error once a minute
 * @throws the first error of a vital loop, after all loops have ended
 */
export async function runLoops(
  loops: readonly Loop[],
  signal: AbortSignal,
  onError: (name: string, error: unknown) => void
): Promise<void> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  // each loop listens while it pauses
  setMaxListeners(0, both)
  let failure: unknown
  const runOne = async (loop: Loop) => {
    const loggedAt = new Map<string, number>()
    let pauseMs = loop.everyMs
    while (!both.aborted) {
      const heard = { bell: loop.bell?.rings ?? 0, news: loop.news?.rings ?? 0 }
      let found: unknown
      try {
        found = await loop.run()
      } catch (error) {
        if (loop.vital) {
          failure ??= error
          stop.abort()
          return
        }
        if (isNews(loggedAt, error)) onError(loop.name, error)
        await pause(500, both)
      }
      pauseMs = found === 0 ? Math.max(loop.everyMs, Math.min(2 * pauseMs, loop.restMs ?? 0)) : loop.everyMs
      await rest(loop, { pauseMs, heard, signal: both })
      if ((loop.news?.rings ?? 0) !== heard.news) pauseMs = loop.everyMs
    }
  }
  await Promise.all(loops.map(runOne))
  if (failure !== undefined) throw failure
}
