import { useState } from 'preact/hooks'
import { useAsked } from '../../asked.ts'
import { CloseButton, Dialog } from '../../parts/dialog.tsx'
import { useSend } from '../../parts/send.ts'
import { Fault } from '../../parts/ui.tsx'
import { count } from '../../words.ts'
import { type Adjusted, type Facts, type Field, type InForce, ways } from './ways.ts'

interface Applied {
  readonly outcome?: string
  readonly stock?: ReadonlyArray<{
    readonly session?: string
    readonly prize?: string
    readonly asked: number
    readonly applied: number
  }>
  readonly warnings?: ReadonlyArray<{ readonly pointer: string; readonly detail: string }>
}

function resultWords({ outcome, stock = [], warnings = [] }: Applied): string {
  const said = [
    ...(outcome === 'pending' ? ['Accepted: the gate carries it out in a moment.'] : []),
    ...stock.map((one) => `${one.session ?? one.prize}: ${count(one.applied)} of ${count(one.asked)} applied.`),
    ...warnings.map(({ detail }) => `Look again: ${detail}.`)
  ]
  return said.join(' ') || 'Done: it holds at every gateway.'
}

interface Typing {
  readonly field: Field
  readonly value: string
  readonly onType: (name: string, value: string) => void
}

function OneField({ field, value, onType }: Typing) {
  const { name, label, kind, options = [], optional = false } = field
  if (kind === 'choice')
    return (
      <label>
        {label}
        <select value={value || options[0]} onChange={(event) => onType(name, event.currentTarget.value)}>
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      </label>
    )
  if (kind === 'moment')
    return (
      <label>
        {label}
        <input
          type="datetime-local"
          required
          value={value}
          onInput={(event) => onType(name, event.currentTarget.value)}
        />
      </label>
    )
  return (
    <label>
      {label}
      <input
        type="number"
        step={1}
        required={!optional}
        value={value}
        onInput={(event) => onType(name, event.currentTarget.value)}
      />
    </label>
  )
}

interface Adjusting {
  readonly campaign: string
  readonly activity: Adjusted
  readonly onClose: () => void
}

/** Which of the ways to change an activity is taken. */
function Ways({ facts, way, onWay }: { facts: Facts; way: string; onWay: (way: string) => void }) {
  return (
    <label>
      What
      <select value={way} onChange={(event) => onWay(event.currentTarget.value)}>
        {Object.entries(ways)
          .filter(([, { offered }]) => offered(facts))
          .map(([name, { label }]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
      </select>
    </label>
  )
}

/** Changes what is in force of an activity; the effect stands there before, the result after. */
export function Adjust({ campaign, activity, onClose }: Adjusting) {
  const path = `/campaigns/${encodeURIComponent(campaign)}`
  const known = useAsked<{
    readonly inForce: { readonly definition: { readonly activities: readonly InForce[] } } | null
  }>(path, 60_000)
  const { busy, fault, answer, send, forget } = useSend<Applied>()
  const [chosen, setChosen] = useState<string>()
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({})
  const [reason, setReason] = useState('')
  const rules = known.value.answer?.inForce?.definition.activities.find(({ id }) => id === activity.id)
  const facts: Facts = { activity, rules }
  const way = chosen ?? Object.keys(ways).find((name) => ways[name]?.offered(facts)) ?? 'pause'
  const asked = ways[way]?.read(typed, facts) ?? { effect: '' }
  const submit = (event: Event) => {
    event.preventDefault()
    if (asked.body === undefined) return
    void send(`${path}/activities/${encodeURIComponent(activity.id)}`, {
      method: 'PATCH',
      body: { ...asked.body, reason }
    })
  }
  return (
    <Dialog title={`Adjust ${activity.id}`} onClose={onClose}>
      <form onSubmit={submit} onInput={forget}>
        <Ways
          facts={facts}
          way={way}
          onWay={(next) => {
            setChosen(next)
            setTyped({})
          }}
        />
        {ways[way]?.fields(facts).map((field) => (
          <OneField
            key={`${way} ${field.name}`}
            field={field}
            value={typed[field.name] ?? ''}
            onType={(name, value) => setTyped({ ...typed, [name]: value })}
          />
        ))}
        <p class="effect" aria-live="polite">
          {asked.effect}
        </p>
        <label>
          Why
          <input required maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        {fault && <Fault fault={fault} />}
        {answer && (
          <p class="calm" role="status">
            {resultWords(answer)}
          </p>
        )}
        <div class="row end">
          <CloseButton>{answer ? 'Close' : 'Leave it'}</CloseButton>
          {!answer && (
            <button type="submit" disabled={busy || asked.body === undefined}>
              {busy ? 'Asking…' : 'Change it'}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  )
}
