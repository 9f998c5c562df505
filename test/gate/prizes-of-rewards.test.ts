import t from 'tap'
import { replayField } from '../../src/record/replay.ts'
import { movesOf, prizeIn } from '../../src/record/reports/moves.ts'
import { readShard } from '../../src/store/shard/shards.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { type ActivitySpec, changeWin, openActivity, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, winsHeld } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

/** A task for five points and a mug, of which there are two, each with a code. */
const task: ActivitySpec = {
  campaign: 'c',
  activity: 'check',
  kind: 'task',
  rules: {
    per: 'campaign',
    reward: 'points b:points 5 0 0,prize:mug wn:c 1 0 0',
    'prize:mug': '0;coupon;1;0;0;86400000;1000;;',
    pools: 'mug:mugs',
    pool: 'mugs'
  },
  stock: { mug: 2 },
  codes: 3
}
const done = (user: string, more: object = {}) => takePart(task, user, { pool: 'mugs', ...more })

t.test('a prize in a reward becomes a win while there are some; without one the rest is given', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  decisionOf(await gate.submit(openActivity(task)))
  const first = decisionOf(await gate.submit(done('ann')))
  t.match(first, {
    type: 'task.completed',
    win: { id: first.id, status: 'won', draw: 'check', prize: 'mug', tier: 0, type: 'coupon', given: [] }
  })
  t.equal(first.win?.claimBy, first.at + 86_400_000)
  t.strictSame(prizeIn(first.report), { id: 'mug', given: true })
  t.match(movesOf(first.report), [{ unit: 'points', delta: 5, balance: 5 }], 'a prize moves no balance')
  const again = await gate.submit(done('ann'))
  t.match(again, {
    kind: 'confirmed',
    replayed: true,
    decision: { id: first.id, win: { id: first.id, status: 'won' } }
  })
  t.same(await gate.lookup('ann', 'u:key-of-ann').then((found) => found?.kind), 'confirmed')

  const others = ['ben', 'cem', 'dan', 'eve']
  const raced = await Promise.all(others.map((user) => gate.submit(done(user))))
  const given = raced.map((outcome) => prizeIn(decisionOf(outcome).report)?.given)
  t.equal(given.filter((each) => each === true).length, 1, 'two in all')
  const [late] = others.filter((_, index) => given[index] === false)
  await atRest(shop)
  t.equal(await redis.hget(`${prefix}u:${late}`, 'b:points'), '5', 'who came too late has the points')
  t.strictSame(await winsHeld(shop, late ?? ''), [])
  t.match(await redis.hgetall(`${prefix}s:c:check`), { 'mug:remaining': '0', 'mug:paid': '2', 'mug:total': '2' })
  t.match(await redis.hgetall(`${prefix}s:c:pool/mugs`), { 'codes:remaining': '1', 'codes:paid': '2' })
  const counters = Object.entries(await redis.hgetall(`${prefix}u:ann`)).filter(([field]) => field.startsWith('wn:'))
  t.strictSame(counters, [['wn:c', '1']], 'it is counted, and by no cap of a draw')
  t.equal(await redis.hexists(`${prefix}u:${late}`, 'wn:c'), 0)
  await assertWhole(t, shop)
})

t.test('such a win is claimed or revoked as one of a draw, and survives Redis', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  decisionOf(await gate.submit(openActivity(task)))
  const [ann, ben] = [decisionOf(await gate.submit(done('ann'))), decisionOf(await gate.submit(done('ben')))]
  const claim = changeWin(task, 'claim', { user: 'ann', win: ann.id })
  t.match(decisionOf(await gate.submit(claim)), { type: 'win.claimed', win: { id: ann.id, status: 'claimed' } })
  t.match(await gate.submit({ ...claim, key: 'u:other' }), { code: 'ALREADY_DONE' })
  const replayed = decisionOf(await gate.submit(done('ann')))
  t.match(replayed, { id: ann.id, win: { status: 'won' } }, 'a replay tells the win as it was decided')
  const revoke = changeWin(task, 'revoke', { user: 'ben', win: ben.id, pool: 'mugs' })
  t.match(decisionOf(await gate.submit(revoke)), { type: 'win.revoked', win: { status: 'revoked' } })
  await atRest(shop)
  t.match(await redis.hgetall(`${prefix}s:c:check`), { 'mug:remaining': '1', 'mug:paid': '1' })
  t.match(await redis.hgetall(`${prefix}s:c:pool/mugs`), { 'codes:remaining': '2' }, 'a code that nobody saw returns')
  t.match(await redis.hgetall(`${prefix}u:ben`), { 'b:points': '5', 'wn:c': '0' }, 'the rest of the reward stays')
  await assertWhole(t, shop)

  const before = await readShard(shop.core.pool, shop.shard)
  const keys = await redis.keys(`${prefix.replace('{', '\\{').replace('}', '\\}')}*`)
  await redis.unlink(...keys)
  await waitFor(
    async () => {
      const row = await readShard(shop.core.pool, shop.shard)
      return row?.state === 'open' && row.epoch > (before?.epoch ?? 0)
    },
    { what: 'the shard to be opened again' }
  )
  const replay = async () => {
    const outcome = await gate.submit(done('ann'))
    return outcome.kind === 'confirmed' && outcome.replayed && outcome.decision.win?.id === ann.id
  }
  await waitFor(replay, { what: 'the completion to be known again' })
  t.match(await winsHeld(shop, 'ben'), [{ id: ben.id, status: 'revoked' }])
  t.match(prizeIn(decisionOf(await gate.submit(done('cem'))).report), { given: true })
  t.match(prizeIn(decisionOf(await gate.submit(done('dan'))).report), { given: false })
  await assertWhole(t, shop)
})

t.test('what cannot be read gives nothing at all', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  decisionOf(await gate.submit(openActivity(task)))
  await atRest(shop)
  t.match(await gate.submit(takePart(task, 'ann')), { kind: 'unavailable' }, 'a gateway that does not know the pool')
  await redis.hdel(`${prefix}s:c:check`, 'mug:remaining')
  t.match(await gate.submit(done('ann')), { kind: 'unavailable' }, 'a stock that is missing is not "exhausted"')
  t.equal(await redis.exists(`${prefix}u:ann`), 0)
  await redis.hset(`${prefix}s:c:check`, 'mug:remaining', '2')
  t.match(prizeIn(decisionOf(await gate.submit(done('ann'))).report), { given: true })
  await assertWhole(t, shop)
})

t.test('a step of a streak holds a prize, also where days come late; and so does what a credit gives', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const streak: ActivitySpec = {
    campaign: 'c',
    activity: 'daily',
    kind: 'task',
    rules: {
      per: 'day',
      reward: 'points b:points 1 0 0',
      streak: '2=points b:points 3 0 0;3=prize:pin wn:c 1 0 0',
      'reward:friend': 'prize:pin wn:c 1 0 0',
      'prize:pin': '0;physical;0;0;0;0;0;;'
    }
  }
  decisionOf(await gate.submit(openActivity(streak)))
  const on = async (day: number) => {
    const command = takePart(streak, 'ann', { key: `x:day:${day}`, by: 'system', day })
    return prizeIn(decisionOf(await gate.submit(command)).report)
  }
  t.equal(await on(20001), undefined)
  t.equal(await on(20003), undefined)
  t.match(await on(20002), { id: 'pin', given: true }, 'the day between them makes three')
  t.equal(await on(20004), undefined)
  const friend = takePart(streak, 'ann', {
    key: replayField.credit('1', 'friend'),
    by: 'credit',
    action: 'friend'
  })
  t.equal((await winsHeld(shop, 'ann')).length, 1)
  const outcome = await gate.submit(friend)
  t.match(outcome, { kind: 'confirmed' })
  await assertWhole(t, shop)
})
