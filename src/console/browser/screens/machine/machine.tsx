import { useAsked } from '../../asked.ts'
import { Table } from '../../parts/list.tsx'
import { Badge, Empty, Known } from '../../parts/ui.tsx'
import { queryOf, route } from '../../route.ts'
import type { CampaignItem, CampaignState, Condition, Health, Page, Shard } from '../../shapes.ts'
import { count, second } from '../../words.ts'
import { Comparisons } from './comparisons.tsx'
import { Jobs } from './jobs.tsx'

const LAG_WATCHED = 1000

function Conditions({ conditions }: { conditions: readonly Condition[] }) {
  return (
    <section>
      <h2>Conditions</h2>
      <Table heads={['state', 'condition', 'how it is', 'since', 'what to do']}>
        {conditions
          .toSorted((a, b) => Number(a.ok) - Number(b.ok))
          .map(({ name, ok, detail, since, runbook }) => (
            <tr key={name}>
              <td>
                <Badge tone={ok ? 'good' : 'bad'}>{ok ? 'holds' : 'broken'}</Badge>
              </td>
              <td>{name}</td>
              <td>{detail}</td>
              <td>{second(since)}</td>
              <td>
                <code>{runbook}</code>
              </td>
            </tr>
          ))}
      </Table>
    </section>
  )
}

function Shards({ shards }: { shards: readonly Shard[] }) {
  const lag = (frames: number | null) => {
    if (frames === null) return '–'
    return frames > LAG_WATCHED ? <Badge tone="watch">{count(frames)}</Badge> : count(frames)
  }
  return (
    <section>
      <h2>Shards</h2>
      <Table figures heads={['shard', 'state', 'epoch', 'not journaled', 'not in Postgres', 'not told']}>
        {shards.map(({ shard, state, epoch, outbox, lags, waitingFor }) => (
          <tr key={shard}>
            <th scope="row">{shard}</th>
            <td>
              <Badge>{state}</Badge> {waitingFor}
            </td>
            <td>{epoch ?? '–'}</td>
            <td>{lag(outbox)}</td>
            <td>{lag(lags.projection)}</td>
            <td>{lag(lags.events)}</td>
          </tr>
        ))}
      </Table>
      <p class="soft">The last three in frames: each is one batch of decisions.</p>
    </section>
  )
}

/** Shards are asked for by a campaign, whichever it is: all share them. */
function OfCampaign({ campaign }: { campaign: string }) {
  const state = useAsked<CampaignState>(`/campaigns/${encodeURIComponent(campaign)}/state`, 2000)
  return (
    <Known asked={state.value}>
      {({ shards }) => (
        <>
          <Shards shards={shards} />
          <Comparisons campaign={campaign} shards={shards.map(({ shard }) => shard)} />
        </>
      )}
    </Known>
  )
}

/** What Floodgate is made of, and how it is: trouble first. */
export function Machine() {
  const health = useAsked<Health>('/health', 3000)
  const campaigns = useAsked<Page<CampaignItem>>('/campaigns?limit=100', 15_000)
  const job = queryOf(route.value).get('job') ?? ''
  const items = campaigns.value.answer?.items ?? []
  const campaign = items.find(({ publishedVersion, state }) => publishedVersion !== null && state !== 'archived')?.id
  return (
    <main>
      <h1>Parts</h1>
      <Known asked={health.value}>{({ conditions }) => <Conditions conditions={conditions} />}</Known>
      {campaign === undefined ? (
        <Empty>Shards and comparisons are shown once a campaign is published.</Empty>
      ) : (
        <OfCampaign campaign={campaign} />
      )}
      <Jobs key={job} id={job} />
    </main>
  )
}
