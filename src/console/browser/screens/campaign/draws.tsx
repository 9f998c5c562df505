import { useAsked } from '../../asked.ts'
import { Table } from '../../parts/list.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { Badge, Empty, Known, Left } from '../../parts/ui.tsx'
import type { ActivityState, CampaignState } from '../../shapes.ts'
import { count, moment } from '../../words.ts'
import type { Figure } from '../report/figures.ts'

type Prize = NonNullable<ActivityState['prizes']>[number]

interface Counted {
  readonly spins: number
  /** by prize, without those that were revoked */
  readonly wins: ReadonlyMap<string, number>
}

/** From here on chance alone hardly ever leads away from the odds, in deviations. */
const UNLIKELY = 4

const percent = (part: number): string => `${(part * 100).toLocaleString(undefined, { maximumSignificantDigits: 3 })} %`

/** What the report counted of a draw; a prize is named there `<draw>/<tier>/<prize>`. */
function countedOf(figures: readonly Figure[], draw: string): Counted {
  const wins = new Map<string, number>()
  for (const { id, of, value } of figures) {
    const [activity, , prize] = of?.split('/') ?? []
    if (id === 'draws.wins' && activity === draw && prize !== undefined) wins.set(prize, value ?? 0)
  }
  return { spins: figures.find(({ id, of }) => id === 'draws.spins' && of === draw)?.value ?? 0, wins }
}

/** How much of its time an activity is through, from 0 to 1. */
function timeThrough({ sessions }: ActivityState): number {
  const from = Math.min(...sessions.map(({ opensAt }) => Date.parse(opensAt)))
  const to = Math.max(...sessions.map(({ closesAt }) => Date.parse(closesAt)))
  return to <= from ? 1 : Math.min(1, Math.max(0, (Date.now() - from) / (to - from)))
}

function Observed({ prize, sum, counted }: { prize: Prize; sum: number; counted: Counted }) {
  const { id, weight = 0, quota, remaining } = prize
  const odds = sum === 0 ? 0 : weight / sum
  const expected = counted.spins * odds
  const won = counted.wins.get(id)
  const isFar = won !== undefined && Math.abs(won - expected) > UNLIKELY * Math.sqrt(Math.max(1, expected))
  return (
    <tr>
      <th scope="row">{id}</th>
      <td>{percent(odds)}</td>
      <td>{counted.spins === 0 || won === undefined ? '–' : percent(won / counted.spins)}</td>
      <td>{count(Math.round(expected))}</td>
      <td>
        {won === undefined ? '–' : count(won)} {isFar && <Badge tone="watch">unlike the odds</Badge>}
      </td>
      <td class="wide">{quota !== null && <Left name={id} remaining={remaining} total={quota} />}</td>
      <td>{quota === null ? 'no end' : `${count(remaining)} of ${count(quota)}`}</td>
    </tr>
  )
}

function Fairness({ campaign, draw }: { campaign: string; draw: ActivityState }) {
  const { seedCommitment, seed, algorithm } = draw.proof ?? {}
  const file = `${campaign}.ndjson`
  return (
    <details>
      <summary>Commitment, seed, and how to verify it</summary>
      <p>
        Its commitment, public since it was published: <code class="long">{seedCommitment ?? 'none yet'}</code>
      </p>
      <p>
        {seed === undefined ? (
          'The seed is secret until the draw is over: whoever knew it could choose what they win.'
        ) : (
          <>
            Its seed: <code class="long">{seed}</code>
          </>
        )}
      </p>
      <p>Once the seed is shown, everybody who has the exported journal can recompute every spin:</p>
      <pre class="diff">
        {`npx floodgate export journal --campaign ${campaign} --output ${file}\nnpx floodgate verify-draw ${file} --campaign ${campaign} --draw ${draw.id}`}
      </pre>
      <p class="soft">{algorithm}</p>
    </details>
  )
}

function Draw({ campaign, draw, figures }: { campaign: string; draw: ActivityState; figures: readonly Figure[] }) {
  const prizes = (draw.prizes ?? []).filter(({ weight }) => weight !== undefined)
  const sum = prizes.reduce((total, { weight = 0 }) => total + weight, 0)
  const counted = countedOf(figures, draw.id)
  const through = timeThrough(draw)
  const quotas = prizes.filter(({ quota }) => quota !== null)
  const total = quotas.reduce((all, { quota }) => all + (quota ?? 0), 0)
  const left = quotas.reduce((all, { remaining }) => all + remaining, 0)
  return (
    <section>
      <h2>
        {draw.id} {draw.paused && <Badge>paused</Badge>}
      </h2>
      <p class="soft">
        {count(counted.spins)} spins. {percent(through)} of its time is over
        {total > 0 && `, and ${percent((total - left) / total)} of what it has to give is won`}; it closes{' '}
        {moment(draw.sessions.at(-1)?.closesAt)}.
      </p>
      <Table figures heads={['prize', 'odds', 'observed', 'expected', 'won', 'part left', 'left']}>
        {prizes.map((prize) => (
          <Observed key={prize.id} prize={prize} sum={sum} counted={counted} />
        ))}
      </Table>
      <p class="soft">
        Odds are those of now, for users of level 0. A prize that is exhausted, not released or above a limit gives way
        to the fallback, so less of it is won than its odds say.
      </p>
      <Fairness campaign={campaign} draw={draw} />
    </section>
  )
}

/** Draws of a campaign: quota against time, odds against what was won, and what shows that they are fair. */
export function Draws({ id }: { id: string }) {
  const path = `/campaigns/${encodeURIComponent(id)}`
  const state = useAsked<CampaignState>(`${path}/state`, 3000)
  const report = useAsked<{ readonly figures: readonly Figure[] }>(`${path}/report`, 15_000)
  return (
    <main>
      <h1>Draws of {id}</h1>
      <Tabs id={id} />
      <Known asked={state.value}>
        {({ activities }) => {
          const draws = activities.filter(({ prizes = [] }) => prizes.some(({ weight }) => weight !== undefined))
          if (draws.length === 0) return <Empty>This campaign has no draw.</Empty>
          return draws.map((draw) => (
            <Draw key={draw.id} campaign={id} draw={draw} figures={report.value.answer?.figures ?? []} />
          ))
        }}
      </Known>
    </main>
  )
}
