import { useState } from 'preact/hooks'
import { may, you } from '../role.ts'
import { AskReason, type Change } from './ask-reason.tsx'

/** What can be done here, as buttons; whose role may not is told so instead. */
export function Doings({ changes, needs = 'operator' }: { changes: readonly Change[]; needs?: 'operator' | 'admin' }) {
  const [change, setChange] = useState<Change>()
  // a window that is open says what came of its change, also where that leaves nothing more to do
  if (changes.length === 0 && change === undefined) return null
  if (!may(needs)) return <Needs needed={needs} />
  return (
    <div class="row doings">
      {changes.map((one) => (
        <button type="button" class="quiet" key={one.title} onClick={() => setChange(one)}>
          {one.title}
        </button>
      ))}
      {change && <AskReason change={change} onClose={() => setChange(undefined)} />}
    </div>
  )
}

/** Why something is not offered. @param what what it is */
export function Needs({ needed, what = 'Changing anything here' }: { needed: 'operator' | 'admin'; what?: string }) {
  return (
    <p class="soft">
      {what} needs the role {needed}; {you.value?.name} has {you.value?.role}.
    </p>
  )
}
