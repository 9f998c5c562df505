import t from 'tap'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, packedSession, preload } from '../support/shop/core.ts'
import { type ActivitySpec, openActivity, setClock, sureDraw, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)
const HOUR = 3_600_000
const MINUTE = 60_000
const now = Date.now()

const session = (id: string, opensAt: number) => packedSession({ opensAt, closesAt: opensAt + HOUR / 4, id })
const times = { past: now - HOUR / 2, am: now + HOUR / 2, pm: now + HOUR }
const targets = Object.entries(times)
  .map(([id, opensAt]) => session(id, opensAt))
  .join('')

const remind: ActivitySpec = {
  campaign: 'c',
  activity: 'remind',
  kind: 'reservation',
  rules: { targets, remind_ms: String(10 * MINUTE), per_campaign: '0' }
}

const reserve = (user: string, about = '', key = `u:${about}-of-${user}`) =>
  takePart(remind, user, { about, hash: about, key })

async function open(...activities: ActivitySpec[]): Promise<Shop> {
  const shop = await openShop(t, urls)
  for (const activity of activities) decisionOf(await shop.gate.submit(openActivity(activity)))
  return shop
}

t.test('a session is reserved once, before it opens, and counted', async (t) => {
  const shop = await open(remind)
  const { gate, redis, prefix } = shop
  const made = decisionOf(await gate.submit(reserve('ann', 'am')))
  t.match(made, { type: 'reservation.made', report: `am,${times.am - 10 * MINUTE},am` })
  t.match(await gate.submit(reserve('ann', 'am')), { replayed: true, decision: { id: made.id } })
  t.match(await gate.submit(reserve('ann', 'am', 'u:again')), { code: 'ALREADY_DONE' })
  t.match(await gate.submit(reserve('ann', 'none')), { code: 'NOT_FOUND' })
  t.match(await gate.submit(reserve('ann', 'past')), {
    code: 'SESSION_CLOSED',
    members: { nextOpensAt: new Date(times.am).toISOString() }
  })
  const all = decisionOf(await gate.submit(reserve('ben')))
  t.equal(all.report, `,${times.am - 10 * MINUTE},am`, 'of all sessions the next one says when')
  t.match(await gate.submit(reserve('ben', 'pm')), { code: 'ALREADY_DONE' }, 'all is each of them')
  t.match(await gate.submit(reserve('ann')), { kind: 'confirmed' }, 'each of them is not yet all')
  t.match(await redis.hgetall(`${prefix}s:c:remind`), { 'am:reserved': '1', ':reserved': '2' })
  const crowd = await Promise.all([1, 2, 3, 4].map((n) => gate.submit(reserve('cleo', 'pm', `u:race-${n}`))))
  t.equal(crowd.filter(({ kind }) => kind === 'confirmed').length, 1, 'of four at once one is made')

  await setClock(shop, times.am - MINUTE)
  const late = decisionOf(await gate.submit(reserve('dan', 'am')))
  t.equal(late.report, `am,${times.am - MINUTE},am`, 'reserved later than ten minutes before: at once')
  await setClock(shop, times.pm)
  t.match(await gate.submit(reserve('eve', 'pm')), { code: 'SESSION_CLOSED', members: { nextOpensAt: null } })
  t.match(await gate.submit(reserve('eve')), { code: 'SESSION_CLOSED', members: { nextOpensAt: null } })
  await assertWhole(t, shop)
})

t.test('limits and the deadline of a reservation hold', async (t) => {
  const until = now + MINUTE
  const sessions = packedSession({ opensAt: now - HOUR, closesAt: until, id: 'all' })
  const shop = await open({ ...remind, rules: { ...remind.rules, per_campaign: '1', sessions } })
  const { gate } = shop
  decisionOf(await gate.submit(reserve('ann', 'am')))
  t.match(await gate.submit(reserve('ann', 'am', 'u:more')), { code: 'ALREADY_DONE' })
  t.match(await gate.submit(reserve('ann', 'pm')), { code: 'LIMIT_REACHED', members: { scope: 'activity', limit: 1 } })
  await setClock(shop, until - 1)
  t.match(await gate.submit(reserve('ben', 'am')), { kind: 'confirmed' })
  await setClock(shop, until)
  t.match(await gate.submit(reserve('cleo', 'am')), { code: 'SESSION_CLOSED', members: { nextOpensAt: null } })
})

t.test('damaged rules and records make a command corrupt, and no reservation', async (t) => {
  const shop = await open(remind)
  const { gate, redis, prefix } = shop
  await redis.hset(`${prefix}u:ann`, '1:c/remind:am', 'x')
  t.match(await gate.submit(reserve('ann', 'am')), { kind: 'unavailable' })
  await redis.hset(`${prefix}a:c:remind`, 'targets', `${targets}x`)
  t.match(await gate.submit(reserve('ben', 'am')), { kind: 'unavailable' })
  await redis.hset(`${prefix}a:c:remind`, 'targets', targets, 'remind_ms', '-1')
  t.match(await gate.submit(reserve('ben', 'am')), { kind: 'unavailable' })
})

t.test('a sale and a draw that ask for a reservation refuse those without one', async (t) => {
  const toDraw = { ...remind, activity: 'to-draw', rules: { ...remind.rules, targets: session('all', times.am) } }
  const wheel = sureDraw('1;points;0;0;0;0;5;points b:points 5 0 0;', { rules: { reserved: 'to-draw' } })
  const shop = await open(remind, toDraw)
  const { gate } = shop
  const sessions = Object.entries(times).map(([id, opensAt]) => session(id, opensAt))
  const sale = { campaign: 'c', sale: 'phone', stock: 5, sessions: sessions.join(''), rules: { reserved: 'remind' } }
  decisionOf(await gate.submit(preload(sale)))
  // the wheel opens with the campaign; only its reservation is of a session to come
  decisionOf(await gate.submit(openActivity(wheel)))
  decisionOf(await gate.submit(reserve('ann', 'am')))
  decisionOf(await gate.submit(reserve('ben', 'pm')))
  decisionOf(await gate.submit(reserve('cleo')))
  const spin = (user: string) => gate.submit(takePart(wheel, user, { random: 'r', key: `u:spin-of-${user}` }))
  const needs = (reservation: string) => ({ code: 'NOT_ELIGIBLE', members: { requires: { reservation } } })
  t.match(await spin('ann'), needs('to-draw'))
  decisionOf(await gate.submit({ ...reserve('ann', 'all', 'u:draw'), activity: 'to-draw' }))
  t.match(await spin('ann'), { kind: 'confirmed' })

  await atRest(shop)
  await setClock(shop, times.am + MINUTE)
  const stocked = { op: 'adjust', type: 'campaign.adjusted', user: '$system', hash: '', campaign: 'c' } as const
  const adds = ['am', 'pm'].map((id) => ['s:c:phone', `${id}:remaining`, 5] as const)
  decisionOf(await gate.submit({ ...stocked, key: 'x:adj:7', activity: 'phone', puts: [], adds, request: '{}' }))
  t.match(await gate.submit(buy(sale, 'ann')), { kind: 'confirmed' })
  t.match(await gate.submit(buy(sale, 'ben')), needs('remind'), 'of another session')
  t.match(await gate.submit(buy(sale, 'cleo')), { kind: 'confirmed' }, 'of all sessions')
  t.match(await gate.submit(buy(sale, 'dan')), needs('remind'))
  const second = await gate.submit(buy(sale, 'ann', { key: 'u:second' }))
  t.match(second, { kind: 'confirmed' }, 'a reservation is not used up')
})

t.test('a purchase waits until the reservation that it rests on is journaled', async (t) => {
  const shop = await open({ ...remind, rules: { ...remind.rules, targets: session('am', times.am) } })
  const { gate, redis, prefix, core } = shop
  decisionOf(await gate.submit(preload({ campaign: 'c', sale: 'now', stock: 5, rules: { reserved: 'remind' } })))
  await shop.stopWorker()
  const outcomes = await Promise.all([
    gate.submit(reserve('ann', 'am')),
    gate.submit(buy({ campaign: 'c', sale: 'now' }, 'ann', { key: 'u:at-once' }))
  ])
  t.match(outcomes[0], { kind: 'confirmed' })
  t.match(outcomes[1], { kind: 'confirmed' })
  t.ok(await redis.hget(`${prefix}u:ann`, 'n:c/now'))
  core.worker()
  await assertWhole(t, shop)
})
