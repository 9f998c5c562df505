import { useState } from 'preact/hooks'
import { useAsked } from '../../asked.ts'
import { Badge, Empty, Known } from '../../parts/ui.tsx'
import { queryOf, route } from '../../route.ts'
import type { Page } from '../../shapes.ts'
import { Person } from './person.tsx'

interface Found {
  readonly type: string
  readonly id: string
  readonly user: string
  readonly campaign: string | null
}

const PLACES: Readonly<Record<string, string>> = { order: 'orders', win: 'wins' }

function ToThing({ type, id }: { type: string; id: string }) {
  const place = PLACES[type]
  return place === undefined ? <span>{id}</span> : <a href={`#/${place}/${encodeURIComponent(id)}`}>{id}</a>
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
                  <Badge>{type}</Badge> <ToThing type={type} id={id} /> belongs to <b>{user}</b>
                  {campaign !== null && ` (${campaign})`}
                </p>
              ))}
            {users.map((user) => (
              <Person key={user} user={user} />
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
