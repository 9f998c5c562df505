import t from 'tap'
import { movesOf } from '../../src/record/reports/moves.ts'
import { decodeWinChange } from '../../src/record/reports/win-change.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy } from '../support/shop/core.ts'
import {
  type ActivitySpec,
  changeWin,
  credit,
  openActivity,
  sureDraw,
  takePart
} from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, rawCall, type Shop, winsHeld } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

const nothing = '9;nothing;0;0;0;0;0;;'

/** A draw without cost whose one prize besides the fallback is always won. */
async function opened(shop: Shop, ...specs: ActivitySpec[]): Promise<void> {
  for (const spec of specs) decisionOf(await shop.gate.submit(openActivity(spec)))
}

t.test('a win of several units is taken back unit by unit, and what is spent is noted as missing', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const wheel = sureDraw('1;points;0;0;0;0;0;points b:points 50 0 0,chances:other ch:c/other 2 0 0;')
  await opened(shop, wheel)
  const { win } = decisionOf(await gate.submit(takePart(wheel, 'ann')))
  decisionOf(await gate.submit(credit('ann', 'b:points', -20)))
  const revoked = decisionOf(await gate.submit(changeWin(wheel, 'revoke', { user: 'ann', win: win?.id ?? '' })))
  t.match(decodeWinChange(revoked.report), {
    win: win?.id.slice(2),
    shortfall: [{ unit: 'points', amount: 20 }],
    moves: [
      { unit: 'points', delta: -30, balance: 0 },
      { unit: 'chances:other', delta: -2, balance: 0 }
    ]
  })
  await assertWhole(t, shop)
})

t.test('a prize that credits is given at once, also when the cap of the day leaves nothing of it', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const wheel = sureDraw('1;chances;0;0;0;0;0;chances:other ch:c/other 2 2 0;')
  await opened(shop, wheel)
  decisionOf(await gate.submit(takePart(wheel, 'ann')))
  const second = takePart(wheel, 'ann', { key: 'u:second' })
  const { win, report } = decisionOf(await gate.submit(second))
  t.match(movesOf(report), [{ unit: 'chances:other', delta: 0, balance: 2 }])
  t.equal(win?.status, 'given')
  t.match(await gate.submit(changeWin(wheel, 'claim', { user: 'ann', win: win?.id ?? '' })), { code: 'ALREADY_DONE' })
  t.equal(decisionOf(await gate.submit(second)).win?.status, 'given')
  // nothing of a capped reward was credited to somebody who has no such field yet
  decisionOf(await gate.submit(credit('ben', 'cx:c/other@1', 0)))
  await assertWhole(t, shop)
})

t.test('a purchase of what is no sale is refused, and its neighbours are decided', async (t) => {
  const shop = await openShop(t, urls)
  const mall: ActivitySpec = { campaign: 'c', activity: 'mall', kind: 'redemption', stock: { all: 5 } }
  const wheel = sureDraw(nothing, { activity: 'draw' })
  await opened(shop, mall, wheel)
  const reply = await rawCall(shop, [
    buy(shop.sale, 'ann'),
    buy({ campaign: 'c', sale: 'mall' }, 'ben'),
    buy({ campaign: 'c', sale: 'draw' }, 'cat'),
    takePart({ campaign: 'c', activity: 's' }, 'dan'),
    buy(shop.sale, 'eve')
  ])
  t.match(reply.replies, [
    { kind: 'decided' },
    { kind: 'refused', code: 'NOT_FOUND' },
    { kind: 'refused', code: 'NOT_FOUND' },
    { kind: 'refused', code: 'NOT_FOUND' },
    { kind: 'decided' }
  ])
})

t.test('only its own draw changes a win, and a claim takes codes from its own pool only', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const wheel = sureDraw('1;physical;1;0;0;0;0;;', { stock: { prize: 3 } })
  const other = sureDraw('1;physical;1;0;0;0;0;;', { activity: 'other', stock: { prize: 3 } })
  const mall = { campaign: 'c', activity: 'mall', kind: 'redemption', stock: { all: 5 }, codes: 5 } as const
  const codes: ActivitySpec = { ...mall, rules: { pool: 'codes' } }
  await opened(shop, wheel, other, codes, { ...codes, activity: 'mall2', rules: { pool: 'more' } })
  const { win } = decisionOf(await gate.submit(takePart(wheel, 'ann')))
  t.match(await gate.submit(changeWin(other, 'revoke', { user: 'ann', win: win?.id ?? '' })), { code: 'NOT_FOUND' })
  t.match(await gate.submit(takePart(codes, 'ben', { pool: 'more' })), { kind: 'unavailable' })
  t.match(await gate.submit(takePart(codes, 'ben')), { kind: 'unavailable' })
  t.match(await gate.submit(takePart(codes, 'ben', { pool: 'codes' })), { kind: 'confirmed' })
  await atRest(shop)
  t.equal(await shop.redis.hget(`${shop.prefix}s:c:other`, 'prize:remaining'), '3')
  await assertWhole(t, shop)
})

t.test('of two cards won in one batch, revoking one leaves the other', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  const wheel = sureDraw('1;doubler;0;0;0;0;0;doubler db:c 2 0 0 24 -;')
  await opened(shop, wheel)
  const spins = ['u:1', 'u:2'].map((key) => gate.submit(takePart(wheel, 'ann', { key })))
  const [first = '', second = ''] = (await Promise.all(spins)).map((outcome) => decisionOf(outcome).win?.id)
  decisionOf(await gate.submit(changeWin(wheel, 'revoke', { user: 'ann', win: first })))
  t.match(await redis.hget(`${prefix}u:ann`, 'db:c'), /^\d+;2;;/)
  decisionOf(await gate.submit(changeWin(wheel, 'revoke', { user: 'ann', win: second })))
  t.equal(await redis.hget(`${prefix}u:ann`, 'db:c'), '')
  await assertWhole(t, shop)
})

t.test('one user may ask for ten spins at once, of which each waits for the one before', async (t) => {
  const shop = await openShop(t, urls)
  const wheel = sureDraw('1;physical;0;3;0;0;0;;', { rules: { memory: '1' } })
  await opened(shop, wheel)
  const keys = Array.from({ length: 10 }, (_, index) => `u:key-${index}`)
  const spins = await Promise.all(keys.map((key) => shop.gate.submit(takePart(wheel, 'ann', { key }))))
  t.same(
    spins.map(({ kind }) => kind),
    keys.map(() => 'confirmed')
  )
  t.equal((await winsHeld(shop, 'ann')).length, 7, 'the prize opens after three spins')
  await assertWhole(t, shop)
})

t.test('large amounts stay exact, and no sum of them makes a balance unreadable', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  const most = 999_999_999_999_999
  const exact = 123_456_789_012_345
  t.same(decisionOf(await gate.submit(credit('ann', 'b:points', exact))).applied, [exact])
  t.equal(await redis.hget(`${prefix}u:ann`, 'b:points'), String(exact))
  t.same(decisionOf(await gate.submit(credit('ann', 'b:points', most))).applied, [most - exact])
  t.equal(await redis.hget(`${prefix}u:ann`, 'b:points'), String(most))
  for (const amount of [1e21, 0.5, Number.NaN]) {
    t.match(await gate.submit(credit('ben', 'b:points', amount)), { kind: 'unavailable' }, `${amount}`)
  }
  t.match(await gate.submit(credit('ann', 'b:points', -exact)), { kind: 'confirmed' })
  await assertWhole(t, shop)
})
