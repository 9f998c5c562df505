import t from 'tap'
import { decodeCompletion } from '../../src/record/reports/completion.ts'
import { movesOf } from '../../src/record/reports/moves.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { decodeWinChange } from '../../src/record/reports/win-change.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, packedSession, preload } from '../support/shop/core.ts'
import {
  type ActivitySpec,
  changeWin,
  openActivity,
  setClock,
  sureDraw,
  takePart
} from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, type Shop, winsHeld } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

const HOUR = 3_600_000
/** ahead of the real clock, so that the shard's time is what the test says */
const start = Date.now() + 24 * HOUR
const long = { sessions: packedSession({ opensAt: start - 48 * HOUR, closesAt: start + 900 * HOUR, id: 'all' }) }
const campaignRules = { closes_at: String(start + 900 * HOUR) }

/** A draw that gives one prize, whatever is picked, and lasts longer than its cards. */
const sure = (activity: string, prize: string, more: Partial<ActivitySpec> = {}): ActivitySpec =>
  sureDraw(prize, { activity, campaignRules, ...more, rules: { ...long, edition: '2', ...more.rules } })

async function opened(shop: Shop, ...specs: ActivitySpec[]): Promise<void> {
  for (const spec of specs) decisionOf(await shop.gate.submit(openActivity(spec)))
}

/** Takes part in a draw and tells how it went. */
async function spun({ gate }: Shop, spec: ActivitySpec, by: { user: string; key: string; pool?: string }) {
  const { user, key, pool = '' } = by
  return decodeSpin(decisionOf(await gate.submit(takePart(spec, user, { key: `u:${key}`, pool }))).report)
}

t.test('a completion says by what factor a card multiplied it, whatever a cap left of the points', async (t) => {
  const shop = await openShop(t, urls)
  const three = sure('three', '1;doubler;0;0;0;0;0;doubler db:c 3 0 0 1 -;')
  const task = (activity: string, reward: string): ActivitySpec => {
    return { campaign: 'c', activity, kind: 'task', campaignRules, rules: { ...long, per: 'campaign', reward } }
  }
  const both = task('both', 'points b:points 10 0 1,stars b:c/stars 10 10 1')
  const plain = task('plain', 'points b:points 10 0 0')
  await opened(shop, three, both, plain)
  await setClock(shop, start)
  await spun(shop, three, { user: 'ann', key: 'card' })
  const completed = async (spec: ActivitySpec, user: string) => {
    const command = takePart(spec, user, { key: `u:${spec.activity}` })
    return decodeCompletion(decisionOf(await shop.gate.submit(command)).report)
  }
  t.match(await completed(both, 'ann'), {
    factor: 3,
    cappedBy: 'stars',
    moves: [
      { unit: 'points', delta: 30 },
      { unit: 'stars', delta: 10 }
    ]
  })
  t.equal((await completed(plain, 'ann')).factor, 1, 'nothing of it is multiplied')
  t.equal((await completed(both, 'bob')).factor, 1, 'no card')
  await assertWhole(t, shop)
})

t.test('each card holds for its own time and tasks, and the best one in force applies', async (t) => {
  const shop = await openShop(t, urls)
  const card = (factor: number, hours: number, activities: string) =>
    `1;doubler;0;0;0;0;0;doubler db:c ${factor} 0 0 ${hours} ${activities};`
  const two = sure('two', card(2, 48, '-'))
  const three = sure('three', card(3, 1, '-'))
  const nine = sure('nine', card(9, 10, 'other'))
  const tasks = ['a', 'b', 'c', 'd', 'e', 'other'].map((activity): ActivitySpec => {
    const rules = { ...long, per: 'campaign', reward: 'points b:points 10 0 1' }
    return { campaign: 'c', activity, kind: 'task', campaignRules, rules }
  })
  await opened(shop, two, three, nine, ...tasks)
  const gives = async (activity: string) => {
    const command = takePart({ campaign: 'c', activity }, 'ann', { key: `u:task-${activity}` })
    return movesOf(decisionOf(await shop.gate.submit(command)).report)[0]?.delta
  }
  await setClock(shop, start)
  await spun(shop, two, { user: 'ann', key: 'two' })
  await spun(shop, three, { user: 'ann', key: 'three' })
  await spun(shop, nine, { user: 'ann', key: 'nine' })
  t.equal(await gives('a'), 30, 'the better one')
  t.equal(await gives('other'), 90, 'the best one where it is for that')
  await setClock(shop, start + HOUR)
  t.equal(await gives('b'), 20, 'the better one is over, the longer one holds')
  await spun(shop, three, { user: 'ann', key: 'again' })
  t.equal(await gives('c'), 30)
  const again = (await winsHeld(shop, 'ann')).find(({ draw, wonAt }) => draw === 'three' && wonAt > start)
  decisionOf(await shop.gate.submit(changeWin(three, 'revoke', { user: 'ann', win: again?.id ?? '' })))
  t.equal(await gives('d'), 20, 'a revocation takes its own card and no other')
  await setClock(shop, start + 48 * HOUR)
  t.equal(await gives('e'), 10)
  for (let win = 0; win < 25; win++) await spun(shop, two, { user: 'bob', key: `card-${win}` })
  await atRest(shop)
  const held = (await shop.redis.hget(`${shop.prefix}u:bob`, 'db:c'))?.split(',') ?? []
  t.equal(held.length, 20, 'of more than twenty the oldest go')
  t.ok(held.every((one) => Number(one.split(';')[0]) === start + 96 * HOUR))
  await assertWhole(t, shop)
})

t.test('a right to buy that a revoked win gave does not come back with its order', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const box = { campaign: 'c', sale: 'box', stock: 9, rules: { entitlement: 'vip' } }
  const right = sure('right', '1;eligibility;0;0;0;0;0;entitlement:vip e:c/vip 1 0 0;')
  await opened(shop, right)
  decisionOf(await gate.submit(preload({ ...box, campaignRules })))
  const order = async (user: string, key: string) =>
    decisionOf(await gate.submit(buy(box, user, { key: `u:${key}` }))).id
  const cancel = (user: string, id: string) =>
    gate.submit({
      op: 'transition',
      transition: 'cancel',
      user,
      key: `x:cancel:${id}`,
      hash: 'cancel',
      campaign: 'c',
      activity: 'box',
      session: 'am',
      order: id,
      by: 'operator',
      request: '{}'
    })
  const spin = async (user: string, key: string) => {
    await spun(shop, right, { user, key })
    return (await winsHeld(shop, user)).find(({ status }) => status === 'given')?.id ?? ''
  }
  const revoke = (user: string, win: string) => gate.submit(changeWin(right, 'revoke', { user, win }))
  const rights = async (user: string) => {
    await atRest(shop)
    return Number((await shop.redis.hget(`${shop.prefix}u:${user}`, 'e:c/vip')) ?? 0)
  }

  const win = await spin('ann', 'spin')
  const bought = await order('ann', 'buy')
  const { report } = decisionOf(await revoke('ann', win))
  t.match(
    decodeWinChange(report),
    { win: win.slice(2), shortfall: [{ unit: 'entitlement:vip', amount: 1 }] },
    'the shortfall is noted'
  )
  decisionOf(await cancel('ann', bought))
  t.equal(await rights('ann'), 0, 'gone')
  t.match(await gate.submit(buy(box, 'ann', { key: 'u:again' })), { kind: 'refused', code: 'NOT_ELIGIBLE' })

  await spin('ann', 'spin-2')
  decisionOf(await cancel('ann', await order('ann', 'buy-2')))
  t.equal(await rights('ann'), 1, 'what nobody revoked comes back')

  const undone = await spin('bob', 'spin')
  decisionOf(await cancel('bob', await order('bob', 'buy')))
  decisionOf(await revoke('bob', undone))
  t.equal(await rights('bob'), 0, 'the order first, then the win')
  await spin('bob', 'spin-2')
  decisionOf(await cancel('bob', await order('bob', 'buy-2')))
  t.equal(await rights('bob'), 1)
  await assertWhole(t, shop)
})

t.test('a revoked win with a quota no longer counts against caps, and one without still does', async (t) => {
  const shop = await openShop(t, urls)
  const rules = { wins_per_campaign: '1', wins_per_tier: '1:1' }
  const cup = sure('cup', '1;physical;1;0;0;0;0;;', { rules, stock: { prize: 9 } })
  await opened(shop, cup)
  for (const [user, returnQuota, expected] of [
    ['ann', true, ['prize', '']],
    ['bob', false, ['thanks', 'capped']]
  ] as const) {
    await spun(shop, cup, { user, key: '1' })
    const [found] = await winsHeld(shop, user)
    t.match(await spun(shop, cup, { user, key: '2' }), { prize: 'thanks', why: 'capped' })
    const revoke = changeWin(cup, 'revoke', { user, win: found?.id ?? '', returnQuota })
    decisionOf(await shop.gate.submit(revoke))
    await atRest(shop)
    const { prize, why } = await spun(shop, cup, { user, key: '3' })
    t.strictSame([prize, why], expected)
  }
  await assertWhole(t, shop)
})

t.test('a prize without a code is exhausted, until codes are loaded or come back', async (t) => {
  const shop = await openShop(t, urls)
  const card = sure('card', '1;e-card;1;0;0;0;0;;', { rules: { pools: 'prize:p' }, stock: { prize: 5 } })
  const mall: ActivitySpec = {
    campaign: 'c',
    activity: 'mall',
    kind: 'redemption',
    campaignRules,
    rules: { ...long, pool: 'p' }
  }
  await opened(shop, card, { ...mall, stock: { all: 9 } })
  const load = (codes: number, key: string) =>
    shop.gate.submit({
      ...openActivity(mall),
      key,
      hash: key,
      puts: [],
      adds: [['s:c:pool/p', 'codes:remaining', codes]]
    })
  const spin = async (key: string) => {
    const { prize, why } = await spun(shop, card, { user: 'ann', key, pool: 'p' })
    return why === '' ? prize : `${prize}, ${why}`
  }
  t.equal(await spin('none'), 'thanks, exhausted', 'never loaded')
  decisionOf(await load(2, 'x:codes:1'))
  await atRest(shop)
  t.equal(await spin('1'), 'prize')
  decisionOf(await shop.gate.submit(takePart(mall, 'bob', { key: 'u:claim', pool: 'p' })))
  t.equal(await spin('2'), 'thanks, exhausted', 'redemptions take from the same pool')
  t.match(await shop.gate.submit(takePart(mall, 'bob', { key: 'u:claim-2', pool: 'p' })), { code: 'SOLD_OUT' })
  decisionOf(await load(1, 'x:codes:2'))
  await atRest(shop)
  t.equal(await spin('3'), 'prize', 'codes that are loaded later raise what may be won')
  t.equal(await spin('4'), 'thanks, exhausted')

  const [claimed, open] = (await winsHeld(shop, 'ann')).map(({ id }) => id)
  decisionOf(await shop.gate.submit(changeWin(card, 'claim', { user: 'ann', win: claimed ?? '' })))
  for (const win of [claimed, open]) {
    decisionOf(await shop.gate.submit(changeWin(card, 'revoke', { user: 'ann', win: win ?? '', pool: 'p' })))
  }
  await atRest(shop)
  t.match(await shop.redis.hgetall(`${shop.prefix}s:c:pool/p`), { 'codes:remaining': '1', 'codes:paid': '2' })
  t.equal(await spin('5'), 'prize', 'a code that was not shown goes back, one that was shown does not')
  t.equal(await spin('6'), 'thanks, exhausted')
  const unknown = await shop.gate.submit(takePart(card, 'ann', { key: 'u:7' }))
  t.equal(unknown.kind, 'unavailable', 'a gateway that does not know the pool yet gives nothing away')
  await assertWhole(t, shop)
})
