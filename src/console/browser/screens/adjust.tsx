import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { ask } from '../api.ts'
import { Fault } from '../parts/ui.tsx'
import { count } from '../words.ts'

interface Part {
  readonly id: string
  readonly remaining: number | null
}

/** An activity whose units are to be changed. */
export interface Adjusted {
  readonly id: string
  readonly sessions: readonly Part[]
  /** those with a quota */
  readonly prizes: readonly Part[]
}

interface Applied {
  readonly outcome?: string
  readonly stock?: ReadonlyArray<{
    readonly session?: string
    readonly prize?: string
    readonly asked: number
    readonly applied: number
  }>
}

/** What a change of stock will come to, in words. */
function effectOf(remaining: number, units: number): string {
  if (!Number.isInteger(units) || units === 0)
    return 'Say how many units to add, or with a minus how many to take away.'
  if (units > 0)
    return `${count(remaining)} left now, ${count(remaining + units)} after it. A sold-out sale opens again at once.`
  const taken = Math.min(remaining, -units)
  const short = -units - taken
  return `${count(remaining)} left now, ${count(remaining - taken)} after it.${short > 0 ? ` ${count(short)} of them are not there to take.` : ''}`
}

/** Adds stock to a session or a prize, or takes what is left of it; the effect stands there before, the result after. */
export function Adjust({ campaign, activity, onClose }: { campaign: string; activity: Adjusted; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const hasPrizes = activity.prizes.length > 0
  const parts = hasPrizes ? activity.prizes : activity.sessions
  const [part, setPart] = useState(parts[0]?.id ?? '')
  const [units, setUnits] = useState('')
  const [reason, setReason] = useState('')
  const [fault, setFault] = useState<Error>()
  const [result, setResult] = useState<Applied>()
  const key = useMemo(() => crypto.randomUUID(), [part, units, reason])
  useEffect(() => dialog.current?.showModal(), [])
  const remaining = parts.find(({ id }) => id === part)?.remaining ?? 0
  const send = async (event: Event) => {
    event.preventDefault()
    setFault(undefined)
    const named = hasPrizes ? { prize: part } : { session: part }
    const path = `/campaigns/${encodeURIComponent(campaign)}/activities/${encodeURIComponent(activity.id)}`
    try {
      setResult(await ask<Applied>(path, { method: 'PATCH', key, body: { ...named, addStock: Number(units), reason } }))
    } catch (error) {
      setFault(error as Error)
    }
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="adjust-title">
      <form onSubmit={send}>
        <h2 id="adjust-title">Adjust {activity.id}</h2>
        <label>
          {hasPrizes ? 'Prize' : 'Session'}
          <select value={part} onChange={(event) => setPart(event.currentTarget.value)}>
            {parts.map(({ id }) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
        <label>
          Units
          <input
            type="number"
            step={1}
            required
            value={units}
            onInput={(event) => {
              setUnits(event.currentTarget.value)
              setResult(undefined)
            }}
          />
        </label>
        <p class="soft">{effectOf(remaining, Number(units))}</p>
        <label>
          Why
          <input required maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        {fault && <Fault fault={fault} />}
        {result && (
          <p class="calm" role="status">
            {result.outcome === 'pending'
              ? 'Accepted: the gate carries it out in a moment.'
              : (result.stock ?? [])
                  .map((one) => `${one.session ?? one.prize}: ${count(one.applied)} of ${count(one.asked)} applied.`)
                  .join(' ') || 'Done.'}
          </p>
        )}
        <div class="row end">
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            {result ? 'Close' : 'Leave it'}
          </button>
          {!result && <button type="submit">Change stock</button>}
        </div>
      </form>
    </dialog>
  )
}
