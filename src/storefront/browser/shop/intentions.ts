import type { Outcome } from 'floodgate/client'
import { useEffect, useRef, useState } from 'preact/hooks'
import { noteAct } from './here.ts'
import { requireUser, user } from './session.ts'

/** What somebody wants done, with the key under which it is done at most once. */
interface Intention<Wish> {
  readonly key: string
  readonly wish: Wish
}

/** A key; `crypto.randomUUID` is missing on pages that come over plain http, as a phone has them from a computer beside it. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

const placeOf = (what: string): string => `floodgate-shop-intention:${user.value}:${what}`

function kept<Wish>(what: string): Intention<Wish> | undefined {
  const text = localStorage.getItem(placeOf(what))
  return text === null ? undefined : (JSON.parse(text) as Intention<Wish>)
}

/** An act of the signed-in user, and how it stands. */
export interface Act<Shown, Wish> {
  readonly busy: boolean
  /** whether the device computes for a ticket meanwhile */
  readonly computes: boolean
  /** undefined before the first attempt */
  readonly outcome: Outcome<Shown> | undefined
  /** Does it; or goes on with what is not known yet, whatever is wished for now: it is the same intention. */
  readonly go: (wish: Wish) => Promise<void>
}

/**
 * An act that is done at most once. Its key is stored before it is sent and forgotten once the outcome is known, so a page that is closed or reloaded in
 * between goes on with the same act instead of doing it twice.
 * @param what names the act, such as `buy launch/phone`
 */
export function useAct<Shown, Wish = undefined>(
  what: string,
  run: (key: string, wish: Wish, onWork: () => void) => Promise<Outcome<Shown>>
): Act<Shown, Wish> {
  const [busy, setBusy] = useState(false)
  const [computes, setComputes] = useState(false)
  const [outcome, setOutcome] = useState<Outcome<Shown>>()
  const isRunning = useRef(false)
  const who = user.value
  useEffect(() => {
    // who signs in for this act is another user by now, and it is on its way already
    if (isRunning.current) return
    const left = who === '' ? undefined : kept(what)
    setOutcome(left && { outcome: 'unknown', key: left.key, reason: 'aborted' })
  }, [what, who])
  const go = async (wish: Wish) => {
    if (isRunning.current || !(await requireUser())) return
    isRunning.current = true
    setBusy(true)
    const intention = kept<Wish>(what) ?? { key: newKey(), wish }
    localStorage.setItem(placeOf(what), JSON.stringify(intention))
    const ended = await run(intention.key, intention.wish, () => setComputes(true))
    if (ended.outcome !== 'unknown') localStorage.removeItem(placeOf(what))
    isRunning.current = false
    setOutcome(ended)
    setBusy(false)
    setComputes(false)
    noteAct()
  }
  return { busy, computes, outcome, go }
}
