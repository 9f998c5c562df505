import { computed, signal } from '@preact/signals'
import type { Activity, Clock } from 'floodgate/client'
import { useMemo } from 'preact/hooks'
import { client } from './session.ts'

let clock: Pick<Clock, 'now'> = { now: () => Date.now() }

/** The server's time, ms since 1970, as each of its seconds begins: a phone's own clock may be wrong by minutes, and the gate goes by the server's. */
export const now = signal(Math.floor(Date.now() / 1000) * 1000)

/** Changes every ten seconds, for what is asked for again and again. */
export const beat = computed(() => Math.floor(now.value / 10_000))

function tick(): void {
  const time = clock.now()
  // a page that nobody sees asks for nothing
  if (!document.hidden) now.value = Math.floor(time / 1000) * 1000
  setTimeout(tick, 1000 - (time % 1000))
}

/** Measures the server's clock, and starts the one of the shop. */
export function startClock(): void {
  tick()
  const measure = () =>
    client
      .peek()
      .clock()
      .then((measured) => {
        clock = measured
      })
      .catch(() => {})
  void measure()
  // a device that slept may have another clock when it wakes
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void measure()
  })
}

/** Whether an activity can be used now, and what to wait for. */
export type Opening =
  | { readonly state: 'open'; readonly until: string | undefined; readonly session: string | undefined }
  | { readonly state: 'waits'; readonly opensAt: string }
  | { readonly state: 'paused' | 'over' }

/** By the server's clock, so that a button appears in the second in which the gate opens. @param at ms since 1970 */
function openingOf(activity: Activity, at: number): Opening {
  const { sessions, nextOpensAt, paused } = activity
  const open = sessions.find(({ opensAt, closesAt }) => Date.parse(opensAt) <= at && at < Date.parse(closesAt))
  if (paused || open?.paused) return { state: 'paused' }
  if (open !== undefined) return { state: 'open', until: open.closesAt, session: open.id }
  const next = sessions.find(({ opensAt }) => Date.parse(opensAt) > at)?.opensAt ?? nextOpensAt
  if (next !== null && Date.parse(next) > at) return { state: 'waits', opensAt: next }
  return activity.currentSession === null && sessions.length > 0
    ? { state: 'over' }
    : { state: 'open', until: undefined, session: undefined }
}

/** The same for a component, which is drawn anew when the state changes and not at each second. */
export function useOpening(activity: Activity): Opening {
  const text = useMemo(() => computed(() => JSON.stringify(openingOf(activity, now.value))), [activity])
  return JSON.parse(text.value) as Opening
}
