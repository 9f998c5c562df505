import { useMemo, useState } from 'preact/hooks'
import { useAsked } from '../asked.ts'
import { AskReason } from '../parts/ask-reason.tsx'
import { Badge, Known, Left, Tile } from '../parts/ui.tsx'
import type {
  ActivityState,
  CampaignItem,
  CampaignState,
  Figures,
  Page,
  Reconciliation,
  ShardState
} from '../shapes.ts'
import { count, localised, moment, second, stretch } from '../words.ts'
import { Adjust } from './adjust.tsx'

/** How fast units went lately, from the figures that this page saw. */
class Pace {
  readonly #seen: Array<{ readonly at: number; readonly left: number }> = []

  /** @returns ms until nothing is left at the pace of the last half minute; undefined while nothing goes */
  soldOutIn(at: number, left: number): number | undefined {
    const last = this.#seen.at(-1)
    if (last?.at !== at) this.#seen.push({ at, left })
    while (this.#seen.length > 2 && at - (this.#seen[0]?.at ?? at) > 30_000) this.#seen.shift()
    const first = this.#seen[0]
    if (first === undefined || at === first.at || left >= first.left) return undefined
    return left / ((first.left - left) / (at - first.at))
  }
}

function Row({ name, figures }: { name: string; figures: Figures }) {
  const { total = 0, remaining = 0, taken = 0, held = 0, paid = 0, quota } = figures
  const isEndless = quota === null
  return (
    <tr>
      <th scope="row">
        {name} {figures.paused && <Badge>paused</Badge>}
      </th>
      <td>{isEndless ? '∞' : count(remaining)}</td>
      <td class="wide">{!isEndless && <Left name={name} remaining={remaining} total={total} />}</td>
      <td>{isEndless ? '∞' : count(total)}</td>
      <td class="more">{count(taken)}</td>
      <td class="more">{count(held)}</td>
      <td class="more">{count(paid)}</td>
    </tr>
  )
}

/** sessions that are shown without being asked for: those that are open, and the next ones */
const NEAREST = 4

/** What matters now of many sessions: those that are not over, in their order. */
function nearest(parts: readonly Figures[], at: number): readonly Figures[] {
  const ahead = parts.filter(({ closesAt }) => closesAt === undefined || Date.parse(closesAt) > at)
  if (parts.length <= NEAREST + 1) return parts
  return ahead.length === 0 ? parts.slice(-NEAREST) : ahead.slice(0, NEAREST)
}

function Activity({ activity, at, onAdjust }: { activity: ActivityState; at: number; onAdjust: () => void }) {
  const pace = useMemo(() => new Pace(), [activity.id])
  const parts = activity.prizes ?? activity.sessions
  const { remaining = 0, total = 0 } = activity
  const left = remaining > 0 ? pace.soldOutIn(at, remaining) : undefined
  const [all, setAll] = useState(false)
  const shown = all ? parts : nearest(parts, at)
  const counted = total > 0 || (activity.prizes?.length ?? 0) > 0
  return (
    <section class="activity">
      <div class="row">
        <h2>
          {activity.id} <span class="soft">{activity.kind}</span> {activity.paused && <Badge>paused</Badge>}
        </h2>
        <button type="button" class="quiet" onClick={onAdjust}>
          Adjust
        </button>
      </div>
      {counted && (
        <>
          {total > 0 && remaining === 0 && (
            <p class="soldout">Sold out. It opens again when units come back or are added.</p>
          )}
          {left !== undefined && <p class="soft">At this pace sold out in {stretch(left)}.</p>}
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">{activity.prizes ? 'prize' : 'session'}</th>
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
                {shown.map((figures) => (
                  <Row key={figures.id} name={figures.id} figures={figures} />
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
      )}
      {!counted && (
        <p class="soft">
          {activity.sessions
            .map(({ id, opensAt, closesAt }) => `${id}: ${moment(opensAt)} – ${moment(closesAt)}`)
            .join(' · ')}
        </p>
      )}
    </section>
  )
}

/** "Redis = journal = Postgres", and when that was seen. */
function Compared({ comparisons }: { comparisons: readonly Reconciliation[] }) {
  const last = comparisons.find(({ state }) => state === 'done')
  if (last === undefined) return <>not compared yet</>
  const differing = last.result?.differences?.length ?? 0
  const ago = stretch(Date.now() - Date.parse(last.finishedAt ?? ''))
  return <>{differing === 0 ? `Redis = journal = Postgres, ${ago} ago` : `${differing} differences, ${ago} ago`}</>
}

const worst = (shards: readonly ShardState[], name: string): number =>
  Math.max(0, ...shards.map((shard) => Number(shard[name] ?? 0)))

function Live({ state, at, onAdjust }: { state: CampaignState; at: number; onAdjust: (activity: string) => void }) {
  const { participants, shards, lastChange, activities } = state
  const closed = shards.filter((shard) => shard.state !== 'open')
  return (
    <>
      <div class="tiles">
        <Tile name="Participants">{count(participants)}</Tile>
        <Tile
          name="Shards open"
          note={closed.length > 0 ? `closed: ${closed.map(({ shard }) => shard).join(', ')}` : undefined}
        >
          {`${shards.length - closed.length} of ${shards.length}`}
        </Tile>
        <Tile name="Frames in the outbox">{count(worst(shards, 'outbox'))}</Tile>
        <Tile name="Frames not in Postgres yet">{count(worst(shards, 'kept'))}</Tile>
      </div>
      {lastChange && (
        <p class="soft">
          Last change: {lastChange.action} by {lastChange.operator}, {second(lastChange.at)}
          {lastChange.reason !== null && ` — ${lastChange.reason}`}
        </p>
      )}
      {activities.map((activity) => (
        <Activity key={activity.id} activity={activity} at={at} onAdjust={() => onAdjust(activity.id)} />
      ))}
    </>
  )
}

interface Doing {
  readonly title: string
  readonly effect: string
  readonly step: string
}

/** What an operator can do with a campaign in a state. */
function doingsOf(state: string): Doing[] {
  if (state === 'running' || state === 'published') {
    return [
      {
        title: 'Pause',
        step: 'pause',
        effect: 'Nobody can buy, spin or claim until it is resumed. Every gateway follows within a second.'
      },
      {
        title: 'End for good',
        step: 'end',
        effect: 'It never opens again. What was taken stays taken; unpaid orders still expire.'
      }
    ]
  }
  if (state === 'paused')
    return [{ title: 'Resume', step: 'resumption', effect: 'It goes on at once with the units that are left.' }]
  if (state === 'ended')
    return [
      {
        title: 'Settle',
        step: 'settlement',
        effect: 'Boards are rewarded and seeds shown once nothing is left to do. It cannot be taken back.'
      }
    ]
  return []
}

/** A campaign while it runs. */
export function Campaign({ id }: { id: string }) {
  const path = `/campaigns/${encodeURIComponent(id)}`
  const item = useAsked<CampaignItem>(path, 3000)
  const state = useAsked<CampaignState>(item.value.answer?.publishedVersion ? `${path}/state` : '', 1000)
  const comparisons = useAsked<Page<Reconciliation>>(`${path}/reconciliation`, 10_000)
  const [doing, setDoing] = useState<Doing>()
  const [adjusted, setAdjusted] = useState<string>()
  return (
    <main>
      <Known asked={item.value}>
        {(campaign) => (
          <>
            <div class="row">
              <h1>
                {localised(campaign.title, id)} <Badge>{campaign.state}</Badge>
              </h1>
              <div class="row">
                {doingsOf(campaign.state).map((one) => (
                  <button type="button" class="quiet" key={one.step} onClick={() => setDoing(one)}>
                    {one.title}
                  </button>
                ))}
              </div>
            </div>
            <p class="soft">
              {id} · {moment(campaign.opensAt)} – {moment(campaign.closesAt)} ·{' '}
              <a href={`#/campaigns/${encodeURIComponent(id)}/definition`}>definition</a> ·{' '}
              {comparisons.value.answer && <Compared comparisons={comparisons.value.answer.items} />}
            </p>
            {campaign.publishedVersion === null ? (
              <p class="empty">
                Not published yet. Its version {campaign.version} is {campaign.review}.
              </p>
            ) : (
              <Known asked={state.value}>
                {(known) => <Live state={known} at={state.value.at} onAdjust={setAdjusted} />}
              </Known>
            )}
          </>
        )}
      </Known>
      {doing && (
        <AskReason
          change={{ title: doing.title, effect: doing.effect, path: `${path}/${doing.step}` }}
          onClose={() => setDoing(undefined)}
        />
      )}
      {adjusted !== undefined && (
        <Adjust
          campaign={id}
          activity={state.value.answer?.activities.find((one) => one.id === adjusted)}
          onClose={() => setAdjusted(undefined)}
        />
      )}
    </main>
  )
}
