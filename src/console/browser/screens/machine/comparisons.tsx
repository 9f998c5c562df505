import { useAsked } from '../../asked.ts'
import type { Change } from '../../parts/ask-reason.tsx'
import { Doings } from '../../parts/doings.tsx'
import { Table } from '../../parts/list.tsx'
import { Badge, Empty, Known } from '../../parts/ui.tsx'
import type { Page } from '../../shapes.ts'
import { count, second } from '../../words.ts'

interface Difference {
  readonly kind: string
  readonly key: string
  readonly field: string
  readonly expected: string | null
  readonly found: string | null
  readonly id: string
}

interface Comparison {
  readonly id: number
  readonly shard: number
  readonly state: string
  readonly askedBy: string
  readonly askedAt: string
  readonly finishedAt: string | null
  readonly usersCompared: number
  readonly result: { readonly differences?: readonly Difference[] } | null
  readonly failure?: string
}

const SHOWN = 50

function Differences({ differences }: { differences: readonly Difference[] }) {
  return (
    <>
      <Table heads={['what', 'where', 'by the journal', 'found', 'last written by']}>
        {differences.slice(0, SHOWN).map((one) => (
          <tr key={`${one.key} ${one.field}`}>
            <td>{one.kind}</td>
            <td>
              <code>
                {one.key} {one.field}
              </code>
            </td>
            <td>{one.expected ?? 'nothing'}</td>
            <td>{one.found ?? 'nothing'}</td>
            <td>{one.id || '–'}</td>
          </tr>
        ))}
      </Table>
      {differences.length > SHOWN && <p class="soft">and {count(differences.length - SHOWN)} more.</p>}
    </>
  )
}

function saidOf({ state, usersCompared, result, failure }: Comparison) {
  if (failure !== undefined) return <Badge tone="bad">failed</Badge>
  if (state !== 'done') return <Badge tone="watch">{`${state}, ${count(usersCompared)} users`}</Badge>
  const differing = result?.differences?.length ?? 0
  return differing === 0 ? <Badge tone="good">equal</Badge> : <Badge tone="bad">{`${count(differing)} differ`}</Badge>
}

const comparing = (path: string, shard: number): Change => ({
  title: `Compare shard ${shard}`,
  effect: 'Every user and all stock of the shard are read in all three places. Nothing is changed or stopped.',
  path: `${path}?shard=${shard}`,
  plain: true,
  said: ({ state }) => (state === 'done' ? 'Compared: see below.' : 'It is being compared: see below.')
})

/** Comparisons of Redis, journal and Postgres: the last ones, what differed, and another one on demand. */
export function Comparisons({ campaign, shards }: { campaign: string; shards: readonly number[] }) {
  const path = `/campaigns/${encodeURIComponent(campaign)}/reconciliation`
  const known = useAsked<Page<Comparison>>(`${path}?limit=10`, 3000)
  const items = known.value.answer?.items ?? []
  const differing = items.find(({ result }) => (result?.differences?.length ?? 0) > 0)
  const differences = differing?.result?.differences ?? []
  const shard = differing?.shard ?? 0
  return (
    <section>
      <div class="row">
        <h2>Redis, journal and Postgres</h2>
        <Doings
          changes={[
            ...shards.map((one) => comparing(path, one)),
            ...(differences.length > 0
              ? [
                  {
                    title: `Repair shard ${shard}`,
                    effect: `Shard ${shard} closes for some seconds, and what differs in Redis is written anew from Postgres.`,
                    path: `${path}/repair?shard=${shard}`,
                    said: () => 'The shard is being opened again.'
                  }
                ]
              : [])
          ]}
        />
      </div>
      <Known asked={known.value}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty>
              Nobody asked for a comparison yet; the worker compares all the time, and an alarm says what differs.
            </Empty>
          ) : (
            <Table heads={['shard', 'result', 'users', 'asked by', 'asked', 'done']}>
              {page.items.map((one) => (
                <tr key={one.id}>
                  <td>{one.shard}</td>
                  <td>
                    {saidOf(one)} {one.failure}
                  </td>
                  <td>{count(one.usersCompared)}</td>
                  <td>{one.askedBy}</td>
                  <td>{second(one.askedAt)}</td>
                  <td>{second(one.finishedAt)}</td>
                </tr>
              ))}
            </Table>
          )
        }
      </Known>
      {differences.length > 0 && <Differences differences={differences} />}
    </section>
  )
}
