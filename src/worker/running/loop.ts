import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
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

/** Waits; ends early, without an error, when the signal fires. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {})
}

/** Ends a pause early. */
export class Bell {
  #rung = new AbortController()

  ring(): void {
    this.#rung.abort()
  }

  /** Waits until it rings; one that rang since the last pause ends this one at once. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    await pause(ms, AbortSignal.any([signal, this.#rung.signal]))
    this.#rung = new AbortController()
  }
}

export interface Loop {
  readonly name: string
  readonly everyMs: number
  /** the pause after a run that found nothing to do, which gives 0; absent: as any other */
  readonly restMs?: number
  /** begins the next run before its time */
  readonly bell?: Bell
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
    while (!both.aborted) {
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
      const pauseMs = found === 0 ? (loop.restMs ?? loop.everyMs) : loop.everyMs
      await (loop.bell ? loop.bell.pause(pauseMs, both) : pause(pauseMs, both))
    }
  }
  await Promise.all(loops.map(runOne))
  if (failure !== undefined) throw failure
}
