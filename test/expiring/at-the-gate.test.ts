import t from 'tap'
import type { ExpireCommand } from '../../src/gate/batch/commands.ts'
import { userField } from '../../src/record/fields.ts'
import { movementsOfAccount } from '../../src/store/reading/ledger.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { credit } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, shardOfUser } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

const expiring = (user: string, newest: string, amount: number): ExpireCommand => ({
  op: 'expire',
  user,
  key: `x:job:1:${user}`,
  hash: 'expire',
  campaign: 'c',
  activity: '',
  newest,
  field: userField.balance('points', ''),
  amount,
  upTo: newest,
  expiredField: userField.expired('c', 'points'),
  request: JSON.stringify({ unit: 'points', amount: -amount })
})

t.test('what has expired is taken, once, and only by who knows all that the user decided', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const { redis, prefix } = shardOfUser(shop, 'ann')
  const balance = () => redis.hget(`${prefix}u:ann`, 'b:points')
  const first = decisionOf(await gate.submit(credit('ann', 'b:points', 100)))
  const second = decisionOf(await gate.submit({ ...credit('ann', 'b:points', -30), key: 'x:adj:2' }))
  t.equal(await balance(), '70')
  t.match(
    await gate.submit(expiring('ann', first.id, 70)),
    { kind: 'refused', code: 'CONFLICT' },
    'a decision is missing'
  )
  t.match(await gate.submit(expiring('ann', '', 70)), { kind: 'refused', code: 'CONFLICT' }, 'as for who knows of none')
  t.match(await gate.submit(expiring('ann', second.id, 71)), { code: 'CONFLICT' }, 'more than is there')
  t.equal(await balance(), '70')
  const taken = decisionOf(await gate.submit(expiring('ann', second.id, 60)))
  t.match(taken, { type: 'balance.expired', report: '-60', applied: [-60] })
  t.equal(await balance(), '10')
  const again = await gate.submit(expiring('ann', second.id, 10))
  t.match(again, { kind: 'confirmed', replayed: true, decision: { id: taken.id } })
  t.equal(await balance(), '10')
  const ofAnother = { ...expiring('ann', taken.id, 10), hash: 'expiry:other:points:1' }
  t.match(
    await gate.submit(ofAnother),
    { kind: 'refused', code: 'KEY_REUSED' },
    'of a job whose number was given twice'
  )
  t.equal(await balance(), '10')
  await assertWhole(t, shop)
})

t.test('who counts knows no newest decision while a frame before it is not stored', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, core } = shop
  decisionOf(await gate.submit(credit('ann', 'b:points', 100)))
  const second = decisionOf(await gate.submit({ ...credit('ann', 'b:points', -30), key: 'x:adj:2' }))
  await atRest(shop)
  const newest = async () => (await movementsOfAccount(core.pool, 'ann', 'points')).newest
  await waitFor(async () => (await newest()) === second.id, { what: 'both to be stored' })
  await shop.stopWorker()
  // as if the frame of the first one, which another gateway publishes, came later
  await core.pool.query('update openings set complete_batch = 0')
  await core.pool.query('delete from frames where batch < (select max(batch) from frames)')
  t.equal(await newest(), '')
})

t.test('what was counted under one opening is not taken under another one', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const { redis, prefix } = shardOfUser(shop, 'ann')
  const { id } = decisionOf(await gate.submit(credit('ann', 'b:points', 100)))
  const opening = Number(id.split('-')[1])
  t.match(await gate.submit({ ...expiring('ann', id, 100), opening: opening - 1 }), { kind: 'unavailable' })
  t.match(await gate.submit({ ...expiring('ann', id, 100), opening: 0 }), { kind: 'unavailable' }, 'closed')
  t.equal(await redis.hget(`${prefix}u:ann`, 'b:points'), '100')
  t.match(decisionOf(await gate.submit({ ...expiring('ann', id, 100), opening })), { type: 'balance.expired' })
  await assertWhole(t, shop)
})

t.test('two of one batch: the second one sees the first', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const { redis, prefix } = shardOfUser(shop, 'ann')
  const given = decisionOf(await gate.submit(credit('ann', 'b:points', 100)))
  const [spent, expired] = await Promise.all([
    gate.submit({ ...credit('ann', 'b:points', -30), key: 'x:adj:2' }),
    gate.submit(expiring('ann', given.id, 100))
  ])
  const codes = [spent, expired].map((outcome) => (outcome.kind === 'refused' ? outcome.code : outcome.kind))
  t.strictSame(codes, ['confirmed', 'CONFLICT'])
  t.equal(await redis.hget(`${prefix}u:ann`, 'b:points'), '70')
  await assertWhole(t, shop)
})

t.test('what Redis was written from is no decision that anybody lacks', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const { redis, prefix } = shardOfUser(shop, 'ann')
  decisionOf(await gate.submit(credit('ann', 'b:points', 100)))
  const places = (await redis.hkeys(`${prefix}u:ann`)).filter((field) => field.startsWith('q:'))
  await redis.hdel(`${prefix}u:ann`, ...places)
  t.match(decisionOf(await gate.submit(expiring('ann', '0-1-1', 100))), { type: 'balance.expired' })
  await assertWhole(t, shop)
})
