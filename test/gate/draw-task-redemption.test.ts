import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { dayNumber } from '../../src/base/day.ts'
import { carriedChances, decodeKept } from '../../src/record/draw.ts'
import { userField } from '../../src/record/fields.ts'
import { decodeCompletion } from '../../src/record/reports/completion.ts'
import { movesOf } from '../../src/record/reports/moves.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { middayMinutes } from '../support/midday.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { packedSession } from '../support/shop/core.ts'
import {
  type ActivitySpec,
  changeWin,
  credit,
  openActivity,
  pointsWheel,
  setClock,
  takePart
} from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, winsHeld } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

const DAY = 86_400_000

const wheel = pointsWheel(2)

t.test('a draw takes points, gives prizes within their quota, and the ledger adds up', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(wheel)))
  t.match(await gate.submit(takePart(wheel, 'ann')), {
    kind: 'refused',
    code: 'INSUFFICIENT_BALANCE',
    members: { unit: 'points', balance: 0, required: 10 }
  })
  decisionOf(await gate.submit(credit('ann', 'b:points', 1000)))
  const seen = new Map<string, number>()
  let points = 1000
  for (let spin = 0; spin < 30; spin++) {
    const command = takePart(wheel, 'ann', { key: `u:spin-${spin}`, random: `random-${spin}` })
    const decision = decisionOf(await gate.submit(command))
    const { prize, number, moves } = decodeSpin(decision.report)
    t.match(number, /^[\da-f]{13}$/)
    seen.set(prize, (seen.get(prize) ?? 0) + 1)
    points += prize === 'points' ? 40 : -10
    t.equal(moves.at(-1)?.balance, points)
    t.equal(decision.type, prize === 'thanks' ? 'spin.lost' : 'spin.won')
    t.equal(decision.win?.prize, prize === 'thanks' ? undefined : prize)
    const again = await gate.submit(command)
    t.same(decisionOf(again), decision, 'a replay tells the same')
  }
  t.equal(seen.get('first'), 2)
  t.ok((seen.get('points') ?? 0) > 3)
  const wins = await winsHeld(shop, 'ann')
  t.equal(wins.length, 30 - (seen.get('thanks') ?? 0))
  const first = wins.find(({ prize }) => prize === 'first')
  const given = wins.find(({ prize }) => prize === 'points')
  t.match(await gate.submit(changeWin(wheel, 'claim', { user: 'ann', win: given?.id ?? '' })), { code: 'ALREADY_DONE' })
  t.match(decisionOf(await gate.submit(changeWin(wheel, 'claim', { user: 'ann', win: first?.id ?? '' }))), {
    type: 'win.claimed',
    win: { status: 'claimed', prize: 'first' }
  })
  const revoked = decisionOf(await gate.submit(changeWin(wheel, 'revoke', { user: 'ann', win: given?.id ?? '' })))
  t.match(movesOf(revoked.report), [{ unit: 'points', delta: -50, balance: points - 50 }])
  decisionOf(await gate.submit(changeWin(wheel, 'revoke', { user: 'ann', win: first?.id ?? '' })))
  await atRest(shop)
  t.match(await shop.redis.hgetall(`${shop.prefix}s:c:wheel`), { 'first:remaining': '1', 'first:paid': '1' })
  t.same(
    await shop.redis
      .hmget(`${shop.prefix}u:ann`, 'd', 'q:34', 'q:35')
      .then(([d, last, none]) => [d, last !== null, none]),
    ['34', true, null]
  )
  await assertWhole(t, shop)
})

t.test('a check-in counts once a day, keeps a streak and is doubled', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const checkIn: ActivitySpec = {
    campaign: 'c',
    activity: 'check-in',
    kind: 'task',
    rules: {
      per: 'day',
      reward: 'points b:points 5 0 1,chances:wheel ch:c/wheel 2 3 0',
      streak: '2=points b:points 50 0 1'
    }
  }
  const after: ActivitySpec = {
    campaign: 'c',
    activity: 'more',
    kind: 'task',
    rules: { per: 'campaign', after: 'check-in', reward: 'chances:wheel ch:c/wheel 2 3 0' }
  }
  decisionOf(await gate.submit(openActivity(checkIn)))
  decisionOf(await gate.submit(openActivity(after)))
  t.match(await gate.submit(takePart(after, 'ann')), { code: 'PREREQUISITE', members: { after: ['check-in'] } })
  const today = decisionOf(await gate.submit(takePart(checkIn, 'ann')))
  t.match(decodeCompletion(today.report), {
    streak: 1,
    moves: [
      { unit: 'points', delta: 5, balance: 5 },
      { unit: 'chances:wheel', delta: 2, balance: 2 }
    ]
  })
  t.match(await gate.submit(takePart(checkIn, 'ann', { key: 'u:again' })), { code: 'ALREADY_DONE' })
  const more = decisionOf(await gate.submit(takePart(after, 'ann', { key: 'u:more' })))
  t.match(decodeCompletion(more.report), {
    cappedBy: 'chances:wheel',
    moves: [{ unit: 'chances:wheel', delta: 1, balance: 3 }]
  })
  await assertWhole(t, shop)
})

t.test('a claim takes points, stock and a code', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const ticket: ActivitySpec = {
    campaign: 'c',
    activity: 'ticket',
    kind: 'redemption',
    rules: { cost_unit: 'points', cost_field: 'b:points', cost: '500', units_per_user: '2', pool: 'tickets' },
    stock: { all: 5 },
    codes: 3
  }
  decisionOf(await gate.submit(openActivity(ticket)))
  for (const user of ['ann', 'ben']) decisionOf(await gate.submit(credit(user, 'b:points', 2000)))
  const claim = (user: string, quantity: number, key = `u:${quantity}`) =>
    gate.submit(takePart(ticket, user, { quantity, pool: 'tickets', key }))
  t.match(decisionOf(await claim('ann', 2)), { type: 'claim.accepted', report: '2,tickets|points -1000 1000' })
  t.match(await claim('ann', 1), { code: 'LIMIT_REACHED', members: { scope: 'activity', limit: 2 } })
  t.match(await claim('ben', 2), { code: 'SOLD_OUT', members: { remaining: 1 } })
  t.match(decisionOf(await claim('ben', 1)), { report: '1,tickets|points -500 1500' })
  await assertWhole(t, shop)
})

t.test('a gateway computes carried chances as the gate does, whatever was spun on which days', async (t) => {
  const shop = await openShop(t, urls)
  const dayOf = (ms: number) => dayNumber(ms, middayMinutes)
  const closesAt = Date.now() + 10_000 * DAY
  let now = Date.now() + DAY
  let campaigns = 0
  const step = fc.record({ days: fc.oneof(fc.nat(3), fc.nat(40)), spins: fc.integer({ min: 1, max: 4 }) })
  const steps = fc.array(step, { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, async (daily, all) => {
      campaigns += 1
      const campaign = `kept-${campaigns}`
      const firstDay = dayOf(now)
      const chances = { cost_unit: 'chances:wheel', cost_field: `ch:${campaign}/wheel`, cost: '1', keep: '1' }
      const sessions = packedSession({ opensAt: now, closesAt, id: 'all' })
      const rules = { ...wheel.rules, ...chances, daily: String(daily), edition: '2', sessions }
      const spec = { ...wheel, campaign, campaignRules: { closes_at: String(closesAt) }, rules }
      decisionOf(await shop.gate.submit(openActivity(spec)))
      for (const [index, { days, spins }] of all.entries()) {
        now += days * DAY
        await setClock(shop, now)
        for (let spin = 0; spin < spins; spin += 1) {
          await atRest(shop)
          const hash = await shop.redis.hgetall(`${shop.prefix}u:ann`)
          const timesOn = (day: number) => Number(hash[userField.times(campaign, 'wheel', day)] ?? 0)
          const kept = decodeKept(hash[userField.chancesKept(campaign, 'wheel')])
          const spent = kept === undefined ? 0 : timesOn(kept.day)
          const today = dayOf(now)
          const left = carriedChances({ daily, kept, spent, today, firstDay }) + daily - timesOn(today)
          const outcome = await shop.gate.submit(takePart(spec, 'ann', { key: `u:${campaign}-${index}-${spin}` }))
          const told = outcome.kind === 'confirmed' ? decodeSpin(outcome.decision.report).left : outcome.kind
          deepEqual(told, left > 0 ? left - 1 : 'refused', `spin ${spin} after step ${index}`)
        }
      }
    }),
    { numRuns: 12, seed: 20_261_128 }
  )
  await assertWhole(t, shop)
})
