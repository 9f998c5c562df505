import t from 'tap'
import type { AdjustCommand } from '../../src/gate/batch/commands.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, packedSession, preload } from '../support/shop/core.ts'
import { openActivity, setClock, sureDraw, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, bought, decisionOf, move, openShop, type Shop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)
const HOUR = 3_600_000
// level 1 comes a minute earlier, level 3 an hour, with two units more and a tenth off
const levels = 'lv:c|1:60000,0,0;3:3600000,2,15'
const sale = { campaign: 'c', sale: 's' }

/** The decision that changes an earned level, as the worker asks for it. */
function changeLevel(user: string, delta: number, { nth = 1, scope = 'c' } = {}): AdjustCommand {
  return {
    op: 'adjust',
    type: 'level.changed',
    user,
    key: `x:level:${scope}:${nth}`,
    hash: `${delta}`,
    campaign: 'c',
    activity: '',
    puts: [],
    adds: [[`u:${user}`, `lv:${scope}`, delta]],
    request: '{}'
  }
}

const giver =
  ({ gate }: Shop) =>
  async (user: string, delta: number, nth = 1) =>
    decisionOf(await gate.submit(changeLevel(user, delta, { nth })))

t.test('the higher of the earned level and that of the token is in force, and falls again', async (t) => {
  const shop = await openShop(t, urls, { rules: { level: '3' }, campaignRules: { levels } })
  const { gate } = shop
  const order = (user: string, level = 0, key = `u:${user}`) => gate.submit(buy(sale, user, { level, key }))
  const give = giver(shop)
  const refused = { code: 'NOT_ELIGIBLE', members: { requires: { level: 3 } } }
  t.match(await order('ann'), refused)
  await give('ann', 2)
  t.match(await order('ann'), refused, 'one below')
  await give('ann', 1, 2)
  t.match(await order('ann'), { kind: 'confirmed' })
  t.match(await order('ben', 3), { kind: 'confirmed' }, 'of the token')
  await give('ben', 1)
  t.match(await order('ben', 3, 'u:more'), { kind: 'confirmed' }, 'the higher one')
  await give('ann', -3, 3)
  t.match(await order('ann', 0, 'u:fallen'), refused)
  t.match(await order('ann'), { kind: 'confirmed', replayed: true }, 'what was bought stays')
  await give('ben', -5, 2)
  await assertWhole(t, shop)
  t.equal(await shop.redis.hget(`${shop.prefix}u:ben`, 'lv:c'), '0', 'never below zero')
  await shop.redis.hset(`${shop.prefix}u:cleo`, 'lv:c', 'x')
  t.match(await order('cleo'), { kind: 'unavailable' }, 'a level that is no number is corrupt')
  await shop.redis.hset(`${shop.prefix}c:c`, 'levels', `${levels};4:x`)
  t.match(await order('dan', 3), { kind: 'unavailable' })
})

t.test('a level buys earlier, each by its own time, and no other does', async (t) => {
  const now = Date.now()
  const [am, pm] = [now + HOUR / 2, now + 2 * HOUR]
  const sessions =
    packedSession({ opensAt: am, closesAt: am + HOUR, id: 'am' }) +
    packedSession({ opensAt: pm, closesAt: pm + HOUR, id: 'pm', paused: true })
  const closes_at = String(now + 4 * HOUR)
  const campaignRules = { levels, closes_at, opens_at: String(am) }
  const shop = await openShop(t, urls, {
    sessions,
    campaignRules,
    rules: { ship_by: `${String(am)}${String(am + 5 * HOUR)}` }
  })
  const { gate } = shop
  const order = (user: string, level: number, key = `u:${user}`) => gate.submit(buy(sale, user, { level, key }))
  const early = await order('ann', 3)
  t.match(early, { kind: 'confirmed', decision: { order: { session: 'am', shipBy: am + 5 * HOUR } } })
  t.match(await order('ann', 3), { kind: 'confirmed', replayed: true })
  for (const level of [0, 1, 2]) t.match(await order('ben', level), { code: 'NOT_STARTED' })
  t.match(await order('ann', 0), { kind: 'confirmed', replayed: true }, 'a replay asks for no level')
  await setClock(shop, am - 60_001)
  t.match(await order('ben', 1), { code: 'NOT_STARTED' })
  await setClock(shop, am - 60_000)
  const together = await Promise.all([order('ben', 1), order('cleo', 0), order('dan', 3), order('eve', 2)])
  t.match(together, [{ kind: 'confirmed' }, { code: 'NOT_STARTED' }, { kind: 'confirmed' }, { kind: 'confirmed' }])
  await setClock(shop, am)
  t.match(await order('cleo', 0), { kind: 'confirmed' })
  await setClock(shop, am + HOUR)
  t.match(await order('finn', 3), { code: 'SESSION_CLOSED' }, 'a paused session opens for nobody')
  const positions = (await shop.core.pool.query('select position from orders order by position')).rows
  t.ok(positions.length <= 5)
  await assertWhole(t, shop)
})

t.test('a level has more units, at its price where the sale says so, and the money follows', async (t) => {
  const rules = { units_per_user: '1', price: '999', level_discount: '1' }
  const shop = await openShop(t, urls, { rules, campaignRules: { levels, units_per_user: '2' } })
  const { gate } = shop
  const order = (user: string, level: number, quantity = 1) =>
    gate.submit(buy(sale, user, { level, quantity, key: `u:${user}-${level}-${quantity}` }))
  t.match(await order('ann', 0), { decision: { order: { unitPrice: 999 } } })
  t.match(await order('ann', 1), { code: 'LIMIT_REACHED', members: { scope: 'activity', limit: 1 } })
  const both = await Promise.all([order('ben', 3, 3), order('cleo', 0), order('cara', 4)])
  t.match(both, [
    { decision: { order: { unitPrice: 849, quantity: 3 } } },
    { decision: { order: { unitPrice: 999 } } },
    { decision: { order: { unitPrice: 849 } } }
  ])
  t.match(await order('ben', 3, 1), { code: 'LIMIT_REACHED', members: { scope: 'activity', limit: 3 } })
  const id = await bought(shop, 'dora', { level: 3, key: 'u:dora' })
  const pay = (amount: number) => gate.submit(move(shop, 'pay', { user: 'dora', order: id, amount, currency: 'CNY' }))
  t.match(await pay(999), { code: 'CONFLICT', members: { reason: 'amount', expected: { amount: 849 } } })
  t.match(await pay(849), { kind: 'confirmed' })
  await gate.submit(move(shop, 'ship', { user: 'dora', order: id }))
  const back = await gate.submit(move(shop, 'return', { user: 'dora', order: id, quantity: 1 }))
  t.match(back, { decision: { order: { refunded: 849 } } }, 'what was paid comes back')
  await atRest(shop)
  const plain = { ...sale, sale: 'plain' }
  decisionOf(await gate.submit(preload({ ...plain, stock: 2, rules: { price: '999' }, campaignRules: { levels } })))
  t.match(await gate.submit(buy(plain, 'ben', { level: 3, key: 'u:plain' })), {
    decision: { order: { unitPrice: 999 } }
  })
  await assertWhole(t, shop)
})

t.test('draws go by the level in force, and a level that is not journaled gives nothing yet', async (t) => {
  const wheel = sureDraw('1;points;0;0;0;0;5;points b:points 5 0 0;', {
    rules: { level: '2' },
    campaignRules: { levels: 'lv:|2:0,0,0' }
  })
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(wheel)))
  const spin = (key: string) => gate.submit(takePart(wheel, 'ann', { random: 'r', key }))
  t.match(await spin('u:1'), { code: 'NOT_ELIGIBLE', members: { requires: { level: 2 } } })
  const [changed, atOnce] = await Promise.all([gate.submit(changeLevel('ann', 2, { scope: '' })), spin('u:2')])
  t.match(changed, { kind: 'confirmed', decision: { type: 'level.changed', applied: [2] } })
  t.match(atOnce, { code: 'NOT_ELIGIBLE' }, 'decided in the same batch, usable once it is journaled')
  const { report } = decisionOf(await spin('u:3'))
  t.equal(decodeSpin(report).level, 2)
  await assertWhole(t, shop)
})
