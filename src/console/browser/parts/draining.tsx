import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { count } from '../words.ts'

/** How many units were left at a moment. */
export interface Point {
  /** s since 1970 */
  readonly at: number
  readonly left: number
}

const HEIGHT = 150
/** s: a stretch that is shorter would have the same minute at every line */
const SHORTEST = 300
const HEADROOM = 1.05
/** rows of the table for those who cannot see the chart */
const ROWS = 10

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

function optionsOf(width: number): uPlot.Options {
  const axis = { stroke: colour('--soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } }
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false },
    scales: {
      x: { range: (_, from, to) => [Math.min(from, to - SHORTEST), to] },
      y: { range: (_, __, most) => [0, Math.max(1, most) * HEADROOM] }
    },
    axes: [
      {
        ...axis,
        size: 28,
        incrs: [60, 120, 300, 600, 1800, 3600],
        values: (_, splits) => splits.map((value) => clock.format(value * 1000))
      },
      { ...axis, size: 60, values: (_, splits) => splits.map((value) => count(value)) }
    ],
    series: [{}, { stroke: colour('--accent'), width: 2, points: { show: false } }]
  }
}

const dataOf = (points: readonly Point[]): uPlot.AlignedData => [
  points.map(({ at }) => at),
  points.map(({ left }) => left)
]

/** Draws once a frame at most, in the width that there is, and anew when light becomes dark. */
function useChart(points: readonly Point[]) {
  const place = useRef<HTMLElement>(null)
  const chart = useRef<uPlot>(undefined)
  const latest = useRef(points)
  latest.current = points
  useEffect(() => {
    const { current } = place
    if (current === null) return
    const draw = () => {
      chart.current?.destroy()
      chart.current = new uPlot(optionsOf(current.clientWidth), dataOf(latest.current), current)
    }
    draw()
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', draw)
    const sized = new ResizeObserver(() => chart.current?.setSize({ width: current.clientWidth, height: HEIGHT }))
    sized.observe(current)
    return () => {
      dark.removeEventListener('change', draw)
      sized.disconnect()
      chart.current?.destroy()
    }
  }, [])
  useEffect(() => {
    const frame = requestAnimationFrame(() => chart.current?.setData(dataOf(points)))
    return () => cancelAnimationFrame(frame)
  }, [points])
  return place
}

/** Units left over time, as a chart and, for those who cannot see it, as a table. */
export function Draining({ name, points }: { name: string; points: readonly Point[] }) {
  const place = useChart(points)
  const table = `draining-${name}`
  const every = Math.max(1, Math.floor(points.length / ROWS))
  return (
    <>
      <figure class="chart" ref={place} aria-label={`Units of ${name} left`} aria-describedby={table} />
      <div class="hidden">
        <table id={table}>
          <caption>Units of {name} left</caption>
          <tbody>
            {points
              .filter((_, index) => index % every === 0)
              .map(({ at, left }) => (
                <tr key={at}>
                  <th scope="row">{new Date(at * 1000).toLocaleTimeString()}</th>
                  <td>{count(left)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </>
  )
}
