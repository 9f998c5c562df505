import { useMemo, useState } from 'preact/hooks'
import { ask } from '../../api.ts'
import { useAsked } from '../../asked.ts'
import { diffOf, shortened } from '../../diff.ts'
import { Needs } from '../../parts/doings.tsx'
import { Badge, Fault } from '../../parts/ui.tsx'
import { may } from '../../role.ts'
import type { CampaignItem } from '../../shapes.ts'
import { moment } from '../../words.ts'

interface Version {
  readonly version: number
  readonly author: string
  readonly savedAt: string
  readonly definition: object
}

const AROUND = 3
const MARKS = { same: ' ', gone: '−', new: '+' } as const

function Diff({ before, after }: { before: Version | undefined; after: Version }) {
  const lines = useMemo(() => {
    const text = (version: Version | undefined) =>
      version === undefined ? '' : JSON.stringify(version.definition, null, 2)
    return shortened(diffOf(text(before), text(after)), AROUND)
  }, [before, after])
  if (before === undefined) return <p class="empty">This is its first version.</p>
  if (lines.every((line) => line === 'left out')) return <p class="empty">These two versions are the same.</p>
  return (
    <pre class="diff">
      {lines.map((line, index) =>
        line === 'left out' ? (
          <span class="out" key={`${index}`}>
            …
          </span>
        ) : (
          <span class={line.kind} key={`${index}`}>
            {MARKS[line.kind]} {line.text}
          </span>
        )
      )}
    </pre>
  )
}

interface Step {
  readonly name: string
  readonly path: string
  readonly means: string
}

/** What can be done with the newest version, by how far its review has come. */
const STEPS: Readonly<Record<string, readonly Step[]>> = {
  draft: [{ name: 'Submit', path: 'submission', means: 'Somebody else has to approve it.' }],
  submitted: [
    { name: 'Approve', path: 'approval', means: 'Not by whoever wrote a version of it since the last approval.' },
    { name: 'Reject', path: 'rejection', means: 'It becomes a draft again.' }
  ],
  approved: [
    {
      name: 'Publish',
      path: 'publication',
      means: 'Stock and rules go to the gate, are compared, and open on schedule.'
    },
    { name: 'Reject', path: 'rejection', means: 'It becomes a draft again.' }
  ]
}

/** The versions of a definition, what differs between two of them, and the review of the newest one by a second person. */
export function Review({ id, versions }: { id: string; versions: readonly Version[] }) {
  const path = `/campaigns/${encodeURIComponent(id)}`
  const item = useAsked<CampaignItem>(path, 2000)
  const [newest] = versions
  const [shown, setShown] = useState(newest?.version)
  const [reason, setReason] = useState('')
  const [fault, setFault] = useState<Error>()
  const after = versions.find(({ version }) => version === shown) ?? newest
  const before = versions.find(({ version }) => version === (after?.version ?? 0) - 1)
  const known = STEPS[item.value.answer?.review ?? ''] ?? []
  const needs = known[0]?.path === 'submission' ? 'operator' : 'admin'
  const steps = may(needs) ? known : []
  const take = async (step: Step) => {
    setFault(undefined)
    const why = step.path === 'rejection' ? { reason } : {}
    try {
      await ask(`${path}/${step.path}`, { method: 'POST', body: { version: newest?.version, ...why } })
    } catch (error) {
      setFault(error as Error)
    }
  }
  if (after === undefined) return null
  return (
    <section>
      <h2>Versions {item.value.answer && <Badge>{item.value.answer.review}</Badge>}</h2>
      <label>
        What changed with
        <select value={after.version} onChange={(event) => setShown(Number(event.currentTarget.value))}>
          {versions.map(({ version, author, savedAt }) => (
            <option key={version} value={version}>{`version ${version}, ${author}, ${moment(savedAt)}`}</option>
          ))}
        </select>
      </label>
      <Diff before={before} after={after} />
      {known.length > steps.length && <Needs needed={needs} />}
      {steps.length > 0 && (
        <>
          {steps.some(({ path: to }) => to === 'rejection') && (
            <label>
              Why, if you reject it
              <input maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
            </label>
          )}
          {fault && <Fault fault={fault} />}
          <div class="row end">
            {steps.map((step) => (
              <button
                type="button"
                class={step.path === 'rejection' ? 'quiet' : undefined}
                key={step.path}
                title={step.means}
                onClick={() => take(step)}
              >
                {step.name} version {newest?.version}
              </button>
            ))}
          </div>
          <p class="soft">{steps[0]?.means}</p>
        </>
      )}
    </section>
  )
}
