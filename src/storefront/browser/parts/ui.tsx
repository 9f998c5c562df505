import type { ComponentChildren } from 'preact'
import { leftOf } from '../shop/format.ts'
import { now } from '../shop/time.ts'
import { say } from '../shop/words.ts'

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <b>{title}</b>
      <p>{children}</p>
    </div>
  )
}

/** What could not be read, and the way on. */
export function Fault({ fault, again }: { fault: string; again: () => void }) {
  return (
    <div class="note bad" role="alert">
      <p>{fault}</p>
      <button type="button" class="quiet" onClick={again}>
        {say('again')}
      </button>
    </div>
  )
}

/** Cards without their content, as high as those that come. */
export function Waiting({ count = 3 }: { count?: number }) {
  return (
    <div class="cards" aria-busy="true">
      <span class="hidden">{say('reading')}</span>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} class="card skeleton" />
      ))}
    </div>
  )
}

/** Counts down by the server's clock: only this text changes each second. */
export function Countdown({ to }: { to: string }) {
  return <span class="figure">{leftOf(Date.parse(to) - now.value)}</span>
}

/** How much is left, as a bar and in words. @param total null where it is not known */
export function Left({ left, total, name }: { left: number | null; total: number | null; name: string }) {
  if (left === null) return null
  const isKnown = total !== null && total > 0
  const words = left === 0 ? say('soldOut') : isKnown ? say('left', { left, total }) : say('leftOnly', { left })
  return (
    <div class="left">
      {isKnown && (
        <meter
          class={left / total < 0.1 ? 'low' : undefined}
          min={0}
          max={total}
          value={left}
          aria-label={`${name}: ${words}`}
        />
      )}
      <small class="figure">{words}</small>
    </div>
  )
}

/** A switch between few screens, by links. */
export function Tabs({
  name,
  tabs
}: {
  name: string
  tabs: ReadonlyArray<{ href: string; text: string; isHere: boolean }>
}) {
  return (
    <nav class="tabs" aria-label={name}>
      {tabs.map(({ href, text, isHere }) => (
        <a key={href} href={href} aria-current={isHere ? 'page' : undefined}>
          {text}
        </a>
      ))}
    </nav>
  )
}
