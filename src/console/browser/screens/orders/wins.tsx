import { useState } from 'preact/hooks'
import { useAsked } from '../../asked.ts'
import { AskReason } from '../../parts/ask-reason.tsx'
import { Filters, listPath, Older, Table } from '../../parts/list.tsx'
import { Badge, Empty, Known } from '../../parts/ui.tsx'
import { may } from '../../role.ts'
import { queryOf, route } from '../../route.ts'
import type { Page, Win } from '../../shapes.ts'
import { second } from '../../words.ts'

const STATES = ['waiting', 'approved', 'shipped', 'ready-for-pickup', 'credited', 'delivered', 'failed', 'reissued']
const NAMES = ['campaign', 'user', 'status', 'type', 'fulfilment', 'supplier']

/** What handing a win over has come to, as a badge. */
export function HandedOver({ win }: { win: Win }) {
  const state = win.fulfilment?.state
  if (state === undefined) return <>–</>
  const tone = state === 'failed' ? 'bad' : state === 'waiting' ? 'watch' : state === 'delivered' ? 'good' : 'plain'
  return <Badge tone={tone}>{state}</Badge>
}

/** Hands a win over to whoever brings its code. */
function PickUp() {
  const [code, setCode] = useState('')
  const [asking, setAsking] = useState(false)
  if (!may('operator')) return null
  const send = (event: Event) => {
    event.preventDefault()
    setAsking(true)
  }
  const typed = code.trim().toUpperCase()
  return (
    <>
      <form class="search" onSubmit={send}>
        <label>
          Pick-up code
          <input value={code} required maxLength={10} onInput={(event) => setCode(event.currentTarget.value)} />
        </label>
        <button type="submit">Hand over</button>
      </form>
      {asking && (
        <AskReason
          change={{
            title: 'Hand over',
            effect: `Whoever brought ${typed} gets the prize now. The code is good once.`,
            path: `/pickups/${encodeURIComponent(typed)}`,
            plain: true,
            said: () => 'Handed over, and noted.'
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  )
}

function Row({ win }: { win: Win }) {
  return (
    <tr>
      <td>
        <a href={`#/wins/${encodeURIComponent(win.id)}`}>{win.prize.title}</a>
      </td>
      <td>
        <HandedOver win={win} />
      </td>
      <td>
        <Badge>{win.status}</Badge>
      </td>
      <td>
        <a href={`#/people?q=${encodeURIComponent(win.user)}`}>{win.user}</a>
      </td>
      <td>
        {win.campaign} / {win.draw}
      </td>
      <td>{second(win.wonAt)}</td>
    </tr>
  )
}

/** What was won, by how far it is handed over. */
export function Wins() {
  const query = queryOf(route.value)
  const wins = useAsked<Page<Win>>(listPath('/wins', query, NAMES), 5000)
  return (
    <main>
      <h1>Wins</h1>
      <PickUp />
      <Filters
        at="/wins"
        query={query}
        filters={[
          { name: 'fulfilment', label: 'Handing over', options: STATES },
          { name: 'status', label: 'Status', options: ['won', 'given', 'claimed', 'revoked'] },
          { name: 'campaign', label: 'Campaign' },
          { name: 'supplier', label: 'Supplier' },
          { name: 'user', label: 'User' }
        ]}
      />
      <Known asked={wins.value}>
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty>
              {query.get('fulfilment') === 'waiting' ? 'Nothing waits to be handed over.' : 'No win is like this.'}
            </Empty>
          ) : (
            <>
              <Table heads={['prize', 'handing over', 'status', 'winner', 'in', 'when']}>
                {items.map((win) => (
                  <Row key={win.id} win={win} />
                ))}
              </Table>
              <Older at="/wins" query={query} next={nextCursor} />
            </>
          )
        }
      </Known>
    </main>
  )
}
