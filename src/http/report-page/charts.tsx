/** One bar of a chart. */
interface Bar {
  readonly name: string
  readonly value: number
  /** as people read it */
  readonly shown: string
}

const WIDTH = 720
const ROW = 26
const NAME = 240
const SHOWN = 110
const HEIGHT = 180
const LEFT = 56
const BOTTOM = 22
/** the most bars of a list: what is beyond them is in the CSV */
export const MOST_BARS = 20

const short = (text: string): string => (text.length > 34 ? `${text.slice(0, 33)}…` : text)

/** Parts of a figure, largest first, as bars with their values. */
export function Bars({ title, bars }: { title: string; bars: readonly Bar[] }) {
  const highest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const room = WIDTH - NAME - SHOWN
  return (
    <svg class="bars" viewBox={`0 0 ${WIDTH} ${bars.length * ROW}`} role="img" aria-label={title}>
      {bars.map(({ name, value, shown }, index) => (
        <g key={name} transform={`translate(0 ${index * ROW})`}>
          <title>{`${name}: ${shown}`}</title>
          <text x={NAME - 10} y={17} text-anchor="end">
            {short(name)}
          </text>
          <rect class="bar" x={NAME} y={5} width={Math.max(2, (value / highest) * room)} height={16} rx={3} />
          <text class="shown" x={NAME + Math.max(2, (value / highest) * room) + 8} y={17}>
            {shown}
          </text>
        </g>
      ))}
    </svg>
  )
}

/** A figure by day, as columns. Days are in order. */
export function Columns({ title, bars }: { title: string; bars: readonly Bar[] }) {
  const highest = Math.max(...bars.map(({ value }) => value), 1)
  const step = (WIDTH - LEFT) / bars.length
  const every = Math.ceil(bars.length / 8)
  const top = bars.find(({ value }) => value === highest)?.shown ?? ''
  return (
    <svg class="columns" viewBox={`0 0 ${WIDTH} ${HEIGHT + BOTTOM}`} role="img" aria-label={title}>
      <path class="axis" d={`M${LEFT} 12V${HEIGHT}H${WIDTH}`} />
      <text x={LEFT - 8} y={18} text-anchor="end">
        {top}
      </text>
      <text x={LEFT - 8} y={HEIGHT} text-anchor="end">
        0
      </text>
      {bars.map(({ name, value, shown }, index) => {
        const height = (value / highest) * (HEIGHT - 12)
        const x = LEFT + index * step
        return (
          <g key={name}>
            <title>{`${name}: ${shown}`}</title>
            <rect
              class="bar"
              x={x + step * 0.12}
              y={HEIGHT - height}
              width={Math.min(48, step * 0.76)}
              height={height}
            />
            {index % every === 0 && (
              <text x={x + step * 0.12} y={HEIGHT + 16}>
                {name.slice(5)}
              </text>
            )}
          </g>
        )
      })}
    </svg>
  )
}
