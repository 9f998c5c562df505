import { useAsked } from '../../asked.ts'
import { Facts, Table } from '../../parts/list.tsx'
import { Badge, Empty, Known } from '../../parts/ui.tsx'
import type { Page } from '../../shapes.ts'
import { count, second } from '../../words.ts'

interface Job {
  readonly id: string
  readonly kind: string
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

function State({ job: { state } }: { job: Job }) {
  return <Badge tone={state === 'done' ? 'good' : state === 'failed' ? 'bad' : 'watch'}>{state}</Badge>
}

/** How much of it is done, as far as it is known how much there is. */
function Bar({ job: { id, done, left, listed } }: { job: Job }) {
  if (listed === false) return <>still being listed</>
  if (done === undefined || left === undefined) return <>–</>
  return (
    <meter min={0} max={Math.max(1, done + left)} value={done} aria-label={`${id}: ${done} of ${done + left} done`} />
  )
}

/** One job, with what failed. */
function Progress({ job }: { job: Job }) {
  const { done, left, failed = [] } = job
  return (
    <>
      <h3>
        {job.id} <State job={job} />
      </h3>
      <Bar job={job} />
      <Facts
        facts={[
          ['Campaign', job.campaign],
          ['Done', known(done)],
          ['Left', job.listed === false ? 'still being listed' : known(left)],
          ['Failed', known(job.failedCount ?? failed.length)],
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

function Row({ job }: { job: Job }) {
  return (
    <tr>
      <td>
        <a href={`#/parts?job=${encodeURIComponent(job.id)}`}>{job.id}</a>
      </td>
      <td>
        <State job={job} />
      </td>
      <td class="wide">
        <Bar job={job} />
      </td>
      <td>{known(job.left)}</td>
      <td>{job.failedCount ? <Badge tone="bad">{count(job.failedCount)}</Badge> : known(job.failedCount)}</td>
      <td>{job.campaign}</td>
      <td>{job.requestedBy ?? '–'}</td>
      <td>{second(job.requestedAt)}</td>
    </tr>
  )
}

/** What is done in bulk, and how far it has come: exclusions, cancellations, archives. @param id of the one that is looked at */
export function Jobs({ id }: { id: string }) {
  const jobs = useAsked<Page<Job>>('/jobs?limit=20', 3000)
  const job = useAsked<Job>(id === '' ? '' : `/jobs/${encodeURIComponent(id)}`, 2000)
  return (
    <section>
      <h2>Jobs</h2>
      {id !== '' && <Known asked={job.value}>{(one) => <Progress job={one} />}</Known>}
      <Known asked={jobs.value}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nothing was done in bulk yet: no cancellation, no exclusion, no archive.</Empty>
          ) : (
            <Table heads={['job', 'state', 'how far', 'left', 'failed', 'campaign', 'asked by', 'asked']}>
              {items.map((one) => (
                <Row key={one.id} job={one} />
              ))}
            </Table>
          )
        }
      </Known>
    </section>
  )
}
