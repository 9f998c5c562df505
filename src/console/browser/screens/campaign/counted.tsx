import type { Operations } from 'floodgate/client'
import { Table } from '../../parts/list.tsx'
import { second } from '../../words.ts'
import { shownAs, titleOf } from '../report/figures.ts'

type Figure = NonNullable<Operations['counted']>['figures'][number]

/** Those that say something: a part that is all there is says no more than the whole. */
function telling(figures: readonly Figure[]): readonly Figure[] {
  const some = figures.filter(({ value }) => value !== null && value !== 0)
  const isSame = (one: Figure, other: Figure) =>
    one.id === other.id && one.unit === other.unit && one.value === other.value
  return some.filter(
    (figure) => figure.of === null || !some.some((other) => other.of === null && isSame(figure, other))
  )
}

/** What came of the campaign so far, as its report counts it. */
export function Counted({ counted }: { counted: Operations['counted'] }) {
  const figures = telling(counted?.figures ?? [])
  if (counted === null || figures.length === 0) return null
  return (
    <section aria-label="So far">
      <h2>
        So far <span class="soft">counted {second(counted.asOf)}</span>
      </h2>
      <Table figures heads={['figure', 'of', 'now']}>
        {figures.map((figure) => (
          <tr key={`${figure.id} ${figure.of} ${figure.unit}`}>
            <th scope="row">
              {titleOf(figure.id)} {!figure.exact && <abbr title="about: gateways counted it">≈</abbr>}
            </th>
            <td>{figure.of?.replace(/^channel:/, '') ?? ''}</td>
            <td>{shownAs(figure, figure.value)}</td>
          </tr>
        ))}
      </Table>
    </section>
  )
}
