import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { useAsked } from '../asked.ts'
import { Badge, Empty, Known } from '../parts/ui.tsx'
import type { CampaignItem, Condition, Health, Page } from '../shapes.ts'
import { localised, moment, stretch } from '../words.ts'
import { PauseAll, ResumeThose } from './together.tsx'

const ORDER = ['running', 'paused', 'published', 'approved', 'submitted', 'draft', 'ended', 'settled', 'archived']
const MEANS: Readonly<Record<string, string>> = {
  running: 'Selling now',
  paused: 'Paused',
  published: 'Will open',
  approved: 'Approved, not published',
  submitted: 'Waits for a second operator',
  draft: 'Drafts',
  ended: 'Ended, to be settled',
  settled: 'Settled',
  archived: 'Archived'
}

/** The time until a moment, counted down. */
function Until({ at }: { at: string }) {
  const now = useSignal(Date.now())
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now()
    }, 1000)
    return () => clearInterval(timer)
  }, [])
  const left = Date.parse(at) - now.value
  return <>{left > 0 ? stretch(left) : 'now'}</>
}

function Trouble({ conditions }: { conditions: readonly Condition[] }) {
  const bad = conditions.filter(({ ok }) => !ok)
  if (bad.length === 0) {
    return (
      <p class="calm">
        <Badge tone="good">all well</Badge> {conditions.length} conditions hold.
      </p>
    )
  }
  return (
    <ul class="trouble">
      {bad.map(({ name, detail, since, runbook }) => (
        <li key={name}>
          <Badge tone="bad">{name}</Badge> {detail}
          <small>
            since {moment(since)} · what to do: {runbook}
          </small>
        </li>
      ))}
    </ul>
  )
}

function Campaign({ item }: { item: CampaignItem }) {
  const { nextOpening } = item
  return (
    <li class="card">
      <a href={`#/campaigns/${encodeURIComponent(item.id)}`}>
        <b>{localised(item.title, item.id)}</b> {item.title && <span class="soft">{item.id}</span>}
      </a>
      <p class="soft">
        {nextOpening ? (
          <>
            {nextOpening.activity} opens in{' '}
            <b class="figure">
              <Until at={nextOpening.at} />
            </b>{' '}
            ({moment(nextOpening.at)})
          </>
        ) : item.opensAt ? (
          `${moment(item.opensAt)} – ${moment(item.closesAt)}`
        ) : (
          `version ${item.version} by ${item.author}`
        )}
      </p>
    </li>
  )
}

function Campaigns({ items }: { items: readonly CampaignItem[] }) {
  if (items.length === 0) {
    return (
      <Empty>
        No campaign yet. Save a definition with <code>floodgate campaign save file.json</code>; a second operator
        approves it.
      </Empty>
    )
  }
  const states = [...new Set(items.map(({ state }) => state))].toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
  return (
    <>
      {states.map((state) => (
        <section key={state}>
          <h2>{MEANS[state] ?? state}</h2>
          <ul class="cards">
            {items
              .filter((item) => item.state === state)
              .map((item) => (
                <Campaign key={item.id} item={item} />
              ))}
          </ul>
        </section>
      ))}
    </>
  )
}

/** All campaigns by state, trouble first. */
export function Tonight() {
  const health = useAsked<Health>('/health', 3000)
  const campaigns = useAsked<Page<CampaignItem>>('/campaigns?limit=100', 3000)
  return (
    <main>
      <div class="row">
        <h1>Tonight</h1>
        <div class="row">
          <a href="#/new">New campaign</a>
          <PauseAll />
        </div>
      </div>
      <Known asked={health.value}>{({ conditions }) => <Trouble conditions={conditions} />}</Known>
      <Known asked={campaigns.value}>
        {({ items }) => (
          <>
            <ResumeThose items={items} />
            <Campaigns items={items} />
          </>
        )}
      </Known>
    </main>
  )
}
