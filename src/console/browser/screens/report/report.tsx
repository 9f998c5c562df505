import { useState } from 'preact/hooks'
import { useAsked } from '../../asked.ts'
import { save } from '../../download.ts'
import { Doings } from '../../parts/doings.tsx'
import { Table } from '../../parts/list.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { Badge, Empty, Fault, Known } from '../../parts/ui.tsx'
import { may } from '../../role.ts'
import { queryOf, route } from '../../route.ts'
import type { CampaignItem, Page } from '../../shapes.ts'
import { moment } from '../../words.ts'
import { Baseline } from './baseline.tsx'
import { type Figure, listOf, sectionOf, sectionTitle, shownAs, titleOf } from './figures.ts'

interface Report {
  readonly campaign: string
  readonly version: number | null
  readonly final: boolean
  readonly madeAt: string
  readonly users: number | null
  readonly figures: readonly Figure[]
  readonly since: {
    readonly version: number
    readonly differences: ReadonlyArray<Pick<Figure, 'id' | 'of' | 'unit'> & { was: number | null; is: number | null }>
  } | null
  readonly comparedWith: { readonly campaign: string } | null
}

interface Version {
  readonly version: number
  readonly madeAt: string
  readonly operator: string
  readonly reason: string | null
}

/** the column of the report itself */
const NOW = 'now'

interface Column {
  readonly head: string
  readonly cell: (figure: Figure) => string
}

/** The value of a figure, which leads to the list of what it counts. What is stored may count otherwise than the list of today. */
function Value({ figure, report, children }: { figure: Figure; report: Report; children: string }) {
  const list = report.version === null && figure.value ? listOf(figure, report.campaign) : undefined
  return list === undefined ? <span>{children}</span> : <a href={list}>{children}</a>
}

/** Only what something is compared with has a column. */
function columnsOf({ figures, comparedWith }: Report): Column[] {
  const has = (name: 'target' | 'before' | 'other') => figures.some((figure) => figure[name] !== null)
  const reached = ({ value, target }: Figure) =>
    target && value !== null ? `${Math.round((value / target) * 100)} %` : '–'
  return [
    { head: NOW, cell: (figure) => (figure.value === null ? 'not known' : shownAs(figure, figure.value)) },
    ...(has('target')
      ? [
          { head: 'target', cell: (figure: Figure) => shownAs(figure, figure.target) },
          { head: 'reached', cell: reached }
        ]
      : []),
    ...(has('before') ? [{ head: 'before', cell: (figure: Figure) => shownAs(figure, figure.before) }] : []),
    ...(comparedWith
      ? [{ head: `in ${comparedWith.campaign}`, cell: (figure: Figure) => shownAs(figure, figure.other) }]
      : [])
  ]
}

function Section({ report, section }: { report: Report; section: string }) {
  const columns = columnsOf(report)
  const own = report.figures.filter(({ id, value, of }) => sectionOf(id) === section && (of === null || value !== 0))
  const wholes = own.filter(({ of }) => of === null)
  const parts = own.filter(({ of }) => of !== null)
  if (own.every(({ value }) => value === 0)) return null
  return (
    <section>
      <h2>{sectionTitle(section)}</h2>
      {wholes.length > 0 && (
        <Table figures heads={['figure', ...columns.map(({ head }) => head)]}>
          {wholes.map((figure) => (
            <tr key={`${figure.id} ${figure.unit}`}>
              <th scope="row">
                {titleOf(figure.id)}{' '}
                {!figure.exact && <abbr title={figure.note ?? 'about: gateways counted it'}>≈</abbr>}
              </th>
              {columns.map(({ head, cell }) => (
                <td key={head}>
                  {head === NOW ? (
                    <Value figure={figure} report={report}>
                      {cell(figure)}
                    </Value>
                  ) : (
                    cell(figure)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </Table>
      )}
      {parts.length > 0 && (
        <details>
          <summary>Part by part</summary>
          <Table figures heads={['figure', 'of', 'now']}>
            {parts.map((figure) => (
              <tr key={`${figure.id} ${figure.of} ${figure.unit}`}>
                <th scope="row">{titleOf(figure.id)}</th>
                <td>{figure.of}</td>
                <td>
                  <Value figure={figure} report={report}>
                    {shownAs(figure, figure.value)}
                  </Value>
                </td>
              </tr>
            ))}
          </Table>
        </details>
      )}
    </section>
  )
}

/** What a later final version counts otherwise. */
function Since({ since }: { since: Report['since'] }) {
  if (since === null || since.differences.length === 0) return null
  return (
    <section>
      <h2>What changed since version {since.version}</h2>
      <Table figures heads={['figure', 'was', 'is']}>
        {since.differences.map((one) => (
          <tr key={`${one.id} ${one.of} ${one.unit}`}>
            <th scope="row">
              {titleOf(one.id)} {one.of}
            </th>
            <td>{shownAs(one, one.was)}</td>
            <td>{shownAs(one, one.is)}</td>
          </tr>
        ))}
      </Table>
    </section>
  )
}

function Download({ path, name }: { path: string; name: string }) {
  const [fault, setFault] = useState<Error>()
  const get = async (format: 'html' | 'csv') => {
    setFault(undefined)
    try {
      await save(`${path}${path.includes('?') ? '&' : '?'}format=${format}`, `${name}.${format}`)
    } catch (error) {
      setFault(error as Error)
    }
  }
  return (
    <>
      <button type="button" class="quiet" onClick={() => get('html')}>
        Save as a page
      </button>
      <button type="button" class="quiet" onClick={() => get('csv')}>
        Save as a table
      </button>
      {fault && <Fault fault={fault} />}
    </>
  )
}

/** Which version is shown, and beside which campaign: both stand in the address. */
function Chosen({ id, query, versions }: { id: string; query: URLSearchParams; versions: readonly Version[] }) {
  const campaigns = useAsked<Page<CampaignItem>>('/campaigns?limit=100', 30_000)
  const go = (name: string, value: string) => {
    const next = new URLSearchParams(query)
    next.delete(name)
    if (value !== '') next.set(name, value)
    location.hash = `/campaigns/${encodeURIComponent(id)}/report?${next}`
  }
  const others = (campaigns.value.answer?.items ?? []).filter(
    (item) => item.id !== id && item.publishedVersion !== null
  )
  return (
    <div class="filters">
      <label>
        Version
        <select value={query.get('version') ?? ''} onChange={(event) => go('version', event.currentTarget.value)}>
          <option value="">as it stands</option>
          {versions.map(({ version, madeAt, operator }) => (
            <option key={version} value={version}>{`final ${version}, ${moment(madeAt)}, ${operator}`}</option>
          ))}
        </select>
      </label>
      <label>
        Beside
        <select
          value={query.get('compareWith') ?? ''}
          onChange={(event) => go('compareWith', event.currentTarget.value)}
        >
          <option value="">no other campaign</option>
          {others.map((item) => (
            <option key={item.id}>{item.id}</option>
          ))}
        </select>
      </label>
    </div>
  )
}

function Shown({ report }: { report: Report }) {
  const sections = [...new Set(report.figures.map((figure) => sectionOf(figure.id)))]
  return (
    <>
      <p class="soft">
        <Badge tone={report.final ? 'good' : 'plain'}>{report.final ? 'final' : 'preliminary'}</Badge> made{' '}
        {moment(report.madeAt)}.{' '}
        {report.final
          ? 'It is stored and never changes; what came later is in a later version.'
          : 'Figures may still change: orders may be paid, cancelled or returned.'}
      </p>
      {report.figures.every(({ value }) => !value) && <Empty>Nothing was decided in this campaign yet.</Empty>}
      {sections.map((section) => (
        <Section key={section} report={report} section={section} />
      ))}
      <Since since={report.since} />
    </>
  )
}

/** The report of a campaign: as it stands or as it was stored, beside targets, a time before, and another campaign. */
export function CampaignReport({ id }: { id: string }) {
  const path = `/campaigns/${encodeURIComponent(id)}/report`
  const query = queryOf(route.value)
  const asked = query.size === 0 ? path : `${path}?${query}`
  const report = useAsked<Report>(asked, 30_000)
  const versions = useAsked<{ readonly items: readonly Version[] }>(`${path}/versions`, 15_000)
  const item = useAsked<CampaignItem>(`/campaigns/${encodeURIComponent(id)}`, 15_000)
  const [editing, setEditing] = useState(false)
  const isSettled = item.value.answer?.state === 'settled'
  return (
    <main>
      <h1>Report of {id}</h1>
      <Tabs id={id} />
      <div class="row doings">
        <Download path={asked} name={`${id}-report`} />
        {may('operator') && (
          <button type="button" class="quiet" onClick={() => setEditing(true)}>
            Targets and baseline
          </button>
        )}
        {isSettled && (
          <Doings
            changes={[
              {
                title: 'Store as final',
                effect: 'The figures of this moment are stored as the next version, which never changes.',
                path,
                body: { final: true }
              }
            ]}
          />
        )}
      </div>
      {!isSettled && <p class="soft">It can be stored as final once the campaign is settled.</p>}
      <Chosen id={id} query={query} versions={versions.value.answer?.items ?? []} />
      <Known asked={report.value}>
        {(known) => (
          <>
            <Shown report={known} />
            {editing && <Baseline id={id} figures={known.figures} onClose={() => setEditing(false)} />}
          </>
        )}
      </Known>
    </main>
  )
}
