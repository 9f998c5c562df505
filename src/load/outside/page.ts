import type { Second } from '../tally.ts'
import { type OutsideReport, verdictOf } from './report.ts'

const WIDTH = 860
const HEIGHT = 200
const LEFT = 60

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const ms = (value: number): string => value.toFixed(1)

function row(tag: 'td' | 'th', cells: ReadonlyArray<string | number>): string {
  return `<tr>${cells.map((cell) => `<${tag}>${escaped(String(cell))}</${tag}>`).join('')}</tr>`
}

function table(head: readonly string[], rows: ReadonlyArray<ReadonlyArray<string | number>>): string {
  return `<table>${row('th', head)}\n${rows.map((cells) => row('td', cells)).join('\n')}</table>`
}

interface Curve {
  readonly name: string
  readonly colour: string
  readonly figure: (second: Second) => number
}

/** One figure over the seconds of the run, as a line. */
function line(seconds: readonly Second[], { figure, colour }: Curve, highest: number): string {
  const step = (WIDTH - LEFT) / Math.max(1, seconds.length - 1)
  const points = seconds.map((second, index) => {
    const y = HEIGHT - (figure(second) / highest) * (HEIGHT - 20)
    return `${(LEFT + index * step).toFixed(1)},${y.toFixed(1)}`
  })
  return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`
}

function chart(title: string, seconds: readonly Second[], curves: readonly Curve[]): string {
  const highest = Math.max(1, ...curves.flatMap(({ figure }) => seconds.map(figure)))
  const legend = curves.map(({ name, colour }) => `<tspan fill="${colour}" dx="12">${name}</tspan>`).join('')
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT + 24}" role="img" aria-label="${title}">
<text x="${LEFT}" y="14">${title}${legend}</text>
<text x="${LEFT - 8}" y="24" text-anchor="end">${Math.round(highest)}</text><text x="${LEFT - 8}" y="${HEIGHT}" text-anchor="end">0</text>
<path d="M${LEFT} 20V${HEIGHT}H${WIDTH}" fill="none" stroke="#999"/>
${curves.map((curve) => line(seconds, curve, highest)).join('\n')}
<text x="${WIDTH}" y="${HEIGHT + 18}" text-anchor="end">${seconds.at(-1)?.second ?? 0} s</text>
</svg>`
}

/** The report as one page, which needs nothing else: no script, no font, no other file. */
export function asHtml(report: OutsideReport): string {
  const { load, proof, options, place, url, environment, at } = report
  const seconds = load.perSecond
  const holds = proof.broken.length === 0 && !load.void
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Load on ${escaped(place)}</title>
<style>body{font:14px/1.5 system-ui,sans-serif;max-width:${WIDTH}px;margin:2em auto;color:#222}table{border-collapse:collapse;margin:1em 0}
td,th{border:1px solid #ccc;padding:2px 8px;text-align:right}td:first-child,th:first-child{text-align:left}svg text{font:12px system-ui,sans-serif}
.verdict{padding:.5em 1em;border-left:6px solid ${holds ? '#009e73' : '#d55e00'}}</style>
<h1>Load on ${escaped(place)}</h1>
<p>${escaped(at)}, ${escaped(url)} (${escaped(environment)}). ${options.rate}${options.toRate === undefined ? '' : ` to ${options.toRate}`} purchases a second for ${options.seconds} s by ${options.users} users over at most ${options.connections} connections; open loop:
each request was due at a time fixed beforehand, and latencies count from it.</p>
<div class="verdict">${verdictOf(report)
    .map((sentence) => `<p>${escaped(sentence)}</p>`)
    .join('')}</div>
${chart('Answers a second', seconds, [
  { name: 'confirmed', colour: '#0072b2', figure: ({ confirmed }) => confirmed },
  { name: 'refused', colour: '#d55e00', figure: ({ refused }) => refused },
  { name: 'others', colour: '#666', figure: ({ others }) => others }
])}
${chart('p99 of what was confirmed, ms', seconds, [{ name: 'p99', colour: '#0072b2', figure: ({ p99 }) => p99 }])}
<h2>Outcomes</h2>
${table(
  ['outcome', 'count', 'p50 ms', 'p90', 'p99', 'p99.9', 'max', 'p99 from sending'],
  load.outcomes.map(({ outcome, count, p50, p90, p99, p999, max, uncorrectedP99 }) => [
    outcome,
    count,
    ...[p50, p90, p99, p999, max, uncorrectedP99].map(ms)
  ])
)}
<p>"from sending" leaves out how long a request waited for a connection: what a client measures that waits for its answers.</p>
<h2>Proof</h2>
${table(['counted', 'number'], Object.entries(proof.facts))}
<h2>Generator</h2>
${table(
  ['', 'ms'],
  [
    ['began later than due, p50', ms(load.lag.p50)],
    ['p99', ms(load.lag.p99)],
    ['at most', ms(load.lag.max)],
    ['void beyond, at p99', load.lag.bound]
  ]
)}
<p>At most ${load.waitedMost} requests waited for a connection.</p>
${
  load.failures.length === 0
    ? ''
    : `<h2>Failures</h2>${table(
        ['reason', 'count', 'first example'],
        load.failures.map(({ reason, count, example }) => [reason, count, example])
      )}`
}
<p>Not looked at: what the servers behind it did, and whether what is confirmed is stored and told to other systems.</p>
</html>
`
}
