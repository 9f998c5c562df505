import { signal } from '@preact/signals'
import { type Operations, watchOperations } from 'floodgate/client'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { token } from '../../api.ts'
import { drained, noteLeft } from '../../drained.ts'
import { ordersAt } from '../../lists.ts'
import { Draining, type Point } from '../../parts/draining.tsx'
import { Badge, Left, Tile } from '../../parts/ui.tsx'
import { may } from '../../role.ts'
import { count, type LocalText, localised, moment, stretch } from '../../words.ts'
import { Adjust } from '../adjust/adjust.tsx'
import { Counted } from './counted.tsx'

type Activity = Operations['activities'][number]
type Part = Activity['sessions'][number] | Activity['prizes'][number]
type Watching = Parameters<NonNullable<Parameters<typeof watchOperations>[0]['onState']>>[0]

/** sessions that are shown without being asked for: those that are open, and the next ones */
const NEAREST = 4
const known = (value: number | null): string => (value === null ? '–' : count(value))
const rate = (value: number): string => `${value < 10 ? value.toFixed(1) : count(Math.round(value))}/s`

/** What matters now of many sessions: those that are not over, in their order. */
function nearest(parts: readonly Part[], now: number): readonly Part[] {
  const ahead = parts.filter((part) => !('closesAt' in part) || Date.parse(part.closesAt) > now)
  if (parts.length <= NEAREST + 1) return parts
  return ahead.length === 0 ? parts.slice(-NEAREST) : ahead.slice(0, NEAREST)
}

function Row({ part }: { part: Part }) {
  const { id, total, remaining, taken, held, paid } = part
  return (
    <tr>
      <th scope="row">
        {id} {'paused' in part && part.paused && <Badge>paused</Badge>}
      </th>
      <td>{known(remaining)}</td>
      <td class="wide">
        {remaining !== null && total !== null && <Left name={id} remaining={remaining} total={total} />}
      </td>
      <td>{known(total)}</td>
      <td class="more">{known(taken)}</td>
      <td class="more">{known(held)}</td>
      <td class="more">{known(paid)}</td>
    </tr>
  )
}

function Units({ activity, now }: { activity: Activity; now: number }) {
  const [all, setAll] = useState(false)
  const hasPrizes = activity.prizes.length > 0
  const parts = hasPrizes ? activity.prizes : activity.sessions
  const shown = all ? parts : nearest(parts, now)
  return (
    <>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{hasPrizes ? 'prize' : 'session'}</th>
              <th scope="col">left</th>
              <th scope="col" class="wide">
                <span class="hidden">part left</span>
              </th>
              <th scope="col">of</th>
              <th scope="col" class="more">
                taken
              </th>
              <th scope="col" class="more">
                held
              </th>
              <th scope="col" class="more">
                paid
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((part) => (
              <Row key={part.id} part={part} />
            ))}
          </tbody>
        </table>
      </div>
      {parts.length > shown.length && (
        <button type="button" class="link" onClick={() => setAll(true)}>
          {count(parts.length - shown.length)} more, later or over
        </button>
      )}
    </>
  )
}

/** What is said of an activity's pace: the one thing that changes what an operator does next. */
function paceOf({ total, remaining, perSecond, soldOutInSeconds }: Activity): string | undefined {
  if (total === null || total === 0) return undefined
  if (remaining === 0) return 'Sold out. It opens again when units come back or are added.'
  if (soldOutInSeconds === null || perSecond === null) return undefined
  return `${rate(perSecond)}: at this pace sold out in ${stretch(soldOutInSeconds * 1000)}.`
}

/** Refusals of the last minute by their code, the most frequent first. */
function Refused({ refused }: { refused: Readonly<Record<string, number>> }) {
  const codes = Object.entries(refused).toSorted(([, a], [, b]) => b - a)
  if (codes.length === 0) return null
  return (
    <p class="soft">
      Refused in the last minute (about):{' '}
      {codes.map(([code, times]) => (
        <span class="code" key={code}>
          <code>{code}</code> {count(times)}
        </span>
      ))}
    </p>
  )
}

interface Watched {
  readonly campaign: string
  readonly activity: Activity
  readonly now: number
  /** how much was left since the tab watches */
  readonly points: readonly Point[]
  readonly onAdjust: () => void
}

function OneActivity({ campaign, activity, now, points, onAdjust }: Watched) {
  const pace = paceOf(activity)
  const counted = (activity.total ?? 0) > 0 || activity.prizes.length > 0
  const { unpaidShare, nextOpensAt, held } = activity
  const unpaid = ordersAt({ campaign, activity: activity.id, status: 'accepted' })
  const title = localised(activity.title as LocalText, activity.id)
  return (
    <section aria-label={title}>
      <div class="row">
        <h2>
          {title} <span class="soft">{activity.kind}</span> {activity.paused && <Badge>paused</Badge>}
        </h2>
        {may('operator') && (
          <button type="button" class="quiet" onClick={onAdjust}>
            Adjust
          </button>
        )}
      </div>
      {pace !== undefined && <p class={activity.remaining === 0 ? 'soldout' : 'soft'}>{pace}</p>}
      {unpaidShare !== null && unpaidShare > 0 && (
        <p class="soft">
          {Math.round(unpaidShare * 100)} % of what was taken, <a href={unpaid}>{known(held)} units</a>, is not paid
          yet.
        </p>
      )}
      {counted && <Units activity={activity} now={now} />}
      {points.length > 1 && <Draining name={activity.id} points={points} />}
      {!counted && nextOpensAt !== null && <p class="soft">Opens {moment(nextOpensAt)}.</p>}
      <Refused refused={activity.approximate.lastMinute.refused} />
    </section>
  )
}

function Machine({ figures }: { figures: Operations }) {
  const { shards, approximate, participants, conditions } = figures
  const closed = shards.filter(({ state }) => state !== 'open')
  const unread = shards.filter(({ asOf }) => asOf === null)
  const most = (pick: (shard: Operations['shards'][number]) => number | null) =>
    Math.max(0, ...shards.map((shard) => pick(shard) ?? 0))
  const { perSecond, latency } = approximate
  return (
    <>
      {conditions.length > 0 && (
        <p class="fault" role="alert">
          Does not hold: {conditions.join(', ')}. What each means and what to do stands on Tonight.
        </p>
      )}
      {participants !== null && unread.length > 0 && (
        <p class="fault" role="alert">
          Without shard {unread.map(({ shard }) => shard).join(', ')}: its units and participants were not read yet.
        </p>
      )}
      <div class="tiles">
        <Tile name="Participants">{known(participants)}</Tile>
        <Tile name="Attempts, about" note={`${rate(perSecond.refused)} of them refused`}>
          {rate(perSecond.attempts)}
        </Tile>
        <Tile
          name="Confirmed, about"
          note={latency.confirmed ? `p99 ${count(Math.round(latency.confirmed.p99Ms))} ms` : undefined}
        >
          {rate(perSecond.confirmed)}
        </Tile>
        <Tile
          name="Shards open"
          note={
            closed.length > 0
              ? `closed: ${closed.map(({ shard }) => shard).join(', ')}`
              : `outbox ${count(most(({ outbox }) => outbox))}, behind ${count(most(({ kept }) => kept))} frames`
          }
        >
          {`${shards.length - closed.length} of ${shards.length}`}
        </Tile>
      </div>
    </>
  )
}

/** A campaign as it runs, once a second, while the page is seen. */
export function Live({ id }: { id: string }) {
  const figures = useMemo(() => signal<Operations>(), [id])
  const watching = useMemo(() => signal<Watching>('waiting'), [id])
  useEffect(
    () =>
      watchOperations(
        {
          baseUrl: location.origin,
          token: token.value,
          pauseWhenHidden: true,
          onState: (state) => {
            watching.value = state
          }
        },
        id,
        (next) => {
          noteLeft(next)
          figures.value = next
        }
      ),
    [id]
  )
  const [adjusting, setAdjusting] = useState('')
  const now = figures.value
  if (now === undefined) return <p class="soft">Reading…</p>
  // as it stands this second, so that the effect of a change is that of this second too
  const adjusted = now.activities.find((activity) => activity.id === adjusting)
  return (
    <div class={watching.value === 'watching' ? undefined : 'old'}>
      {watching.value === 'waiting' && (
        <p class="fault">The figures are those of {moment(now.asOf)}: the gateway cannot be reached.</p>
      )}
      <Machine figures={now} />
      {now.activities.map((activity) => (
        <OneActivity
          key={activity.id}
          campaign={id}
          activity={activity}
          now={Date.parse(now.asOf)}
          points={drained(id, activity.id)}
          onAdjust={() => setAdjusting(activity.id)}
        />
      ))}
      <Counted counted={now.counted} />
      {adjusted && <Adjust campaign={id} activity={adjusted} onClose={() => setAdjusting('')} />}
    </div>
  )
}
