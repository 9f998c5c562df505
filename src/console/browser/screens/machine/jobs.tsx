import { useState } from 'preact/hooks'
import { useAsked } from '../../asked.ts'
import { Facts } from '../../parts/list.tsx'
import { Badge, Known } from '../../parts/ui.tsx'
import { count, second } from '../../words.ts'

interface Job {
  readonly id: string
  readonly kind?: string
  readonly campaign: string
  readonly state: string
  readonly listed?: boolean
  readonly done?: number
  readonly left?: number
  readonly failedCount?: number
  readonly failed?: ReadonlyArray<{ readonly id: string; readonly reason: string }>
  readonly reason?: string
  readonly requestedBy?: string
  readonly requestedAt?: string
  readonly doneAt?: string | null
}

const known = (value: number | undefined): string => (value === undefined ? '–' : count(value))

function Progress({ job }: { job: Job }) {
  const { done, left, failed = [] } = job
  return (
    <>
      <p>
        <Badge tone={job.state === 'done' ? 'good' : 'watch'}>{job.state}</Badge> <b>{job.id}</b> of {job.campaign}
      </p>
      {done !== undefined && left !== undefined && (
        <meter min={0} max={Math.max(1, done + left)} value={done} aria-label={`${done} of ${done + left} done`} />
      )}
      <Facts
        facts={[
          ['Done', known(done)],
          ['Left', job.listed === false ? 'still being listed' : known(left)],
          ['Failed', known(job.failedCount)],
          ['Asked by', job.requestedBy ?? '–'],
          ['Why', job.reason ?? '–'],
          ['Asked', second(job.requestedAt)],
          ['Ended', second(job.doneAt)]
        ]}
      />
      {failed.length > 0 && (
        <ul>
          {failed.slice(0, 20).map(({ id, reason }) => (
            <li key={id}>
              {id}: {reason}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** How far something in bulk has come: an exclusion, cancellations, an archive. */
export function Jobs({ id }: { id: string }) {
  const job = useAsked<Job>(id === '' ? '' : `/jobs/${encodeURIComponent(id)}`, 2000)
  const [typed, setTyped] = useState(id)
  const send = (event: Event) => {
    event.preventDefault()
    location.hash = `/parts?job=${encodeURIComponent(typed.trim())}`
  }
  return (
    <section>
      <h2>Jobs</h2>
      <form class="search" onSubmit={send}>
        <label>
          Job, as the answer that began it named it
          <input value={typed} onInput={(event) => setTyped(event.currentTarget.value)} placeholder="cancellation-1" />
        </label>
        <button type="submit">Show</button>
      </form>
      {id !== '' && <Known asked={job.value}>{(one) => <Progress job={one} />}</Known>}
    </section>
  )
}
