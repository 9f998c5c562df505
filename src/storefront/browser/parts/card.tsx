import type { Activity } from 'floodgate/client'
import type { ComponentChildren } from 'preact'
import { standing } from '../shop/here.ts'
import { type Opening, useOpening } from '../shop/time.ts'
import { say } from '../shop/words.ts'
import { Countdown } from './ui.tsx'

/** What each card is given: the activity as it is now. */
export type CardOf<Kind extends Activity['kind']> = {
  readonly activity: Extract<Activity, { kind: Kind }>
  readonly campaign: string
}

/** What an activity says about when it can be used. The line is there in each state, so nothing jumps when it opens. */
function When({ opening }: { opening: Opening }) {
  switch (opening.state) {
    case 'waits':
      return (
        <span class="badge watch">
          {say('opensIn')} <Countdown to={opening.opensAt} />
        </span>
      )
    case 'paused':
      return <span class="badge watch">{say('paused')}</span>
    case 'over':
      return <span class="badge">{say('over')}</span>
    default:
      return opening.until === undefined ? null : (
        <span class="badge good">
          {say('closesIn')} <Countdown to={opening.until} />
        </span>
      )
  }
}

/** What somebody needs before they may take part, and whether they have it. */
function Requires({ requires }: Pick<Activity, 'requires'>) {
  if (requires === undefined) return null
  const { entitlement, level, reservation } = requires
  const mine = standing.value
  const needs = [
    ...(entitlement === undefined
      ? []
      : [{ text: say('rightTo', { what: entitlement }), has: mine?.entitlements.includes(entitlement) }]),
    ...(level === undefined ? [] : [{ text: say('requiresLevel', { level }), has: mine && mine.level >= level }]),
    ...(reservation === undefined ? [] : [{ text: say('requiresReservation'), has: undefined }])
  ]
  const what = needs.map(({ text, has }) => (has ? `${text} (${say('haveIt')})` : text)).join(', ')
  if (needs.length === 0) return null
  return <p class={needs.every(({ has }) => has) ? 'soft' : 'needs'}>{say('requires', { what })}</p>
}

/** The frame of every card: what it is, when it opens, what it needs. @param children what is done in it; told whether it is open */
export function Card({ activity, children }: { activity: Activity; children: (isOpen: boolean) => ComponentChildren }) {
  const { id, kind, title, description, requires } = activity
  const opening = useOpening(activity)
  return (
    <section class={`card ${kind}`} aria-labelledby={`card-${id}`}>
      <p class="kind">
        <span>{say(kind)}</span>
        <When opening={opening} />
      </p>
      <h2 id={`card-${id}`}>{title}</h2>
      {description !== undefined && <p class="soft">{description}</p>}
      <Requires {...(requires && { requires })} />
      {children(opening.state === 'open')}
    </section>
  )
}

/** What is given for something, in one line. */
export function Gives({ label, what }: { label: string; what: string }) {
  return (
    <p class="gives">
      <span>{label}</span> <b>{what}</b>
    </p>
  )
}
