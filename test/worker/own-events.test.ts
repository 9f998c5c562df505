import type { Pool } from 'pg'
import t from 'tap'
import type { CatalogueCampaign } from '../../src/campaign/carrying/catalogue.ts'
import { findActivity, rulesOf } from '../../src/campaign/definition/rules.ts'
import type { PublicEvent } from '../../src/events/cloud-event.ts'
import type { Publisher } from '../../src/journal/publisher.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { MomentTeller } from '../../src/worker/events/tell-moments.ts'
import { StockTeller } from '../../src/worker/events/tell-stock.ts'
import { aCampaign } from '../support/http/http-app.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { startCore } from '../support/shop/core.ts'

const urls = await sharedServers(t)
const HOUR = 3_600_000

/** A stream that keeps an id once, and a worker that is killed as a test says: before it, or after it and before its note. */
class Stream {
  readonly told: string[] = []
  readonly texts: Array<{ type: string; subject: string; time: string; data: Record<string, unknown> }> = []
  kill: 'before' | 'after' | undefined

  readonly publisher = {
    publishChain: async (events: readonly PublicEvent[]) => {
      if (this.kill === 'before') throw new Error('killed')
      for (const { id, payload } of events) {
        if (this.told.includes(id)) continue
        this.told.push(id)
        this.texts.push(JSON.parse(String(payload)))
      }
      if (this.kill === 'after') throw new Error('killed')
      return { acked: true, duplicate: false, sequence: 1 }
    }
  } as unknown as Publisher
}

interface Flags {
  readonly ended?: boolean
  readonly settled?: boolean
  readonly publishedAt?: number
}

const iso = (ms: number) => new Date(ms).toISOString()

/** A campaign of four hours from `from` on with a sale of two sessions, one in each half, and a draw. */
function campaignFrom(id: string, from: number, flags: Flags = {}): CatalogueCampaign {
  const session = (name: string, hours: number) => ({
    id: name,
    opensAt: iso(from + hours * HOUR),
    closesAt: iso(from + (hours + 2) * HOUR),
    stock: 10
  })
  const definition = {
    id,
    title: id,
    timezone: 'UTC',
    opensAt: iso(from),
    closesAt: iso(from + 4 * HOUR),
    activities: [
      {
        id: 'phone',
        kind: 'sale' as const,
        title: 'Phone',
        price: 100,
        currency: 'CNY',
        sessions: [session('am', 0), session('pm', 2)]
      }
    ]
  }
  const rules = rulesOf(definition)
  return { ...aCampaign(), id, definition, rules, publishedAt: from, ...flags }
}

async function world() {
  const { pool } = await startCore(t, urls)
  const stream = new Stream()
  const campaigns: CatalogueCampaign[] = []
  const clock = { now: Date.now() + HOUR }
  const catalogue = {
    refresh: async () => {},
    list: () => campaigns,
    findActivity(id: string, activityId: string) {
      const campaign = campaigns.find((one) => one.id === id)
      const activity = campaign && findActivity(campaign.rules, activityId)
      return campaign && activity && { campaign, activity }
    }
  }
  const parts = { pool, catalogue, publisher: stream.publisher, names: streamNames('floodgate'), now: () => clock.now }
  return { pool, stream, campaigns, clock, parts }
}

interface Left {
  readonly shard?: number
  readonly session?: string
  readonly remaining: number
  readonly held?: number
}

/** What a shard has of ten units. */
async function setLeft(pool: Pool, { shard = 0, session = 'am', remaining, held = 0 }: Left): Promise<void> {
  const row = { shard, session, remaining, held, paid: 10 - remaining - held }
  await pool.query(
    `insert into stock (shard, campaign_id, activity_id, session_id, total, remaining, held, paid)
     select shard, 'launch', 'phone', session, 10, remaining, held, paid
     from json_to_record($1::json) as r(shard int, session text, remaining int, held int, paid int)
     on conflict on constraint stock_pkey do update set remaining = excluded.remaining, held = excluded.held, paid = excluded.paid`,
    [JSON.stringify(row)]
  )
}

t.test('a session opens and closes once, and so does a campaign, though workers are killed', async (t) => {
  const { stream, campaigns, clock, parts } = await world()
  const from = clock.now
  campaigns.push(campaignFrom('launch', from), campaignFrom('before', from - 30 * 24 * HOUR))
  const expected: Array<[number, string[]]> = [
    [-1, []],
    [0, ['session.opened:launch:phone:am']],
    [1, []],
    [2 * HOUR, ['session.closed:launch:phone:am', 'session.opened:launch:phone:pm']],
    [4 * HOUR, ['session.closed:launch:phone:pm', 'campaign.ended:launch']],
    [9 * HOUR, []]
  ]
  const all: string[] = []
  let teller = new MomentTeller(parts)
  for (const [after, ids] of expected) {
    clock.now = from + after
    for (const kill of ['before', 'after'] as const) {
      stream.kill = kill
      if (ids.length > 0) await t.rejects(teller.step(), { message: 'killed' })
      teller = new MomentTeller(parts)
    }
    stream.kill = undefined
    await teller.step()
    await teller.step()
    all.push(...ids)
    t.strictSame(stream.told, all)
  }
  t.match(stream.texts[0], {
    type: 'floodgate.session.opened',
    subject: 'am',
    time: iso(from),
    data: { campaign: 'launch', activity: 'phone', session: 'am', opensAt: iso(from), closesAt: iso(from + 2 * HOUR) }
  })
  t.match(stream.texts.at(-1), { type: 'floodgate.campaign.ended', subject: 'launch', data: { activity: '' } })
})

t.test('whoever ends a campaign closes what is open; what had not opened never does', async (t) => {
  const { stream, campaigns, clock, parts } = await world()
  const from = clock.now
  const teller = new MomentTeller(parts)
  campaigns.push(campaignFrom('launch', from))
  await teller.step()
  campaigns[0] = campaignFrom('launch', from, { ended: true })
  clock.now = from + HOUR
  await teller.step()
  clock.now = from + 9 * HOUR
  await teller.step()
  await new MomentTeller(parts).step()
  t.strictSame(stream.told, ['session.opened:launch:phone:am', 'session.closed:launch:phone:am'])
})

t.test('stock that runs out on all shards is told, and that it is there again, each turn once', async (t) => {
  const { pool, stream, campaigns, clock, parts } = await world()
  const from = clock.now
  campaigns.push(campaignFrom('launch', from))
  let teller = new StockTeller(parts)
  const left = (row: Left) => setLeft(pool, row)
  const look = async () => {
    for (const kill of ['before', 'after'] as const) {
      stream.kill = kill
      // a first look is not sure, so only the second one tells
      await teller.step().catch(() => {})
      await teller.step().catch(() => {})
      teller = new StockTeller(parts)
    }
    stream.kill = undefined
    for (let step = 0; step < 3; step++) await teller.step()
  }
  await left({ remaining: 0 })
  await left({ shard: 1, remaining: 3 })
  await look()
  t.strictSame(stream.told, [], 'another shard has some')
  await left({ shard: 1, remaining: 0, held: 2 })
  await look()
  t.strictSame(stream.told, ['activity.soldout:launch:phone:am:1'])
  t.match(stream.texts[0], { subject: 'phone', data: { session: 'am', remaining: 0, mayReopen: true } })
  await left({ shard: 1, remaining: 1, held: 1 })
  await look()
  await left({ shard: 1, remaining: 0, held: 2 })
  await look()
  t.strictSame(stream.told.slice(1), ['activity.reopened:launch:phone:am:2', 'activity.soldout:launch:phone:am:3'])
  // a unit that comes back after the session can be had by nobody
  clock.now = from + 3 * HOUR
  await left({ shard: 1, remaining: 2 })
  await left({ session: 'pm', remaining: 0 })
  await look()
  t.strictSame(stream.told.slice(3), ['activity.soldout:launch:phone:pm:1'])
  t.match(stream.texts.at(-1), { data: { mayReopen: false } })
})

t.test('units on their way from one shard to another have not run out', async (t) => {
  const { pool, stream, campaigns, parts } = await world()
  campaigns.push(campaignFrom('launch', parts.now()))
  const teller = new StockTeller(parts)
  for (const remaining of [1, 0, 1, 0, 1]) {
    await setLeft(pool, { remaining })
    await teller.step()
  }
  t.strictSame(stream.told, [])
})
