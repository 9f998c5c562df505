import type { Verdict } from '../../health/conditions.ts'
import { RedisCallError } from './caller.ts'

/** How recently a gate call must have been answered; when none was, this makes one. */
const FRESH_MS = 1000
const DEADLINE_MS = 500

interface RedisHealthOptions {
  /** makes a real call, which Redis refuses when the gate could not write; `undefined` while there is no opening to call */
  readonly call: (deadlineMs: number) => Promise<unknown>
  readonly isConnected: () => boolean
}

export interface RedisHealth {
  /** Reports that a gate call was answered. */
  answered(): void
  /** Reports that a gate call failed. */
  failed(error: unknown): void
  redis(): Verdict
  writable(): Verdict
  stop(): void
}

/** Error replies which show that Redis answers, but do not show that it cannot write. */
const NOT_ABOUT_WRITING =
  /^(?:LOADING|NOAUTH|WRONGPASS|NOPERM|BUSY|NOSCRIPT|MASTERDOWN|CLUSTERDOWN|MOVED|ASK|TRYAGAIN)\b/

/**
 * What gate calls show about Redis. Each answer to a call counts; when no call was answered for a second, this makes one. So an
 * idle gateway knows as much as a busy one.
 */
export function createRedisHealth({ call, isConnected }: RedisHealthOptions): RedisHealth {
  let answeredAt = Number.NEGATIVE_INFINITY
  let redis: Verdict = { ok: false, detail: 'not asked yet' }
  let writable: Verdict = { ok: false, detail: 'not asked yet' }
  let asking = false

  function answered(): void {
    answeredAt = performance.now()
    redis = { ok: true, detail: 'answers' }
    writable = { ok: true, detail: 'gate calls pass' }
  }

  function failed(error: unknown): void {
    if (!(error instanceof RedisCallError)) return
    const unwritable = error.reason === 'refused' && !NOT_ABOUT_WRITING.test(error.message)
    // missing scripts show nothing about the server: the worker that opens the shard loads them
    if (error.reason === 'noscript') redis = { ok: true, detail: 'answers' }
    else if (unwritable) {
      redis = { ok: true, detail: 'answers' }
      writable = { ok: false, detail: error.message.slice(0, 200) }
    } else {
      redis = { ok: false, detail: error.message.slice(0, 200) }
      writable = { ok: false, detail: 'not known: Redis does not answer' }
    }
  }

  async function beat(): Promise<void> {
    if (asking || performance.now() - answeredAt < FRESH_MS) return
    asking = true
    try {
      await call(DEADLINE_MS)
      answered()
    } catch (error) {
      failed(error)
    } finally {
      asking = false
    }
  }

  const timer = setInterval(() => void beat(), FRESH_MS)
  timer.unref()
  void beat()
  const away: Verdict = { ok: false, detail: 'the connection to Redis is down' }
  return {
    answered,
    failed,
    redis: () => (isConnected() ? redis : away),
    writable: () => (isConnected() ? writable : { ok: false, detail: 'not known: Redis does not answer' }),
    stop: () => clearInterval(timer)
  }
}
