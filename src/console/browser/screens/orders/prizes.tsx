import { useAsked } from '../../asked.ts'
import type { Change } from '../../parts/ask-reason.tsx'
import { Doings } from '../../parts/doings.tsx'
import { Table } from '../../parts/list.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { Badge, Empty, Known } from '../../parts/ui.tsx'
import type { Page } from '../../shapes.ts'
import { count, second } from '../../words.ts'

interface Owed {
  readonly activity: string
  readonly prize: string
  readonly type: string
  readonly won: number
  readonly unclaimed: number
  readonly lapsed: number
  readonly owed: number
  readonly underWay: number
  readonly issued: number
  readonly revoked: number
}

interface Waiting {
  readonly id: string
  readonly kind: string
  readonly activity: string
  readonly user: string
  readonly win: string | null
  readonly action?: string
  readonly prize?: string
  readonly askedAt: string
}

const COLUMNS = ['won', 'unclaimed', 'lapsed', 'owed', 'underWay', 'issued', 'revoked'] as const

function OwedTable({ campaign, prizes }: { campaign: string; prizes: readonly Owed[] }) {
  const owed = prizes.reduce((sum, one) => sum + one.owed, 0)
  const waiting = `#/wins?${new URLSearchParams({ campaign, fulfilment: 'waiting' })}`
  return (
    <>
      <p class={owed > 0 ? 'soldout' : 'calm'}>
        {owed > 0 ? <a href={waiting}>{count(owed)} claimed wins wait to be handed over</a> : 'Nothing is owed.'}
      </p>
      <Table
        figures
        heads={['prize', 'type', 'won', 'not claimed', 'lapsed', 'owed', 'under way', 'issued', 'revoked']}
      >
        {prizes.map((one) => (
          <tr key={`${one.activity} ${one.prize}`}>
            <th scope="row">
              {one.prize} <span class="soft">{one.activity}</span>
            </th>
            <td>{one.type}</td>
            {COLUMNS.map((name) => (
              <td key={name}>{count(one[name])}</td>
            ))}
          </tr>
        ))}
      </Table>
    </>
  )
}

const changesOf = ({ id }: Waiting): Change[] => [
  {
    title: 'Approve',
    effect: 'It is given, or handed over, from now on.',
    path: `/rewards/${encodeURIComponent(id)}/approval`
  },
  {
    title: 'Reject',
    effect: 'It is not given; a win is revoked. It cannot be taken back.',
    path: `/rewards/${encodeURIComponent(id)}/rejection`
  }
]

/** Rewards that the campaign has somebody look at before they are given. */
function Reviews({ campaign }: { campaign: string }) {
  const rewards = useAsked<Page<Waiting>>(`/campaigns/${encodeURIComponent(campaign)}/rewards?limit=50`, 5000)
  return (
    <section>
      <h2>To be approved</h2>
      <Known asked={rewards.value}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>No reward waits for somebody.</Empty>
          ) : (
            <Table heads={['what', 'whose', 'in', 'since', 'verdict']}>
              {items.map((one) => (
                <tr key={one.id}>
                  <td>
                    <Badge>{one.kind}</Badge> {one.prize ?? one.action}
                  </td>
                  <td>
                    <a href={`#/people?q=${encodeURIComponent(one.user)}`}>{one.user}</a>
                  </td>
                  <td>{one.activity}</td>
                  <td>{second(one.askedAt)}</td>
                  <td>
                    <Doings changes={changesOf(one)} />
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Known>
    </section>
  )
}

/** What is owed and what is issued of a campaign's prizes, and which rewards wait for somebody. */
export function Prizes({ id }: { id: string }) {
  const owed = useAsked<{ readonly prizes: readonly Owed[] }>(`/campaigns/${encodeURIComponent(id)}/fulfilment`, 5000)
  return (
    <main>
      <h1>Prizes of {id}</h1>
      <Tabs id={id} />
      <Known asked={owed.value}>
        {({ prizes }) =>
          prizes.length === 0 ? (
            <Empty>Nobody has won anything yet.</Empty>
          ) : (
            <OwedTable campaign={id} prizes={prizes} />
          )
        }
      </Known>
      <Reviews campaign={id} />
    </main>
  )
}
