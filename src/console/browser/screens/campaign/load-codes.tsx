import { useMemo, useState } from 'preact/hooks'
import { ask, newKey } from '../../api.ts'
import { CloseButton, Dialog } from '../../parts/dialog.tsx'
import { Fault } from '../../parts/ui.tsx'
import { count } from '../../words.ts'

interface Loaded {
  readonly added?: number
  readonly rejected?: number
  readonly errors?: ReadonlyArray<{ readonly line: number; readonly detail: string }>
  readonly [figure: string]: unknown
}

/** All numbers of the answer by their names, and the first wrong lines: a code is never shown. */
function loadedWords(answer: Loaded): string {
  const figures = Object.entries(answer).flatMap(([name, value]) =>
    typeof value === 'number' ? [`${name}: ${count(value)}`] : []
  )
  const wrong = (answer.errors ?? []).slice(0, 5).map(({ line, detail }) => `line ${line} ${detail}`)
  return [figures.join(', '), ...wrong].join('. ')
}

/** Loads codes of a file into a pool; the same file again counts nothing twice. */
export function LoadCodes({ path, name, onClose }: { path: string; name: string; onClose: () => void }) {
  const [file, setFile] = useState<File>()
  const [fault, setFault] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const [answer, setAnswer] = useState<Loaded>()
  const key = useMemo(() => newKey(), [file])
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (file === undefined) return
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get('reason') ?? '')
    setBusy(true)
    setFault(undefined)
    try {
      const query = reason === '' ? '' : `?reason=${encodeURIComponent(reason)}`
      setAnswer(await ask<Loaded>(`${path}${query}`, { method: 'POST', file, key }))
    } catch (error) {
      setFault(error as Error)
    }
    setBusy(false)
  }
  return (
    <Dialog title={`Load codes into ${name}`} onClose={onClose}>
      <form onSubmit={submit}>
        <p>A text file with one code a line. Codes that are there already are left out.</p>
        <label>
          File
          <input
            type="file"
            accept=".txt,.csv,text/plain,text/csv"
            required
            onChange={(event) => {
              setFile(event.currentTarget.files?.[0])
              setAnswer(undefined)
            }}
          />
        </label>
        <label>
          Why (may be left out)
          <input name="reason" maxLength={500} />
        </label>
        {fault && <Fault fault={fault} />}
        {answer && (
          <p class="calm" role="status">
            {loadedWords(answer)}
          </p>
        )}
        <div class="row end">
          <CloseButton>{answer ? 'Close' : 'Leave it'}</CloseButton>
          {!answer && (
            <button type="submit" disabled={busy}>
              {busy ? 'Loading…' : 'Load'}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  )
}
