import { createHash } from 'node:crypto'
import { test } from 'tap'
import type { CatalogueCampaign } from '../../../src/campaign/carrying/catalogue.ts'
import { findActivity } from '../../../src/campaign/definition/rules.ts'
import { packSessions } from '../../../src/campaign/parts/packed.ts'
import { createActivityFinder } from '../../../src/http/answering/find-activity.ts'
import { liveView } from '../../../src/http/campaigns/campaign-view.ts'
import { LiveFigures } from '../../../src/http/campaigns/live-figures.ts'
import { aDraw, aPrize, aRedemption, aTask, rulesOf, thanks, withActivities } from '../../campaign/example-kinds.ts'
import { aCampaign, aCatalogue, bearer, publicApp } from '../../support/http/http-app.ts'
import { ScriptedGate } from '../../support/http/scripted-gate.ts'

const seed = Buffer.alloc(32, 7)
const commitment = createHash('sha256').update(seed).digest('hex')

const wheel = aDraw({
  chances: { daily: 1, extraPerDay: 3 },
  closesAt: '2026-11-11T20:00:00+08:00',
  weightsByLevel: [{ level: 2, weights: { first: 20 } }],
  prizes: [
    aPrize({ display: { color: '#f00' }, weight: 20, guaranteedAfter: 5 }),
    { ...thanks, title: { en: 'Thanks', 'zh-CN': '谢谢' } }
  ]
})
const rules = rulesOf(
  withActivities([wheel, aTask({ tier: 'basic', category: 'daily' }), aRedemption({ pool: 'codes' })])
)

function published(changes: Partial<CatalogueCampaign> = {}): CatalogueCampaign {
  return { ...aCampaign(), rules, seeds: new Map([['wheel', { seed, commitment }]]), ...changes }
}

const during = Date.parse('2026-11-11T12:00:00+08:00')
const closing = Date.parse('2026-11-11T20:00:00+08:00')
const sessions = packSessions(findActivity(rules, 'wheel')?.sessions ?? [])
const hashes = {
  'c:launch': { participants: '9', ended: '0', closes_at: String(rules.closesAt) },
  'a:launch:wheel': { sessions },
  's:launch:wheel': { 'first:total': '3', 'first:remaining': '2', chain: '0a1b2c3d4e5f6' },
  's:launch:ticket': { 'all:total': '200', 'all:remaining': '150' }
}

type Shown = Record<string, unknown> & { id: string }

async function shown(
  t: Parameters<typeof publicApp>[0],
  state: { now?: number; campaign?: CatalogueCampaign; hashes?: typeof hashes; page?: string; language?: string } = {}
) {
  const { now = during, campaign = published(), page = '', language = 'en' } = state
  const { app, gate } = await publicApp(t, { now: () => now, catalogue: aCatalogue([campaign]) })
  gate.hashes = state.hashes ?? hashes
  const answer = (
    await app.inject({ url: `/v1/campaigns/launch${page}`, headers: { 'accept-language': language } })
  ).json()
  return { answer, of: (id: string) => (answer.activities as Shown[]).find((activity) => activity.id === id) }
}

test('a draw is shown with odds, what is left, and the commitment to its seed', async (t) => {
  const { of } = await shown(t)
  t.match(of('wheel'), {
    kind: 'draw',
    chances: { daily: 1, extraPerDay: 3 },
    limits: { perDay: null, perCampaign: null, winsPerCampaign: null, winsPerTier: {} },
    fallback: 'thanks',
    currentSession: 'all',
    remaining: 2,
    prizes: [
      {
        id: 'first',
        tier: 1,
        title: 'Phone',
        type: 'physical',
        quota: 3,
        remaining: 2,
        weight: 20,
        odds: 0.2,
        guaranteedAfter: 5,
        display: { color: '#f00' }
      },
      { id: 'thanks', title: 'Thanks', quota: null, remaining: null, weight: 80, odds: 0.8 }
    ],
    oddsByLevel: [{ level: 2, odds: { first: 0.2, thanks: 0.8 } }],
    seedCommitment: commitment,
    algorithm: /HMAC-SHA256/,
    sessions: [{ id: 'all', closesAt: '2026-11-11T12:00:00.000Z', paused: false }]
  })
  t.notOk(of('wheel')?.seed, 'the seed is secret while it is drawn')
  t.notMatch(JSON.stringify(of('wheel')), seed.toString('hex'))
})

test('tasks and redemptions are shown with what they give, cost and leave', async (t) => {
  const { of } = await shown(t)
  t.match(of('check-in'), {
    kind: 'task',
    title: 'check-in',
    per: 'day',
    tier: 'basic',
    category: 'daily',
    reward: { points: 5 }
  })
  t.equal(of('check-in')?.remaining, undefined)
  t.equal(of('wheel')?.category, undefined)
  t.match(of('ticket'), {
    kind: 'redemption',
    cost: { points: 500 },
    unitsPerUser: null,
    remaining: 150,
    sessions: [{ id: 'all', total: 200, remaining: 150 }]
  })
})

test('the rules page has the odds of every draw, and no figures that change', async (t) => {
  const { answer, of } = await shown(t, { page: '/rules' })
  t.strictSame(answer.odds, { wheel: { first: 0.2, thanks: 0.8 } })
  t.match(of('wheel'), { fallback: 'thanks', seedCommitment: commitment, prizes: [{ id: 'first', odds: 0.2 }, {}] })
  t.notMatch(JSON.stringify(answer), /"remaining"|"total"/)
})

test('the rules say in words what a win is and what a promise counts', async (t) => {
  const { of } = await shown(t, { page: '/rules' })
  t.match(of('wheel')?.terms, [
    /prize of type nothing is no win/,
    /fallback is given whenever/,
    /^After 5 spins without a win since your last win of "Phone" or of a prize of a better tier/
  ])
  const chinese = await shown(t, { page: '/rules', language: 'zh-CN' })
  t.match(chinese.of('wheel')?.terms, [/不算中奖/, /保底奖品/, /Phone.*5 次未中奖/])
  t.equal((await shown(t)).of('wheel')?.terms, undefined)
  const kept = aDraw({ chances: { daily: 2 } })
  const keeping = rulesOf(withActivities([kept], { policies: { unusedDailyChances: 'keep' } }))
  const { of: keptOf } = await shown(t, { page: '/rules', campaign: published({ rules: keeping }) })
  t.match(keptOf('wheel')?.terms, [/./, /./, /also those of days without a spin: at most 60, those of 30 days/])
})

test('the seed is shown when the draw has ended, by its rules and by what Redis holds', async (t) => {
  const seedOf = async (state: Parameters<typeof shown>[1]) => (await shown(t, state)).of('wheel')?.seed
  t.equal(await seedOf({ now: closing }), undefined, 'clocks differ: not in the same second')
  t.equal(await seedOf({ now: closing + 2000 }), seed.toString('hex'))
  t.equal(await seedOf({ now: closing + 2000, page: '/rules' }), seed.toString('hex'))
  const longer = packSessions([{ id: 'all', opensAt: 0, closesAt: closing + 60_000, unitsPerUser: 0, paused: false }])
  const told = (part: Partial<typeof hashes>) => ({ ...hashes, ...part })
  const before = { now: closing + 2000, hashes: told({ 'a:launch:wheel': { sessions: longer } }) }
  t.equal(await seedOf(before), undefined, 'Redis goes on drawing')
  t.equal(await seedOf({ ...before, hashes: told({ 'a:launch:wheel': { sessions: 'broken' } }) }), undefined)
  const ended = published({ ended: true })
  t.equal(await seedOf({ campaign: ended }), undefined, 'the end has not reached Redis yet')
  const over = told({ 'c:launch': { ...hashes['c:launch'], ended: '1' } })
  t.equal(await seedOf({ campaign: ended, hashes: over }), seed.toString('hex'))
  t.equal(await seedOf({ hashes: over }), undefined, 'Redis alone does not say so either')
})

test('the live stream says what is left of each prize and item', async (t) => {
  const campaign = published()
  const gate = new ScriptedGate()
  gate.hashes = hashes
  const figures = new LiveFigures({ gate, catalogue: aCatalogue([campaign]), now: () => during })
  t.match(liveView({ campaign, now: during, figures: undefined }), {
    activities: [{ id: 'wheel', remaining: null, prizes: [{ id: 'first', remaining: null }] }, {}, {}, {}]
  })
  await figures.refresh()
  t.match(liveView({ campaign, now: during, figures: figures.of('launch') }), {
    participants: 9,
    activities: [
      { id: 'wheel', kind: 'draw', remaining: 2, prizes: [{ id: 'first', remaining: 2 }] },
      { id: 'check-in', kind: 'task', currentSession: 'all' },
      { id: 'ticket', cost: { points: 500 }, remaining: 150, session: 'all' },
      { id: 'phone', price: 299900 }
    ]
  })
})

test('my standing lists every activity', async (t) => {
  const { app, gate } = await publicApp(t, { now: () => during, catalogue: aCatalogue([published()]) })
  gate.hashes = { 'u:alice': { 'n:launch/wheel': '4', 'n:launch/ticket': '1' } }
  const answer = await app.inject({ url: '/v1/campaigns/launch/me', headers: { authorization: bearer('alice') } })
  t.match(Object.fromEntries((answer.json().activities as Shown[]).map((activity) => [activity.id, activity.units])), {
    wheel: { count: 4, limit: null },
    ticket: { count: 1, limit: null },
    'check-in': { count: 0 }
  })
})

test('an activity of any kind is found by its id, unless it is hidden', async (t) => {
  const hidden = rulesOf(withActivities([aDraw({ visibleFrom: '2026-11-11T18:00:00+08:00' }), aTask()]))
  const finder = createActivityFinder(aCatalogue([published({ rules: hidden })]), () => during)
  t.match(await finder.findActivity('launch', 'check-in'), { activity: { kind: 'task' } })
  t.match(await finder.findActivity('launch', 'phone'), { activity: { kind: 'sale' } })
  t.equal(await finder.findActivity('launch', 'wheel'), undefined)
})
