import { type Part, parts } from '../measuring/cpu-by-part.ts'
import type { Report } from './report.ts'
import type { ScenarioSummary } from './summary.ts'

const WIDTH = 860
const LABEL_WIDTH = 100
const BAR_HEIGHT = 20
const ROW_HEIGHT = 30
const TITLE_HEIGHT = 56
const VALUE_WIDTH = 90
const PLOT_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH

/** Distinct in print and for colour-blind readers (Okabe and Ito). */
const colours: Record<Part, string> = {
  service: '#0072b2',
  redis: '#d55e00',
  nats: '#009e73',
  worker: '#e69f00',
  postgres: '#56b4e9',
  load: '#bbbbbb'
}

interface Segment {
  readonly value: number
  readonly colour: string
  readonly title: string
}

interface Bar {
  readonly label: string
  readonly segments: readonly Segment[]
  readonly value: string
}

const total = (bar: Bar): number => bar.segments.reduce((sum, { value }) => sum + value, 0)

const text = ([x, y]: readonly [number, number], content: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${content}</text>`

function drawBar(bar: Bar, y: number, pixelsPerUnit: number): string {
  let x = LABEL_WIDTH
  const drawn = bar.segments.map(({ value, colour, title }) => {
    const width = value * pixelsPerUnit
    const rect = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT}" fill="${colour}"><title>${title}</title></rect>`
    x += width
    return rect
  })
  const middle = y + BAR_HEIGHT / 2 + 4
  return [
    text([LABEL_WIDTH - 8, middle], bar.label, 'text-anchor="end"'),
    ...drawn,
    text([x + 6, middle], bar.value)
  ].join('\n')
}

function drawPanel(top: number, title: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map(total), 1)
  const rows = bars.map((bar, index) => drawBar(bar, top + TITLE_HEIGHT + index * ROW_HEIGHT, PLOT_WIDTH / longest))
  return [text([16, top + 24], title, 'font-weight="bold" font-size="14"'), ...rows].join('\n')
}

function drawLegend(y: number): string {
  return parts
    .map((part, index) => {
      const x = LABEL_WIDTH + index * 110
      return `<rect x="${x}" y="${y}" width="11" height="11" fill="${colours[part]}"/>${text([x + 16, y + 10], part)}`
    })
    .join('\n')
}

const throughputBar = ({ scenario, perSecond }: ScenarioSummary): Bar => ({
  label: scenario,
  segments: [{ value: perSecond, colour: colours.service, title: `${scenario}: ${Math.round(perSecond)} per second` }],
  value: Math.round(perSecond).toLocaleString('en-US')
})

const cpuBar = ({ scenario, cpu }: ScenarioSummary): Bar => ({
  label: scenario,
  segments: parts.map((part) => ({
    value: cpu[part],
    colour: colours[part],
    title: `${part}: ${cpu[part].toFixed(1)} µs`
  })),
  value: parts.reduce((sum, part) => sum + cpu[part], 0).toFixed(0)
})

/** One bar much longer than the others would make them invisible: its figure is written in words instead. */
const TALLER_THAN_REST = 4

function cpuPanel(top: number, summaries: readonly ScenarioSummary[]): string {
  const bars = summaries.map(cpuBar)
  const [longest, next] = [...bars].sort((a, b) => total(b) - total(a))
  const apart = longest !== undefined && next !== undefined && total(longest) > TALLER_THAN_REST * total(next)
  const words = apart ? ` (${longest.label}, not drawn: ${longest.value})` : ''
  const drawn = apart ? bars.map((bar) => (bar === longest ? { ...bar, segments: [] } : bar)) : bars
  return drawPanel(top, `CPU microseconds per answer, by process${words}`, drawn)
}

/** Throughput and CPU per answer as an SVG picture: no script, no font of its own. */
export function asChart({ summaries, machine, at }: Pick<Report, 'summaries' | 'machine' | 'at'>): string {
  const panelHeight = TITLE_HEIGHT + summaries.length * ROW_HEIGHT
  const height = 2 * panelHeight + 40
  const foot = `${at.slice(0, 10)}, ${machine.cores} cores shared with the load generator, node ${machine.node}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${drawPanel(0, 'Answers per second (persisted: until in Postgres and on the public stream)', summaries.map(throughputBar))}
${cpuPanel(panelHeight, summaries)}
${drawLegend(panelHeight + 34)}
${text([16, height - 12], foot, 'fill="#666"')}
</svg>
`
}
