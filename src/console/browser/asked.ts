import { type Signal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { ask } from './api.ts'

/** What is known of something that is asked for again and again. */
export interface Asked<Answer> {
  /** undefined before the first answer */
  readonly answer: Answer | undefined
  /** why the last attempt failed; the answer is that of the one before it */
  readonly fault: Error | undefined
  /** when the answer came, ms since 1970 */
  readonly at: number
}

/**
 * Asks for a path at once and then every `everyMs`, while the page is seen. A hidden tab asks for nothing.
 * @param path '' asks for nothing
 */
export function useAsked<Answer>(path: string, everyMs: number): Signal<Asked<Answer>> {
  const state = useMemo(() => signal<Asked<Answer>>({ answer: undefined, fault: undefined, at: 0 }), [path])
  useEffect(() => {
    if (path === '') return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const next = async () => {
      if (!document.hidden) {
        try {
          const answer = await ask<Answer>(path, { signal: stop.signal })
          state.value = { answer, fault: undefined, at: Date.now() }
        } catch (error) {
          if (stop.signal.aborted) return
          state.value = { ...state.value, fault: error as Error }
        }
      }
      if (!stop.signal.aborted) timer = setTimeout(next, everyMs)
    }
    void next()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [path, everyMs])
  return state
}
