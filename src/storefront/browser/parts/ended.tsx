import type { Outcome } from 'floodgate/client'
import type { ComponentChildren } from 'preact'
import type { Act } from '../shop/intentions.ts'
import { adviceOn } from '../shop/refusals.ts'
import { say } from '../shop/words.ts'

type Confirmed<Shown> = Extract<Outcome<Shown>, { outcome: 'confirmed' }>

/**
 * How an act ended: what was done, or why not and what to do, or that nobody knows yet. Then asking again goes on with the same key. While the device
 * computes for a ticket it says so. Screen readers hear it.
 */
export function Ended<Shown, Wish>({
  act,
  wish,
  children
}: {
  act: Act<Shown, Wish>
  wish: Wish
  children: (done: Confirmed<Shown>) => ComponentChildren
}) {
  return (
    <div role="status">
      {act.computes && <div class="note">{say('computes')}</div>}
      {!act.computes && act.outcome && (
        <Said outcome={act.outcome} again={() => act.go(wish)} isBusy={act.busy} show={children} />
      )}
    </div>
  )
}

interface SaidProps<Shown> {
  readonly outcome: Outcome<Shown>
  readonly again: () => void
  readonly isBusy: boolean
  readonly show: (done: Confirmed<Shown>) => ComponentChildren
}

function Said<Shown>({ outcome, again, isBusy, show }: SaidProps<Shown>) {
  switch (outcome.outcome) {
    case 'confirmed':
      return <div class="note good">{show(outcome as Confirmed<Shown>)}</div>
    case 'refused':
      return (
        <div class="note bad">
          <b>{outcome.problem.title}</b>
          <p>{adviceOn(outcome.problem)}</p>
        </div>
      )
    default:
      return (
        <div class="note watch">
          <b>{say('unknown')}</b>
          <p>{say('unknownNote')}</p>
          <button type="button" class="quiet" disabled={isBusy} onClick={again}>
            {say(isBusy ? 'buying' : 'askAgain')}
          </button>
        </div>
      )
  }
}

/** The button of an act. It pales while it waits, and stays as wide. */
export function ActButton({
  act,
  onClick,
  disabled = false,
  children
}: {
  act: { readonly busy: boolean }
  onClick: () => void
  disabled?: boolean
  children: string
}) {
  return (
    <button type="button" class="act" disabled={disabled || act.busy} aria-busy={act.busy} onClick={onClick}>
      {children}
    </button>
  )
}
