/** One bar of a chart. */
interface Bar {
  readonly name: string
  readonly value: number
  /** as people read it */
  readonly shown: string
}

const HEIGHT = 160
/** a bar of the smallest value is still seen */
const THINNEST = 0.5
/** labels that fit beside one another on a phone */
const MOST_LABELS = 6

/** the most bars of a list: what is beyond them is in the CSV */
export const MOST_BARS = 20

const percent = (part: number): string => `${part.toFixed(2)}%`

/** Parts of a figure as bars with their values. Texts are outside of the drawing, so that they are as large on a phone as on a desk. */
export function Bars({ title, bars }: { title: string; bars: readonly Bar[] }) {
  const highest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  return (
    <ul class="bars" aria-label={title}>
      {bars.map(({ name, value, shown }) => (
        <li key={name}>
          <span>{name}</span>
          <svg width="100%" height="14" aria-hidden="true">
            <rect class="bar" width={percent(Math.max(THINNEST, (value / highest) * 100))} height="14" rx="3" />
          </svg>
          <b>{shown}</b>
        </li>
      ))}
    </ul>
  )
}

/** A figure by day, as columns. Days are in order. */
export function Columns({ title, bars }: { title: string; bars: readonly Bar[] }) {
  const highest = Math.max(...bars.map(({ value }) => value), 1)
  const step = 100 / bars.length
  const every = Math.ceil(bars.length / MOST_LABELS)
  const top = bars.find(({ value }) => value === highest)
  return (
    <figure class="columns">
      <figcaption class="soft">{top && `${top.name}: ${top.shown}`}</figcaption>
      <svg width="100%" height={HEIGHT} role="img" aria-label={title}>
        {bars.map(({ name, value, shown }, index) => {
          const height = Math.max(THINNEST, (value / highest) * HEIGHT)
          const x = percent((index + 0.1) * step)
          return (
            <rect class="bar" key={name} x={x} y={HEIGHT - height} width={percent(step * 0.8)} height={height} rx="2">
              <title>{`${name}: ${shown}`}</title>
            </rect>
          )
        })}
      </svg>
      <div class="days" aria-hidden="true">
        {bars.map(({ name }, index) => (
          <span key={name}>{index % every === 0 ? name.slice(5) : ''}</span>
        ))}
      </div>
    </figure>
  )
}
