import { renderToStaticMarkup } from 'preact-render-to-string'
import { figures as catalogue, type Section, sections } from '../../export/report/catalogue.ts'
import type { CampaignReport, ReportFigure } from '../../export/report/report.ts'
import { type Language, localise } from '../problems/language.ts'
import { Bars, Columns, MOST_BARS } from './charts.tsx'
import { style } from './style.ts'
import { reached, shownValue } from './values.ts'
import { words } from './words.ts'

interface Shown {
  readonly report: CampaignReport
  readonly language: Language
}

/** What a reader looks for first, as far as the campaign has it. */
const TILES = [
  'sales.amount',
  'sales.orders',
  'participants.all',
  'draws.spins',
  'redemptions.claims',
  'invites.qualified',
  'shares.all',
  'surveys.satisfaction'
]
const MOST_TILES = 4

const titleOf = (id: string, language: Language): string => {
  const title = catalogue[id]?.title
  return title === undefined ? id : localise(title, language)
}

const wholes = (figures: readonly ReportFigure[]): ReportFigure[] => figures.filter(({ of }) => of === null)

function moment(at: string, { report, language }: Shown): string {
  const format = { timeZone: report.timezone, dateStyle: 'medium', timeStyle: 'short' } as const
  return new Intl.DateTimeFormat(language, format).format(new Date(at))
}

function Head(shown: Shown) {
  const { report, language } = shown
  const say = words[language]
  const { final, version } = report
  return (
    <header>
      <h1>{localise(report.title, language)}</h1>
      <p>
        <span class={final ? 'badge final' : 'badge'}>{final ? say.final : say.preliminary}</span>{' '}
        {version !== null && say.version(version)}
      </p>
      <p class="soft">
        {moment(report.opensAt, shown)} – {moment(report.closesAt, shown)} ({report.timezone})
      </p>
      <p class="soft">
        {say.made(moment(report.madeAt, shown))}. {final ? say.finalMeans : say.preliminaryMeans}
      </p>
    </header>
  )
}

function Tiles({ report, language }: Shown) {
  const found = TILES.flatMap(
    (id) => report.figures.find((figure) => figure.id === id && (figure.value ?? 0) > 0) ?? []
  )
  if (found.length === 0) return <p>{words[language].nothing}</p>
  return (
    <div class="tiles">
      {found.slice(0, MOST_TILES).map((figure) => (
        <div class="tile" key={figure.id}>
          <b>{shownValue(figure, figure.value, { language, rounded: true })}</b>
          <span>{titleOf(figure.id, language)}</span>
        </div>
      ))}
    </div>
  )
}

/** A column of a table, which is there when a figure of it has a value. */
interface Column {
  readonly head: string
  readonly cell: (figure: ReportFigure) => string | null
}

function columnsOf({ report, language }: Shown): Column[] {
  const say = words[language]
  const shown = (pick: (figure: ReportFigure) => number | null) => (figure: ReportFigure) => {
    const value = pick(figure)
    return value === null ? null : shownValue(figure, value, { language })
  }
  return [
    { head: say.target, cell: shown(({ target }) => target) },
    {
      head: say.reached,
      cell: ({ value, target }) => (target === null || value === null ? null : reached(value, target, language))
    },
    { head: say.before, cell: shown(({ before }) => before) },
    { head: say.other(report.comparedWith?.campaign ?? ''), cell: shown(({ other }) => other) }
  ]
}

const isApproximate = ({ id }: ReportFigure): boolean => catalogue[id]?.approximate === true

function Wholes({ figures, ...shown }: Shown & { figures: readonly ReportFigure[] }) {
  const say = words[shown.language]
  const rows = wholes(figures)
  const columns = columnsOf(shown).filter(({ cell }) => rows.some((figure) => cell(figure) !== null))
  if (rows.length === 0) return null
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">{say.figure}</th>
            <th scope="col">{say.value}</th>
            {columns.map(({ head }) => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((figure) => (
            <tr key={`${figure.id} ${figure.unit}`}>
              <td>
                {titleOf(figure.id, shown.language)}
                {isApproximate(figure) && ' ≈'}
              </td>
              <td>{figure.value === null ? say.notKnown : shownValue(figure, figure.value, shown)}</td>
              {columns.map(({ head, cell }) => (
                <td key={head}>{cell(figure) ?? '–'}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.some(isApproximate) && <p class="note">≈ {say.approximate}</p>}
    </div>
  )
}

/** The parts of one figure as a chart; one part says no more than the whole. */
function Parts({ id, figures, language }: { id: string; figures: readonly ReportFigure[]; language: Language }) {
  const parts = figures.filter((figure) => figure.id === id && figure.of !== null)
  const by = catalogue[id]?.by
  if ((parts.length < 2 && by !== 'day') || catalogue[id]?.measure === 'ratio') return null
  const bars = parts.map((figure) => ({
    name: figure.of ?? '',
    value: figure.value ?? 0,
    shown: shownValue(figure, figure.value, { language })
  }))
  const title = titleOf(id, language)
  if (by === 'day') {
    return (
      <>
        <h3>{title}</h3>
        <Columns title={title} bars={bars} />
      </>
    )
  }
  const largest = bars.toSorted((a, b) => b.value - a.value)
  const left = largest.length - MOST_BARS
  return (
    <>
      <h3>{title}</h3>
      <Bars title={title} bars={largest.slice(0, MOST_BARS)} />
      {left > 0 && <p class="note">{words[language].more(left)}</p>}
    </>
  )
}

function OneSection({ section, ...shown }: Shown & { section: Section }) {
  const figures = shown.report.figures.filter(({ id }) => catalogue[id]?.section === section)
  if (!figures.some(({ value }) => value !== 0)) return null
  const ids = [...new Set(figures.map(({ id }) => id))]
  return (
    <section>
      <h2>{localise(sections[section], shown.language)}</h2>
      <Wholes {...shown} figures={figures} />
      {ids.map((id) => (
        <Parts key={id} id={id} figures={figures} language={shown.language} />
      ))}
    </section>
  )
}

function Since({ report, language }: Shown) {
  const say = words[language]
  if (report.since === null || report.since.differences.length === 0) return null
  return (
    <section>
      <h2>{say.since(report.since.version)}</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{say.figure}</th>
              <th scope="col">{say.was}</th>
              <th scope="col">{say.is}</th>
            </tr>
          </thead>
          <tbody>
            {report.since.differences.map((one) => (
              <tr key={`${one.id} ${one.of} ${one.unit}`}>
                <td>
                  {titleOf(one.id, language)} {one.of}
                </td>
                <td>{shownValue(one, one.was, { language })}</td>
                <td>{shownValue(one, one.is, { language })}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Page(shown: Shown) {
  const { report, language } = shown
  const say = words[language]
  const places = report.countedTo.map(({ shard, epoch, sequence }) => `${shard}: ${epoch}/${sequence}`)
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{localise(report.title, language)}</title>
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body>
        <Head {...shown} />
        <Tiles {...shown} />
        {(Object.keys(sections) as Section[]).map((section) => (
          <OneSection key={section} {...shown} section={section} />
        ))}
        <Since {...shown} />
        <footer>
          <h2>{say.counted}</h2>
          <p class="soft">{places.join(', ') || '–'}</p>
          <p class="soft">{say.countedMeans}</p>
        </footer>
      </body>
    </html>
  )
}

/** A report as one page that prints: everything is in it, and nothing runs. */
export function reportPage(report: CampaignReport, language: Language): string {
  return `<!doctype html>${renderToStaticMarkup(<Page report={report} language={language} />)}`
}
