import { useAsked } from '../asked.ts'
import { Empty, Known } from '../parts/ui.tsx'
import type { Page } from '../shapes.ts'
import { second } from '../words.ts'

interface Entry {
  readonly id: string
  readonly at: string
  readonly operator: string
  readonly action: string
  readonly target: string
  readonly reason: string | null
}

/** Who changed what, when and why, newest first. */
export function Audit() {
  const audit = useAsked<Page<Entry>>('/audit?limit=100', 5000)
  return (
    <main>
      <h1>Audit</h1>
      <Known asked={audit.value}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>Nobody has changed anything yet.</Empty>
          ) : (
            <div class="scroll">
              <table class="text">
                <thead>
                  <tr>
                    <th scope="col">when</th>
                    <th scope="col">who</th>
                    <th scope="col">what</th>
                    <th scope="col">of</th>
                    <th scope="col">why</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((entry) => (
                    <tr key={entry.id}>
                      <td>{second(entry.at)}</td>
                      <td>{entry.operator}</td>
                      <td>{entry.action}</td>
                      <td>{entry.target}</td>
                      <td>{entry.reason ?? '–'}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Known>
    </main>
  )
}
