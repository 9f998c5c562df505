import { useState } from 'preact/hooks'
import { useAsked } from '../../asked.ts'
import { Table } from '../../parts/list.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { Empty, Known, Left, Tile } from '../../parts/ui.tsx'
import { may } from '../../role.ts'
import { count, second } from '../../words.ts'
import type { Figure } from '../report/figures.ts'
import { LoadCodes } from './load-codes.tsx'

interface Pool {
  readonly loaded: number
  readonly given: number
  readonly left: number
  readonly batches: ReadonlyArray<{ at: string; operator: string; reason: string | null; codes: number }>
}

const MOVED = ['units.issued', 'units.spent']

/** Names of all pools in a definition, wherever prizes stand in it. */
function poolsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(poolsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) =>
    name === 'pool' && typeof part === 'string' ? [part] : poolsIn(part)
  )
}

function OneUnit({ unit, figures }: { unit: string; figures: readonly Figure[] }) {
  const of = (id: string) => figures.filter((figure) => figure.id === id && figure.unit === unit)
  const whole = (id: string) => of(id).find((figure) => figure.of === null)?.value ?? 0
  const causes = [...of('units.issued'), ...of('units.spent')].filter((figure) => figure.of !== null)
  return (
    <section>
      <h2>{unit}</h2>
      <div class="tiles">
        <Tile name="Issued">{count(whole('units.issued'))}</Tile>
        <Tile name="Spent">{count(whole('units.spent'))}</Tile>
        <Tile name="Expired">{count(whole('units.expired'))}</Tile>
        <Tile name="Issued, and neither spent nor expired">{count(whole('units.outstanding'))}</Tile>
      </div>
      <Table figures heads={['by', 'issued', 'spent']}>
        {[...new Set(causes.map((figure) => figure.of))].map((cause) => {
          const value = (id: string) => of(id).find((figure) => figure.of === cause)?.value
          return (
            <tr key={cause}>
              <th scope="row">{cause}</th>
              <td>{count(value('units.issued') ?? 0)}</td>
              <td>{count(value('units.spent') ?? 0)}</td>
            </tr>
          )
        })}
      </Table>
    </section>
  )
}

function OnePool({ campaign, name }: { campaign: string; name: string }) {
  const path = `/campaigns/${encodeURIComponent(campaign)}/pools/${encodeURIComponent(name)}`
  const pool = useAsked<Pool>(path, 5000)
  const [loading, setLoading] = useState(false)
  return (
    <section>
      <div class="row">
        <h2>Codes of {name}</h2>
        {may('operator') && (
          <button type="button" class="quiet" onClick={() => setLoading(true)}>
            Load codes
          </button>
        )}
      </div>
      <Known asked={pool.value}>
        {({ loaded, given, left, batches }) => (
          <>
            <p class={left === 0 ? 'soldout' : undefined}>
              {count(left)} of {count(loaded)} left, {count(given)} given. {left === 0 && 'Who wins now gets no code.'}
            </p>
            <Left name={name} remaining={left} total={loaded} />
            {batches.length > 0 && (
              <Table figures heads={['loaded', 'codes', 'by', 'why']}>
                {batches.map(({ at, operator, reason, codes }) => (
                  <tr key={at}>
                    <th scope="row">{second(at)}</th>
                    <td>{count(codes)}</td>
                    <td>{operator}</td>
                    <td>{reason ?? '–'}</td>
                  </tr>
                ))}
              </Table>
            )}
          </>
        )}
      </Known>
      {loading && <LoadCodes path={`${path}/codes`} name={name} onClose={() => setLoading(false)} />}
    </section>
  )
}

/** Points and other units by what gave and took them, and pools of codes. */
export function Units({ id }: { id: string }) {
  const path = `/campaigns/${encodeURIComponent(id)}`
  const report = useAsked<{ readonly figures: readonly Figure[] }>(`${path}/report`, 10_000)
  const item = useAsked<{ readonly inForce: { readonly definition: unknown } | null }>(path, 30_000)
  const pools = [...new Set(poolsIn(item.value.answer?.inForce?.definition))]
  return (
    <main>
      <h1>Points and pools of {id}</h1>
      <Tabs id={id} />
      <Known asked={report.value}>
        {({ figures }) => {
          const units = [...new Set(figures.flatMap((one) => (MOVED.includes(one.id) && one.unit ? [one.unit] : [])))]
          if (units.length === 0) return <Empty>No points were given or taken in this campaign yet.</Empty>
          return units.map((unit) => <OneUnit key={unit} unit={unit} figures={figures} />)
        }}
      </Known>
      {pools.map((name) => (
        <OnePool key={name} campaign={id} name={name} />
      ))}
      {item.value.answer && pools.length === 0 && (
        <p class="soft">No prize of this campaign takes codes from a pool.</p>
      )}
    </main>
  )
}
