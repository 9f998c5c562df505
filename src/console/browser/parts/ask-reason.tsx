import { useState } from 'preact/hooks'
import { CloseButton, Dialog } from './dialog.tsx'
import { useSend } from './send.ts'
import { Fault } from './ui.tsx'

/** Something beside the reason that a change is asked with. */
export interface Field {
  readonly name: string
  readonly label: string
  readonly kind?: 'text' | 'number'
  readonly options?: readonly string[]
  /** may be left empty */
  readonly optional?: boolean
  /** what stands in it at first */
  readonly value?: string | undefined
  /** characters */
  readonly most?: number
}

/** A change as it is asked for. */
export interface Change {
  readonly title: string
  /** what will happen, before it does */
  readonly effect: string
  readonly path: string
  readonly method?: 'POST' | 'PATCH' | 'DELETE'
  readonly body?: Readonly<Record<string, unknown>>
  readonly fields?: readonly Field[]
  /** makes the body of what was typed; else it is the body */
  readonly made?: (typed: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>
  /** what came of it, in words; without it the window closes */
  readonly said?: (answer: Readonly<Record<string, unknown>>) => string
  /** no reason is needed, and none is asked for */
  readonly plain?: boolean
}

const OPTIONAL = ' (may be left out)'

/** One field of a form. */
export function Asked({ field }: { field: Field }) {
  const { name, label, kind = 'text', options, optional = false, value, most = 500 } = field
  const text = `${label}${optional ? OPTIONAL : ''}`
  if (options)
    return (
      <label>
        {text}
        <select name={name}>
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      </label>
    )
  if (kind === 'number')
    return (
      <label>
        {text}
        <input name={name} type="number" step={1} required={!optional} />
      </label>
    )
  return (
    <label>
      {text}
      <input name={name} required={!optional} maxLength={most} defaultValue={value} />
    </label>
  )
}

/** Why something is done. */
export const WHY: Field = { name: 'reason', label: 'Why' }

/** What was typed, without what was left empty. */
export function typedIn(form: HTMLFormElement, fields: readonly Field[]): Record<string, unknown> {
  const typed = new FormData(form)
  return Object.fromEntries(
    [...typed].flatMap(([name, value]) => {
      if (value === '') return []
      const isNumber = fields.some((field) => field.name === name && field.kind === 'number')
      return [[name, isNumber ? Number(value) : String(value)]]
    })
  )
}

/** Asks for the reason of a change, shows its effect before, and its result after. */
export function AskReason({ change, onClose }: { change: Change; onClose: () => void }) {
  const { busy, fault, answer, send } = useSend<Readonly<Record<string, unknown>>>()
  const [changed, setChanged] = useState(false)
  const { fields = [], method = 'POST', said } = change
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    setChanged(false)
    const typed = typedIn(event.currentTarget as HTMLFormElement, fields)
    const body = { ...change.body, ...(change.made?.(typed) ?? typed) }
    const query = new URLSearchParams(body as Record<string, string>)
    const asked =
      method === 'DELETE'
        ? await send(`${change.path}?${query}`, { method })
        : await send(change.path, { method, body })
    if (asked !== undefined && said === undefined) onClose()
  }
  const isDone = answer !== undefined && !changed
  return (
    <Dialog title={change.title} onClose={onClose}>
      <form onSubmit={submit} onInput={() => setChanged(true)}>
        <p>{change.effect}</p>
        {fields.map((field) => (
          <Asked key={field.name} field={field} />
        ))}
        {!change.plain && <Asked field={WHY} />}
        {fault && <Fault fault={fault} />}
        {isDone && said && (
          <p class="calm" role="status">
            {said(answer)}
          </p>
        )}
        <div class="row end">
          <CloseButton>{isDone ? 'Close' : 'Leave it'}</CloseButton>
          {!isDone && (
            <button type="submit" disabled={busy}>
              {busy ? 'Asking…' : change.title}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  )
}
