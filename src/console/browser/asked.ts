import { type Signal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { ask, changes } from './api.ts'

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
 * Asks for a path at once, after each change that this tab makes, and then every `everyMs`, while the page is seen. A hidden tab asks for nothing.
 * @param path '' asks for nothing
 */
export function useAsked<Answer>(path: string, everyMs: number): Signal<Asked<Answer>> {
  const state = useMemo(() => signal<Asked<Answer>>({ answer: undefined, fault: undefined, at: 0 }), [path])
  useEffect(() => {
    if (path === '') return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let turn = 0
    const next = async () => {
      turn += 1
      const mine = turn
      // what was asked before a change may be answered after it
      const isOld = () => stop.signal.aborted || mine !== turn
      if (!document.hidden) {
        try {
          const answer = await ask<Answer>(path, { signal: stop.signal })
          if (!isOld()) state.value = { answer, fault: undefined, at: Date.now() }
        } catch (error) {
          if (!isOld()) state.value = { ...state.value, fault: error as Error }
        }
      }
      if (!isOld()) timer = setTimeout(next, everyMs)
    }
    const forget = changes.subscribe(() => {
      clearTimeout(timer)
      void next()
    })
    return () => {
      stop.abort()
      forget()
      clearTimeout(timer)
    }
  }, [path, everyMs])
  return state
}
