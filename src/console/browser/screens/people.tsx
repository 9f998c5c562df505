import { useState } from 'preact/hooks'
import { useAsked } from '../asked.ts'
import { Badge, Empty, Known } from '../parts/ui.tsx'
import { queryOf, route } from '../route.ts'
import type { Page, TimelineEntry } from '../shapes.ts'
import { count, money, second } from '../words.ts'

interface Found {
  readonly type: string
  readonly id: string
  readonly user: string
  readonly campaign: string | null
}

/** What a decision did, in a line. */
function saidOf({ order, win, moves = [] }: TimelineEntry): string {
  const parts = [
    ...(order
      ? [`order ${order.id}: ${count(order.quantity)} for ${money(order.amount, order.currency)}, ${order.status}`]
      : []),
    ...(win ? [`${win.prize}, ${win.status}`] : []),
    ...moves.map(({ unit, delta }) => `${delta > 0 ? '+' : ''}${count(delta)} ${unit}`)
  ]
  return parts.join(' · ')
}

function Timeline({ user }: { user: string }) {
  const timeline = useAsked<Page<TimelineEntry>>(`/users/${encodeURIComponent(user)}/timeline?limit=50`, 5000)
  return (
    <section>
      <h2>{user}</h2>
      <Known asked={timeline.value}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nothing was decided about this user.</Empty>
          ) : (
            <ol class="timeline">
              {items.map((entry) => (
                <li key={entry.eventId}>
                  <time dateTime={entry.at}>{second(entry.at)}</time>
                  <div>
                    <b>{entry.type}</b> {entry.pending && <Badge tone="watch">not journaled yet</Badge>}{' '}
                    <span class="soft">
                      {[entry.campaign, entry.activity].filter((part) => part !== null).join(' / ')}
                    </span>
                    <p>{saidOf(entry)}</p>
                    {entry.operator !== null && (
                      <p class="soft">
                        by {entry.operator}
                        {entry.reason !== null && `: ${entry.reason}`}
                      </p>
                    )}
                  </div>
                </li>
              ))}
            </ol>
          )
        }
      </Known>
    </section>
  )
}

function Results({ word }: { word: string }) {
  const found = useAsked<Page<Found>>(`/search?q=${encodeURIComponent(word)}`, 60_000)
  return (
    <Known asked={found.value}>
      {({ items }) => {
        const users = [...new Set(items.map(({ user }) => user))]
        const [only] = users
        if (only === undefined)
          return <Empty>Nobody and nothing is called “{word}”: no user, order, win, claim or code.</Empty>
        return (
          <>
            {items
              .filter(({ type }) => type !== 'user')
              .map(({ type, id, user, campaign }) => (
                <p key={`${type} ${id}`}>
                  <Badge>{type}</Badge> {id} belongs to <b>{user}</b>
                  {campaign !== null && ` (${campaign})`}
                </p>
              ))}
            {users.map((user) => (
              <Timeline key={user} user={user} />
            ))}
          </>
        )
      }}
    </Known>
  )
}

/** One box for whatever an operator is told on the phone: a user, an order, a win, a claim, a code. */
export function People() {
  const word = queryOf(route.value).get('q') ?? ''
  const [typed, setTyped] = useState(word)
  const send = (event: Event) => {
    event.preventDefault()
    location.hash = `/people?q=${encodeURIComponent(typed.trim())}`
  }
  return (
    <main>
      <h1>People</h1>
      <search>
        <form class="search" onSubmit={send}>
          <label>
            User, order, win, claim or code
            <input type="search" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
          <button type="submit">Look</button>
        </form>
      </search>
      {word === '' ? (
        <Empty>Paste what you were told. The timeline of whoever it belongs to opens here.</Empty>
      ) : (
        <Results key={word} word={word} />
      )}
    </main>
  )
}
