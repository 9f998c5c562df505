import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { ask, type Refused } from '../api.ts'
import { Fault } from './ui.tsx'

interface Change {
  readonly title: string
  /** what will happen, before it does */
  readonly effect: string
  readonly path: string
  readonly method?: 'POST' | 'PATCH'
  readonly body?: Readonly<Record<string, unknown>>
}

/** Asks for the reason of a change, shows its effect before, and its result after. One key for the intention: a second click does nothing twice. */
export function AskReason({ change, onClose }: { change: Change; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [reason, setReason] = useState('')
  const [fault, setFault] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const key = useMemo(() => crypto.randomUUID(), [change])
  useEffect(() => dialog.current?.showModal(), [])
  const send = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setFault(undefined)
    try {
      await ask(change.path, { method: change.method ?? 'POST', key, body: { ...change.body, reason } })
      onClose()
    } catch (error) {
      setFault(error as Refused)
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="change-title">
      <form onSubmit={send}>
        <h2 id="change-title">{change.title}</h2>
        <p>{change.effect}</p>
        <label>
          Why
          <input required maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        {fault && <Fault fault={fault} />}
        <div class="row end">
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
          <button type="submit" disabled={busy}>
            {busy ? 'Asking…' : change.title}
          </button>
        </div>
      </form>
    </dialog>
  )
}
