import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { newKey } from '../api.ts'
import { type Came, isSettled, pausedWith, pausedWithout } from '../came.ts'
import { noticeFields, withNotice } from '../notice.ts'
import { Asked, type Field, typedIn, WHY } from '../parts/ask-reason.tsx'
import { CloseButton, Dialog } from '../parts/dialog.tsx'
import { Needs } from '../parts/doings.tsx'
import { Badge, Fault } from '../parts/ui.tsx'
import { may } from '../role.ts'
import type { CampaignItem } from '../shapes.ts'
import { changeOne, everyCampaign, keepPaused, pausedTogether, type Step } from '../together.ts'
import { localised, moment } from '../words.ts'

type Results = Readonly<Record<string, Came>>

/** Something done to several campaigns at once. */
interface Act {
  readonly title: string
  readonly step: Step['step']
  /** what became of a campaign, in a word or two */
  readonly words: Readonly<Record<Came['kind'], string>>
  /** those that it is about */
  readonly isMeant: (item: CampaignItem) => boolean
  /** what will happen, before it does */
  readonly effect: (meant: number, all: readonly CampaignItem[]) => ComponentChildren
  /** said where there is none left that it is about */
  readonly none: string
  readonly fields: readonly Field[]
  /** called for each before it is asked for, as unknown, and with what came of it: the page may be closed meanwhile */
  readonly onCame: (id: string, came: Came) => void
}

const TONES = { done: 'good', pending: 'watch', before: 'plain', failed: 'bad', unknown: 'bad' } as const

/** Of each campaign, what became of it. */
function CameOf({ item, came, words }: { item: CampaignItem; came: Came | undefined; words: Act['words'] }) {
  return (
    <li>
      <b>{localised(item.title, item.id)}</b> <span class="soft">{item.id}</span>{' '}
      {came && <Badge tone={TONES[came.kind]}>{words[came.kind]}</Badge>}
      {came && 'why' in came && <small>{came.why}</small>}
    </li>
  )
}

/** All campaigns, read once and again when asked. */
function useEvery() {
  const [all, setAll] = useState<readonly CampaignItem[]>()
  const [fault, setFault] = useState<Error>()
  const read = async () => {
    try {
      setAll(await everyCampaign())
      setFault(undefined)
    } catch (error) {
      setFault(error as Error)
    }
  }
  useEffect(() => void read(), [])
  return { all, fault, read }
}

/** Shows whom it is about, asks for one reason, and says what came of each. */
function Together({ act, onClose }: { act: Act; onClose: () => void }) {
  const { all, fault, read } = useEvery()
  const [results, setResults] = useState<Results>({})
  const [busy, setBusy] = useState(false)
  const [key] = useState(newKey)
  // of an answer that was lost only the same request tells what became of it, whatever was typed since
  const [asked] = useState(() => new Map<string, Step['body']>())
  // what has failed is meant again, unless it is over by now; what is not known, whatever its state: that may be of this act or not
  const isUnknown = (id: string) => results[id]?.kind === 'unknown'
  const meant = all?.filter((item) => isUnknown(item.id) || (act.isMeant(item) && !isSettled(results[item.id]))) ?? []
  const shown = all?.filter((item) => results[item.id] !== undefined || act.isMeant(item)) ?? []
  const hasBegun = Object.keys(results).length > 0
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    setBusy(true)
    const body = withNotice(typedIn(event.currentTarget as HTMLFormElement, act.fields))
    for (const { id } of meant) act.onCame(id, { kind: 'unknown', why: '' })
    await Promise.all(
      meant.map(async ({ id }) => {
        const same = (isUnknown(id) ? asked.get(id) : undefined) ?? body
        asked.set(id, same)
        const came = await changeOne(id, { step: act.step, body: same, key })
        act.onCame(id, came)
        setResults((before) => ({ ...before, [id]: came }))
      })
    )
    await read()
    setBusy(false)
  }
  return (
    <Dialog title={act.title} onClose={onClose}>
      <form onSubmit={submit}>
        {all === undefined && !fault && <p class="soft">Reading…</p>}
        {fault && <Fault fault={fault} />}
        {all && !hasBegun && <p>{act.effect(meant.length, all)}</p>}
        <ul class="together" aria-label="Campaigns">
          {shown.map((item) => (
            <CameOf key={item.id} item={item} came={results[item.id]} words={act.words} />
          ))}
        </ul>
        {meant.length > 0 && [...act.fields, WHY].map((field) => <Asked key={field.name} field={field} />)}
        {hasBegun && !busy && meant.length === 0 && (
          <p class="calm" role="status">
            {act.none}
          </p>
        )}
        <div class="row end">
          <CloseButton>{hasBegun ? 'Close' : 'Leave it'}</CloseButton>
          {meant.length > 0 && (
            <button type="submit" class="danger" disabled={busy}>
              {busy ? 'Asking…' : `${act.title} (${meant.length})`}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  )
}

const NONE_OPEN = 'No campaign is open now.'
const NONE_PAUSED = 'None of them is paused any more.'

/** What a pause of everything does, and what it leaves out. */
function effectOfPause(meant: number, all: readonly CampaignItem[]): ComponentChildren {
  const ahead = all.filter(({ state, opensAt }) => state === 'published' && opensAt !== null)
  const [next] = ahead.toSorted((one, other) => (one.opensAt ?? '').localeCompare(other.opensAt ?? ''))
  const rest = next && (
    <>
      {' '}
      Those that open later are not paused: {localised(next.title, next.id)} is the next, {moment(next.opensAt)}.
    </>
  )
  if (meant === 0)
    return (
      <>
        {NONE_OPEN}
        {rest}
      </>
    )
  return (
    <>Nobody can buy, spin or claim in these until they are resumed. Every gateway follows within a second.{rest}</>
  )
}

const pauseAll: Act = {
  title: 'Pause everything',
  step: 'pause',
  words: {
    done: 'paused',
    pending: 'will be paused',
    before: 'was paused already',
    failed: 'not paused',
    unknown: 'not known whether it is paused: ask again'
  },
  isMeant: ({ state }) => state === 'running',
  effect: effectOfPause,
  none: NONE_OPEN,
  fields: noticeFields(),
  onCame: (id, came) => keepPaused(pausedWith(pausedTogether.value?.ids ?? [], id, came), new Date().toISOString())
}

const resumeThose = (ids: readonly string[]): Act => ({
  title: 'Resume those',
  step: 'resumption',
  words: {
    done: 'resumed',
    pending: 'will be resumed',
    before: 'was resumed already',
    failed: 'not resumed',
    unknown: 'not known whether it is resumed: ask again'
  },
  isMeant: ({ id, state }) => ids.includes(id) && state === 'paused',
  effect: (meant) =>
    meant === 0
      ? NONE_PAUSED
      : 'They go on at once with the units that are left, and visitors are told nothing more. What was paused before, or by somebody else, stays paused.',
  none: NONE_PAUSED,
  fields: [],
  onCame: (id, came) => {
    const { ids: kept = [], at = '' } = pausedTogether.value ?? {}
    keepPaused(pausedWithout(kept, id, came), at)
  }
})

/** Stops whatever sells now. */
export function PauseAll() {
  const [isOpen, setOpen] = useState(false)
  if (!may('operator')) return <Needs needed="operator" what="Pausing everything" />
  return (
    <>
      <button type="button" class="danger" onClick={() => setOpen(true)}>
        Pause everything
      </button>
      {isOpen && <Together act={pauseAll} onClose={() => setOpen(false)} />}
    </>
  )
}

/** Leads back from it: to those alone that were paused together. @param items what is known of campaigns; not all of them, where there are many */
export function ResumeThose({ items }: { items: readonly CampaignItem[] }) {
  // kept while the window is open: it says what came of them
  const [act, setAct] = useState<Act>()
  const { ids: kept = [], at = '' } = pausedTogether.value ?? {}
  // somebody else may have resumed or ended some of them
  const ids = kept.filter((id) => (items.find((item) => item.id === id)?.state ?? 'paused') === 'paused')
  return (
    <>
      {ids.length > 0 && may('operator') && (
        <div class="row soldout">
          <span>
            You paused everything that was open, {moment(at)}: {ids.join(', ')}.
          </span>
          <button type="button" class="quiet" onClick={() => setAct(resumeThose(ids))}>
            Resume those
          </button>
        </div>
      )}
      {act && <Together act={act} onClose={() => setAct(undefined)} />}
    </>
  )
}
