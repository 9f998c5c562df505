import { useState } from 'preact/hooks'
import { useAsked } from '../../asked.ts'
import { CloseButton, Dialog } from '../../parts/dialog.tsx'
import { useSend } from '../../parts/send.ts'
import { Badge, Fault, Known } from '../../parts/ui.tsx'
import { refusedWords } from '../../refused-words.ts'
import { type LocalText, localised, second } from '../../words.ts'

interface Activity {
  readonly id: string
  readonly kind: string
  readonly title?: LocalText
}

interface Foreseen {
  readonly outcome: 'confirmed' | 'refused' | 'unavailable'
  readonly asOf: string
  readonly detail?: string
  readonly refusal?: { readonly code: string; readonly detail: string } & Readonly<Record<string, unknown>>
}

interface Doing {
  readonly command: string
  readonly label: string
  /** what the address of the request names beside the campaign */
  readonly param?: { readonly name: string; readonly label: string }
}

/** What users do by themselves, by kind; of the others systems tell. */
const DOINGS: Readonly<Record<string, readonly Doing[]>> = {
  sale: [{ command: 'buy', label: 'buys' }],
  draw: [{ command: 'spin', label: 'spins' }],
  task: [{ command: 'complete', label: 'completes it' }],
  redemption: [{ command: 'claim', label: 'takes one for points' }],
  invite: [
    { command: 'invite', label: 'asks for a code' },
    { command: 'acceptInvite', label: 'accepts an invitation', param: { name: 'code', label: 'The code' } }
  ],
  share: [{ command: 'share', label: 'shares' }],
  assist: [{ command: 'assist', label: 'helps a share', param: { name: 'share', label: 'The share' } }],
  reservation: [{ command: 'reserve', label: 'asks to be reminded' }],
  discussion: [
    { command: 'comment', label: 'comments' },
    { command: 'like', label: 'likes' }
  ],
  survey: [{ command: 'answer', label: 'answers' }]
}

function Verdict({ answer }: { answer: Foreseen }) {
  const { outcome, refusal, detail, asOf } = answer
  return (
    <div class={outcome === 'confirmed' ? 'calm' : 'soldout'} role="status">
      {refusal ? (
        <p>
          <Badge tone="watch">refused</Badge> {refusedWords(refusal.code, refusal)} <code>{refusal.code}</code>
        </p>
      ) : (
        <p>
          <Badge tone={outcome === 'confirmed' ? 'good' : 'watch'}>{outcome}</Badge>{' '}
          {detail ?? 'It would go through. What a spin would win nobody can see beforehand.'}
        </p>
      )}
      {refusal && <p class="soft">They would read: {refusal.detail}</p>}
      <p class="soft">As of {second(asOf)}. Nothing was done.</p>
    </div>
  )
}

function Form({ user, campaign, activities }: { user: string; campaign: string; activities: readonly Activity[] }) {
  const { busy, fault, answer, send, forget } = useSend<Foreseen>()
  const [wrong, setWrong] = useState(false)
  const offered = activities.flatMap(({ id, kind, title }) =>
    (DOINGS[kind] ?? []).map((doing) => ({ ...doing, activity: id, name: localised(title, id) }))
  )
  const [place, setPlace] = useState(0)
  const chosen = offered[place]
  if (chosen === undefined) return <p class="empty">Nobody takes part in this campaign by a request.</p>
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const typed = new FormData(event.currentTarget as HTMLFormElement)
    const { activity, command, param } = chosen
    const params = param && { [param.name]: String(typed.get('param') ?? '').trim() }
    try {
      const text = String(typed.get('body') ?? '').trim()
      const body = text === '' ? {} : { body: JSON.parse(text) as unknown }
      setWrong(false)
      void send(`/users/${encodeURIComponent(user)}/dry-run`, {
        body: { campaign, activity, command, ...(params && { params }), ...body }
      })
    } catch {
      setWrong(true)
    }
  }
  return (
    <form onSubmit={submit} onInput={forget}>
      <p>The gate decides it by its own rules and leaves it undone: no unit, no chance and no token is taken.</p>
      <label>
        If {user}
        <select value={place} onChange={(event) => setPlace(Number(event.currentTarget.value))}>
          {offered.map(({ activity, command, name, label }, index) => (
            <option key={`${activity} ${command}`} value={index}>{`${label}: ${name}`}</option>
          ))}
        </select>
      </label>
      {chosen.param && (
        <label>
          {chosen.param.label}
          <input name="param" required maxLength={128} />
        </label>
      )}
      <details>
        <summary>Ask for something else than usual</summary>
        <label>
          The body that the app sends, as JSON
          <input name="body" placeholder='{"quantity": 2}' />
        </label>
      </details>
      {wrong && <p class="fault">The body is not JSON.</p>}
      {fault && <Fault fault={fault} />}
      {answer && <Verdict answer={answer} />}
      <div class="row end">
        <CloseButton>Close</CloseButton>
        <button type="submit" disabled={busy}>
          {busy ? 'Asking…' : 'What would happen'}
        </button>
      </div>
    </form>
  )
}

/** What would come of a request of a user now, and why. */
export function Foresee({ user, campaign, onClose }: { user: string; campaign: string; onClose: () => void }) {
  const item = useAsked<{
    readonly inForce: { readonly definition: { readonly activities: readonly Activity[] } } | null
  }>(`/campaigns/${encodeURIComponent(campaign)}`, 60_000)
  return (
    <Dialog title={`What would happen to ${user} now`} onClose={onClose}>
      <Known asked={item.value}>
        {({ inForce }) => <Form user={user} campaign={campaign} activities={inForce?.definition.activities ?? []} />}
      </Known>
    </Dialog>
  )
}
