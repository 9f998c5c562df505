import { useState } from 'preact/hooks'
import { useAsked } from '../../asked.ts'
import type { Change } from '../../parts/ask-reason.tsx'
import { Doings } from '../../parts/doings.tsx'
import { listPath, Older } from '../../parts/list.tsx'
import { Badge, Empty, Known } from '../../parts/ui.tsx'
import { refusedWords } from '../../refused-words.ts'
import { may } from '../../role.ts'
import { queryOf, route } from '../../route.ts'
import type { CampaignItem, Expiring, Page, TimelineEntry } from '../../shapes.ts'
import { count, money, second } from '../../words.ts'
import { Exclude } from './exclude.tsx'
import { Foresee } from './foresee.tsx'

/** What a decision did, in a line that leads to its order and its win. */
function Did({ entry: { order, win, moves = [] } }: { entry: TimelineEntry }) {
  const moved = moves.map(({ unit, delta }) => `${delta > 0 ? '+' : ''}${count(delta)} ${unit}`)
  if (order === undefined && win === undefined && moved.length === 0) return null
  return (
    <p>
      {order && (
        <>
          <a href={`#/orders/${encodeURIComponent(order.id)}`}>order {order.id}</a>: {count(order.quantity)} for{' '}
          {money(order.amount, order.currency)}, {order.status}{' '}
        </>
      )}
      {win && (
        <>
          <a href={`#/wins/${encodeURIComponent(win.id)}`}>{win.prize}</a>, {win.status}{' '}
        </>
      )}
      {moved.join(' · ')}
    </p>
  )
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const { at, type, campaign, activity, operator, reason, code } = entry
  return (
    <li>
      <time dateTime={at}>{second(at)}</time>
      <div>
        {code === undefined ? (
          <b>{type}</b>
        ) : (
          <>
            <Badge tone="watch">refused</Badge> {refusedWords(code, entry.members ?? {})} <code>{code}</code>
          </>
        )}{' '}
        {entry.pending && <Badge tone="watch">not journaled yet</Badge>}{' '}
        <span class="soft">{[campaign, activity].filter((part) => part !== null).join(' / ')}</span>
        <Did entry={entry} />
        {operator && (
          <p class="soft">
            by {operator}
            {reason && `: ${reason}`}
          </p>
        )}
      </div>
    </li>
  )
}

interface Moved {
  readonly balances?: ReadonlyArray<{ readonly unit: string; readonly applied: number; readonly shortfall?: number }>
}

/** What a grant came to, with what was not there to take. */
function grantedWords({ balances = [] }: Moved): string {
  if (balances.length === 0) return 'Accepted.'
  return balances
    .map(({ unit, applied, shortfall = 0 }) => {
      const missing = shortfall > 0 ? ` ${count(shortfall)} more were not there to take.` : ''
      return `${applied > 0 ? '+' : ''}${count(applied)} ${unit}.${missing}`
    })
    .join(' ')
}

function changesOf(user: string, campaign: string): Change[] {
  const path = `/users/${encodeURIComponent(user)}`
  return [
    {
      title: 'Grant',
      effect: `Gives ${user} units in ${campaign}; with a minus it takes back at most what is there. The user's app shows it at once.`,
      path: `${path}/grants`,
      body: { campaign },
      fields: [
        { name: 'unit', label: 'Unit: points, chances:wheel, entitlement:vip …' },
        { name: 'amount', label: 'How many', kind: 'number' }
      ],
      said: (answer) => grantedWords(answer as Moved)
    },
    {
      title: 'Let in again',
      effect: `${user} may take part in ${campaign} again. What was revoked stays revoked.`,
      path: `${path}/disqualification`,
      method: 'DELETE',
      body: { campaign },
      said: () => 'Done: the next request is decided like that of anybody else.'
    }
  ]
}

/** What an operator can do about a user, in one campaign at a time. */
function Actions({ user, entries }: { user: string; entries: readonly TimelineEntry[] }) {
  const campaigns = useAsked<Page<CampaignItem>>('/campaigns?limit=100', 30_000)
  const running = (campaigns.value.answer?.items ?? []).filter(({ publishedVersion }) => publishedVersion !== null)
  const theirs = entries.find(({ campaign }) => campaign !== null)?.campaign
  const [chosen, setChosen] = useState<string>()
  const [open, setOpen] = useState<'exclude' | 'foresee'>()
  const campaign = chosen ?? theirs ?? running[0]?.id
  if (campaign === undefined) return null
  return (
    <div class="row actions">
      <label>
        In
        <select value={campaign} onChange={(event) => setChosen(event.currentTarget.value)}>
          {[...new Set([campaign, ...running.map(({ id }) => id)])].map((id) => (
            <option key={id}>{id}</option>
          ))}
        </select>
      </label>
      <button type="button" class="quiet" onClick={() => setOpen('foresee')}>
        What would happen now
      </button>
      {may('operator') && (
        <button type="button" class="quiet" onClick={() => setOpen('exclude')}>
          Exclude
        </button>
      )}
      <Doings changes={changesOf(user, campaign)} />
      {open === 'exclude' && <Exclude user={user} campaign={campaign} onClose={() => setOpen(undefined)} />}
      {open === 'foresee' && <Foresee user={user} campaign={campaign} onClose={() => setOpen(undefined)} />}
    </div>
  )
}

/** Everything that was decided about a user, and why they were refused. */
export function Person({ user }: { user: string }) {
  const query = queryOf(route.value)
  const path = listPath(`/users/${encodeURIComponent(user)}/timeline`, query, ['campaign'])
  const timeline = useAsked<Page<TimelineEntry> & { readonly expiring: readonly Expiring[] }>(path, 5000)
  return (
    <section>
      <div class="row">
        <h2>{user}</h2>
        <p>
          <a href={`#/orders?user=${encodeURIComponent(user)}`}>orders</a> ·{' '}
          <a href={`#/wins?user=${encodeURIComponent(user)}`}>wins</a>
        </p>
      </div>
      <Known asked={timeline.value}>
        {({ items, nextCursor, expiring }) => (
          <>
            {expiring.map(({ unit, amount, at, campaign }) => (
              <p key={`${campaign} ${unit}`} class="soft">
                {count(amount)} {unit} of {campaign} expire on {second(at)}
              </p>
            ))}
            <Actions user={user} entries={items} />
            {items.length === 0 ? (
              <Empty>Nothing was decided about this user.</Empty>
            ) : (
              <ol class="timeline">
                {items.map((entry) => (
                  <Entry key={entry.eventId ?? `${entry.at} ${entry.key}`} entry={entry} />
                ))}
              </ol>
            )}
            <Older at="/people" query={query} next={nextCursor} />
            {items.some(({ code }) => code !== undefined) && (
              <p class="soft">Of refusals only some are kept while a crowd is refused.</p>
            )}
          </>
        )}
      </Known>
    </section>
  )
}
