import { useState } from 'preact/hooks'
import { useAsked } from '../../asked.ts'
import { CloseButton, Dialog } from '../../parts/dialog.tsx'
import { useSend } from '../../parts/send.ts'
import { Fault, Known } from '../../parts/ui.tsx'
import { type Figure, titleOf } from './figures.ts'

type Values = Readonly<Record<string, number>>

interface Saved {
  readonly users?: number
  readonly targets?: Values
  readonly before?: Values
}

interface Editing {
  readonly id: string
  readonly figures: readonly Figure[]
  readonly onClose: () => void
}

/** The numbers that were typed under a name such as `targets`, without those left empty. */
function typedUnder(form: FormData, name: string): Values {
  const found = [...form].flatMap(([key, value]) =>
    key.startsWith(`${name} `) && value !== '' ? [[key.slice(name.length + 1), Number(value)] as const] : []
  )
  return Object.fromEntries(found)
}

function bodyOf(form: FormData): Saved {
  const users = String(form.get('users') ?? '')
  return {
    ...(users !== '' && { users: Number(users) }),
    targets: typedUnder(form, 'targets'),
    before: typedUnder(form, 'before')
  }
}

function Rows({ ids, saved }: { ids: readonly string[]; saved: Saved }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">figure</th>
          <th scope="col">target</th>
          <th scope="col">before</th>
        </tr>
      </thead>
      <tbody>
        {ids.map((figure) => (
          <tr key={figure}>
            <th scope="row">{titleOf(figure)}</th>
            {(['targets', 'before'] as const).map((name) => (
              <td key={name}>
                <input
                  type="number"
                  min={0}
                  step="any"
                  name={`${name} ${figure}`}
                  aria-label={`${titleOf(figure)}, ${name === 'targets' ? 'target' : 'before'}`}
                  defaultValue={saved[name]?.[figure] ?? ''}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Form({ id, figures, saved }: { id: string; figures: readonly Figure[]; saved: Saved }) {
  const { busy, fault, answer, send, forget } = useSend<Saved>()
  const [all, setAll] = useState(false)
  const ids = [...new Set(figures.filter(({ of }) => of === null).map((figure) => figure.id))]
  const counted = ids.filter(
    (one) =>
      saved.targets?.[one] !== undefined ||
      saved.before?.[one] !== undefined ||
      figures.some((figure) => figure.id === one && figure.value !== 0)
  )
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const body = bodyOf(new FormData(event.currentTarget as HTMLFormElement))
    void send(`/campaigns/${encodeURIComponent(id)}/baseline`, { method: 'PUT', body })
  }
  return (
    <form onSubmit={submit} onInput={forget}>
      <p>
        Amounts are in the smallest unit of the currency, parts from 0 to 1. Final versions that are stored keep what
        they were compared with.
      </p>
      <label>
        Users there were before the campaign
        <input type="number" min={0} name="users" defaultValue={saved.users ?? ''} />
      </label>
      <div class="scroll tall">
        <Rows ids={all ? ids : counted} saved={saved} />
      </div>
      {!all && (
        <button type="button" class="link" onClick={() => setAll(true)}>
          Show all figures
        </button>
      )}
      {fault && <Fault fault={fault} />}
      {answer && (
        <p class="calm" role="status">
          Saved. The report shows it the next time it is made.
        </p>
      )}
      <div class="row end">
        <CloseButton>{answer ? 'Close' : 'Leave it'}</CloseButton>
        <button type="submit" disabled={busy}>
          Save
        </button>
      </div>
    </form>
  )
}

/** What the figures of a report are meant to be, and what they were before. */
export function Baseline({ id, figures, onClose }: Editing) {
  const saved = useAsked<Saved>(`/campaigns/${encodeURIComponent(id)}/baseline`, 600_000)
  return (
    <Dialog title="Targets and baseline" onClose={onClose}>
      <Known asked={saved.value}>{(known) => <Form id={id} figures={figures} saved={known} />}</Known>
    </Dialog>
  )
}
