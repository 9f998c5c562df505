import { useMemo, useRef, useState } from 'preact/hooks'
import { ask, Refused } from '../../api.ts'
import { useAsked } from '../../asked.ts'
import { lineAt, linesOf } from '../../json-place.ts'
import { Needs } from '../../parts/doings.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { Badge, Fault, Known } from '../../parts/ui.tsx'
import { may } from '../../role.ts'
import { queryOf, route } from '../../route.ts'
import type { CampaignItem, Page } from '../../shapes.ts'
import { moment } from '../../words.ts'
import { Fields } from './fields.tsx'
import { Review } from './review.tsx'

/** What is wrong with a definition, or only probably not meant. */
interface Said {
  readonly pointer: string
  readonly detail: string
}

interface Version {
  readonly version: number
  readonly author: string
  readonly savedAt: string
  readonly definition: object
}

const pretty = (value: unknown): string => JSON.stringify(value, null, 2)
const SAID = ['errors', 'warnings'] as const

interface Checked {
  readonly errors: readonly Said[]
  readonly warnings: readonly Said[]
  /** what was done, in words */
  readonly done: string
}

const nothingSaid: Checked = { errors: [], warnings: [], done: '' }

/** Everything that was found, each at its line: a click goes there. */
function Findings({ checked, text, onGo }: { checked: Checked; text: string; onGo: (line: number) => void }) {
  const lines = useMemo(() => {
    try {
      return linesOf(text)
    } catch {
      return new Map<string, number>()
    }
  }, [text])
  return (
    <ul class="findings" aria-live="polite">
      {SAID.flatMap((kind) =>
        checked[kind].map(({ pointer, detail }) => {
          const line = lineAt(lines, pointer)
          return (
            <li key={`${kind} ${pointer} ${detail}`}>
              <Badge tone={kind === 'errors' ? 'bad' : 'watch'}>{kind === 'errors' ? 'error' : 'look again'}</Badge>{' '}
              <button type="button" class="link" onClick={() => onGo(line)}>
                line {line}
              </button>{' '}
              <code>{pointer || '/'}</code> {detail}
            </li>
          )
        })
      )}
    </ul>
  )
}

function Editor({ id, from, versions }: { id: string; from: object; versions: readonly Version[] }) {
  const [text, setText] = useState(pretty(from))
  const [checked, setChecked] = useState(nothingSaid)
  const [fault, setFault] = useState<Error>()
  const area = useRef<HTMLTextAreaElement>(null)
  const parsed = useMemo(() => {
    try {
      return JSON.parse(text) as Record<string, unknown>
    } catch (error) {
      return error as Error
    }
  }, [text])

  const go = (line: number) => {
    const field = area.current
    if (field === null) return
    const start =
      text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0)
    const end = text.indexOf('\n', start)
    field.focus()
    field.setSelectionRange(start, end === -1 ? text.length : end)
    field.scrollTop = (line - 4) * Number.parseFloat(getComputedStyle(field).lineHeight)
  }

  const send = async (dryRun: boolean) => {
    setFault(undefined)
    if (parsed instanceof Error) return setFault(parsed)
    const name = String(parsed.id ?? id)
    try {
      const path = `/campaigns/${encodeURIComponent(name)}${dryRun ? '?dryRun=true' : ''}`
      const answer = await ask<{ warnings?: Said[]; version?: number }>(path, { method: 'PUT', body: parsed })
      const done = dryRun ? 'It is valid.' : `Saved as version ${answer.version}.`
      setChecked({ errors: [], warnings: answer.warnings ?? [], done })
      if (!dryRun && name !== id) location.hash = `/campaigns/${encodeURIComponent(name)}/definition`
    } catch (error) {
      const errors = error instanceof Refused ? (error.body.errors as Said[] | undefined) : undefined
      setChecked({ ...nothingSaid, errors: errors ?? [] })
      if (errors === undefined) setFault(error as Error)
    }
  }

  return (
    <>
      <div class="beside">
        <Fields value={parsed instanceof Error ? undefined : parsed} onChange={(value) => setText(pretty(value))} />
        <label class="json">
          Definition
          <textarea
            ref={area}
            spellcheck={false}
            rows={28}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      </div>
      {parsed instanceof Error && <p class="fault">This is not JSON yet: {parsed.message}</p>}
      {fault && !(parsed instanceof Error) && <Fault fault={fault} />}
      {checked.done !== '' && (
        <p class="calm" role="status">
          {checked.done}
        </p>
      )}
      <Findings checked={checked} text={text} onGo={go} />
      <div class="row end">
        <button type="button" class="quiet" onClick={() => send(true)}>
          Check
        </button>
        {may('operator') && (
          <button type="button" onClick={() => send(false)}>
            Save as a new version
          </button>
        )}
      </div>
      {!may('operator') && <Needs needed="operator" />}
      {versions.length > 0 && <Review id={id} versions={versions} />}
    </>
  )
}

const aNewOne = (id: string) => ({
  $schema: '/schemas/campaign.json',
  id,
  title: '',
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  opensAt: '',
  closesAt: '',
  activities: []
})

/** A definition as a form and as JSON, its versions, and the way to its publication. */
export function Definition({ id }: { id: string }) {
  const path = `/campaigns/${encodeURIComponent(id)}`
  const versions = useAsked<Page<Version>>(`${path}/versions?limit=20`, 10_000)
  const item = useAsked<CampaignItem>(path, 5000)
  const [newest] = versions.value.answer?.items ?? []
  return (
    <main>
      <h1>
        {id} {item.value.answer && <Badge>{item.value.answer.state}</Badge>}
      </h1>
      <Tabs id={id} />
      <Known asked={versions.value}>
        {({ items }) => (
          <>
            <p class="soft">
              {newest
                ? `Version ${newest.version} by ${newest.author}, ${moment(newest.savedAt)}. What is published already is changed by adjusting it.`
                : 'A new campaign.'}{' '}
              <a href={`#/new?from=${encodeURIComponent(id)}`}>Copy it to a new campaign</a>
            </p>
            <Editor key={id} id={id} from={items[0]?.definition ?? aNewOne(id)} versions={items} />
          </>
        )}
      </Known>
    </main>
  )
}

/** A campaign that is not there yet, empty or copied from another one. */
export function NewCampaign() {
  const from = queryOf(route.value).get('from') ?? ''
  const versions = useAsked<Page<Version>>(
    from === '' ? '' : `/campaigns/${encodeURIComponent(from)}/versions?limit=1`,
    60_000
  )
  const [newest] = versions.value.answer?.items ?? []
  if (from !== '' && newest === undefined)
    return <main>{versions.value.fault && <Fault fault={versions.value.fault} />}</main>
  return (
    <main>
      <h1>New campaign</h1>
      <p class="soft">
        {from === ''
          ? 'Say what, when, and under which rules.'
          : `Copied from ${from}: give it an id, a title and times of its own.`}
      </p>
      <Editor key={from} id="" from={newest ? { ...newest.definition, id: '' } : aNewOne('')} versions={[]} />
    </main>
  )
}
