import type { ComponentChildren } from 'preact'
import { Refused } from '../api.ts'
import type { Asked } from '../asked.ts'

/** What a state means at a glance. Colour never says it alone: the word stands in it. */
type Tone = 'good' | 'bad' | 'watch' | 'plain'

const TONES: Readonly<Record<string, Tone>> = {
  running: 'good',
  open: 'good',
  confirmed: 'good',
  paused: 'watch',
  published: 'plain',
  submitted: 'watch',
  approved: 'watch',
  closed: 'bad'
}

export function Badge({ children, tone }: { children: string; tone?: Tone }) {
  return <span class={`badge ${tone ?? TONES[children] ?? 'plain'}`}>{children}</span>
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>
}

/** What went wrong, in the words of the API, and what to do. */
export function Fault({ fault }: { fault: Error }) {
  const said =
    fault instanceof Refused ? fault.message : 'The gateway cannot be reached. This page tries again by itself.'
  return (
    <p class="fault" role="alert">
      {said}
    </p>
  )
}

/** What was asked for, or what stands in the way; an old answer stays, and is marked as old. */
export function Known<Answer>({
  asked,
  children
}: {
  asked: Asked<Answer>
  children: (answer: Answer) => ComponentChildren
}) {
  if (asked.answer === undefined) return asked.fault ? <Fault fault={asked.fault} /> : <p class="soft">Reading…</p>
  return (
    <>
      {asked.fault && <Fault fault={asked.fault} />}
      <div class={asked.fault ? 'old' : undefined}>{children(asked.answer)}</div>
    </>
  )
}

/** A figure with its name. */
export function Tile({
  name,
  children,
  note
}: {
  name: string
  children: ComponentChildren
  note?: string | undefined
}) {
  return (
    <div class="tile">
      <span>{name}</span>
      <b>{children}</b>
      {note !== undefined && <small>{note}</small>}
    </div>
  )
}

/** How much of something is left, as a bar beside the number. */
export function Left({ remaining, total, name }: { remaining: number; total: number; name: string }) {
  const low = total > 0 && remaining / total < 0.1
  return (
    <meter
      class={low ? 'low' : undefined}
      min={0}
      max={Math.max(1, total)}
      value={remaining}
      aria-label={`${name}: ${remaining} of ${total} left`}
    />
  )
}
