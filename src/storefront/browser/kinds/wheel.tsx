import { useEffect, useState } from 'preact/hooks'
import { say } from '../shop/words.ts'

interface Slice {
  readonly id: string
  readonly title: string
}

/** More slices than this are too narrow for words; they have numbers, as in the table of odds. */
const WORDED = 8
const CENTRE = 100
const RADIUS = 96

const point = (turn: number, radius: number): string =>
  `${CENTRE + radius * Math.sin(turn * 2 * Math.PI)} ${CENTRE - radius * Math.cos(turn * 2 * Math.PI)}`

/** A title in two lines at most. */
function linesOf(title: string): string[] {
  const words = title.split(' ')
  const half = Math.ceil(words.length / 2)
  return title.length <= 9 || words.length === 1
    ? [title]
    : [words.slice(0, half).join(' '), words.slice(half).join(' ')]
}

/** One of four, never that of a neighbour: the last one stands beside the first. */
const colourOf = (index: number, of: number): number => (index === of - 1 && index % 4 === 0 ? 1 : index % 4)

function Piece({ slice, index, of }: { slice: Slice; index: number; of: number }) {
  const [from, to] = [index / of, (index + 1) / of]
  const angle = ((index + 0.5) / of) * 360
  const lines = of > WORDED ? [String(index + 1)] : linesOf(slice.title)
  return (
    <g class={`slice slice-${colourOf(index, of)}`}>
      <path
        d={`M${CENTRE} ${CENTRE} L${point(from, RADIUS)} A${RADIUS} ${RADIUS} 0 ${of === 1 ? 1 : 0} 1 ${point(to, RADIUS)} Z`}
      />
      <text transform={`rotate(${angle} ${CENTRE} ${CENTRE})`} text-anchor="middle">
        {lines.map((line, number) => (
          <tspan key={line} x={CENTRE} y={30 + number * 11}>
            {line}
          </tspan>
        ))}
      </text>
    </g>
  )
}

/**
 * A wheel with a slice for each prize, all as wide: the odds stand in the table beside it. It turns to what the gate decided, so it shows the outcome and
 * does not make it.
 * @param spin `id` of the last spin, and the prize at which it stops
 */
export function Wheel({ slices, spin }: { slices: readonly Slice[]; spin: { id: string; prize: string } | undefined }) {
  const [turns, setTurns] = useState(0)
  useEffect(() => {
    const index = slices.findIndex(({ id }) => id === spin?.prize)
    if (index < 0) return
    // some whole turns on from where it stands, to the middle of the slice
    setTurns((before) => Math.floor(before) + 4 - (index + 0.5) / slices.length)
  }, [spin?.id])
  return (
    <div class="wheel">
      <svg viewBox="0 0 200 200" role="img" aria-label={say('wheel', { count: slices.length })}>
        <g class="turning" style={{ transform: `rotate(${turns}turn)` }}>
          {slices.map((slice, index) => (
            <Piece key={slice.id} slice={slice} index={index} of={slices.length} />
          ))}
        </g>
        <circle class="hub" cx={CENTRE} cy={CENTRE} r="16" />
        <path class="pointer" d="M100 14 L92 0 L108 0 Z" />
      </svg>
    </div>
  )
}
