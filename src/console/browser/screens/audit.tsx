import { useAsked } from '../asked.ts'
import { Filters, listPath, Older, Table } from '../parts/list.tsx'
import { Empty, Known } from '../parts/ui.tsx'
import { queryOf, route } from '../route.ts'
import type { Page } from '../shapes.ts'
import { second } from '../words.ts'

interface Entry {
  readonly id: string
  readonly at: string
  readonly operator: string
  readonly action: string
  readonly target: string
  readonly reason: string | null
  readonly before: unknown
  readonly after: unknown
}

const shown = (value: unknown): string => (value === null || value === undefined ? '–' : JSON.stringify(value, null, 1))

/** What it was and what it became, for who wants to know. */
function Values({ entry }: { entry: Entry }) {
  if (entry.before === null && entry.after === null) return <span>{entry.action}</span>
  return (
    <details class="values">
      <summary>{entry.action}</summary>
      <pre class="diff">
        <span class="gone">{shown(entry.before)}</span>
        <span class="new">{shown(entry.after)}</span>
      </pre>
    </details>
  )
}

/** Who changed what, when and why, newest first. */
export function Audit() {
  const query = queryOf(route.value)
  const audit = useAsked<Page<Entry>>(listPath('/audit', query, ['target', 'operator']), 5000)
  return (
    <main>
      <h1>Audit</h1>
      <Filters
        at="/audit"
        query={query}
        filters={[
          { name: 'target', label: 'Of, such as campaign:launch' },
          { name: 'operator', label: 'Who' }
        ]}
      />
      <Known asked={audit.value}>
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty>Nobody has changed anything like this yet.</Empty>
          ) : (
            <>
              <Table heads={['when', 'who', 'what', 'of', 'why']}>
                {items.map((entry) => (
                  <tr key={entry.id}>
                    <td>{second(entry.at)}</td>
                    <td>{entry.operator}</td>
                    <td>
                      <Values entry={entry} />
                    </td>
                    <td>{entry.target}</td>
                    <td>{entry.reason ?? '–'}</td>
                  </tr>
                ))}
              </Table>
              <Older at="/audit" query={query} next={nextCursor} />
            </>
          )
        }
      </Known>
    </main>
  )
}
