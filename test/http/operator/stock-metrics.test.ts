import { test } from 'tap'
import type { CatalogueCampaign } from '../../../src/campaign/carrying/catalogue.ts'
import { rulesOf } from '../../../src/campaign/definition/rules.ts'
import { LiveFigures } from '../../../src/http/campaigns/live-figures.ts'
import { createStockMetrics } from '../../../src/http/server/stock-metrics.ts'
import { aCampaign, aCatalogue } from '../../support/http/http-app.ts'
import { ScriptedGate } from '../../support/http/scripted-gate.ts'

const HOUR_MS = 3_600_000
const OPENS = Date.UTC(2030, 0, 1)

/** A campaign with a session an hour, for as many hours. */
function manySessions(hours: number) {
  const time = (hour: number) => new Date(OPENS + hour * HOUR_MS).toISOString()
  const { definition, ...campaign } = aCampaign()
  const sessions = Array.from({ length: hours }, (_, hour) => {
    return { id: `s${hour}`, opensAt: time(hour), closesAt: time(hour + 1), stock: 10 }
  })
  const [phone] = definition.activities
  const own = { ...definition, opensAt: time(0), closesAt: time(hours), activities: [{ ...phone, sessions }] }
  const rules = rulesOf(own as Parameters<typeof rulesOf>[0])
  return { ...campaign, rules, definition: own as typeof definition }
}

const figuresOf = (items: readonly string[]) => ({
  refresh: async () => {},
  of: () => ({
    participants: 0,
    stock: new Map(items.map((item) => [`phone/${item}`, { total: 10, remaining: 4, held: 0, paid: 0 }])),
    counts: new Map(),
    ended: false,
    closings: new Map(),
    asOf: 0
  })
})

const shownBy = (text: string) => [...text.matchAll(/remaining_units\{.*item="(\w+)"\} 4/g)].map(([, item]) => item)

test('units are shown of sessions that are open or open soon, and of no campaign that is over', async (t) => {
  const campaign = manySessions(24)
  const figures = figuresOf(campaign.rules.activities.flatMap(({ sessions }) => sessions.map(({ id }) => id)))
  let now = OPENS + 5 * HOUR_MS + 1
  const metrics = createStockMetrics({ figures, catalogue: aCatalogue([campaign]), now: () => now })
  const text = await metrics.metrics()
  t.strictSame(shownBy(text), ['s5', 's6'])
  t.match(text, 'floodgate_stock_total_units{campaign="launch",activity="phone",item="s5"} 10')
  now = OPENS - 2 * HOUR_MS
  t.strictSame(shownBy(await metrics.metrics()), [], 'what opens later is not shown yet')
  now = OPENS + 24 * HOUR_MS
  t.strictSame(shownBy(await metrics.metrics()), [])
})

test('there are never more series than a bound, and it is said how many are missing', async (t) => {
  const campaigns = Array.from({ length: 600 }, (_, number) => ({ ...manySessions(2), id: `c${number}` }))
  const catalogue = aCatalogue(campaigns)
  const metrics = createStockMetrics({ figures: figuresOf(['s0', 's1']), catalogue, now: () => OPENS })
  const text = await metrics.metrics()
  t.equal(shownBy(text).length, 500)
  t.match(text, 'floodgate_stock_left_out_items 700')
})

test('figures that were asked for before anything was published are read once there is something', async (t) => {
  const gate = new ScriptedGate()
  const campaigns: CatalogueCampaign[] = []
  let now = Date.parse('2026-12-01')
  const catalogue = { ...aCatalogue(), list: () => campaigns }
  const figures = new LiveFigures({ gate, catalogue, now: () => now })
  await figures.refresh()
  campaigns.push(aCampaign())
  gate.hashes = { 's:launch:phone': { 'am:total': '10', 'am:remaining': '4' } }
  now += 1000
  await figures.refresh()
  t.match(figures.of('launch')?.stock.get('phone/am'), { remaining: 4, total: 10 })
})
