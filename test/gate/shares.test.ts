import t from 'tap'
import { replayField } from '../../src/record/replay.ts'
import { decodeAssist } from '../../src/record/reports/assist.ts'
import { decodeCredit } from '../../src/record/reports/credit.ts'
import { movesOf } from '../../src/record/reports/moves.ts'
import { decodeShare } from '../../src/record/reports/share.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { type ActivitySpec, openActivity, takePart } from '../support/shop/participation.ts'
import { assertWhole, decisionOf, openShop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

const sharing: ActivitySpec = {
  campaign: 'c',
  activity: 'sharing',
  kind: 'share',
  rules: { 'reward:wechat': 'points b:points 2 0 0', 'per_day:wechat': '1', 'per_day:community': '0' }
}

const help: ActivitySpec = {
  campaign: 'c',
  activity: 'help',
  kind: 'assist',
  rules: { per_day: '2', reward: 'points b:points 1 0 0', 'reward:3': 'entitlement:vip e:c/vip 1 0 0' }
}

t.test('a share is made as often as its user likes; a credit rewards it by its channel', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(sharing)))
  const make = (key: string) => takePart(sharing, 'ann', { key: `u:${key}`, about: 'wechat,goods,phone' })
  const first = decisionOf(await gate.submit(make('key-1')))
  t.match(first, { type: 'share.created' })
  t.match(decodeShare(first.report), { channel: 'wechat', subjectType: 'goods', subject: 'phone' })
  t.match(await gate.submit(make('key-1')), { kind: 'confirmed', replayed: true, decision: { id: first.id } })
  const second = decisionOf(await gate.submit(make('key-2')))

  const reward = (id: string, action: string) =>
    gate.submit(
      takePart(sharing, 'ann', {
        key: replayField.credit(id, `sharing/${action}`),
        by: 'credit',
        action,
        about: id,
        day: 20_000
      })
    )
  const verified = decisionOf(await reward(first.id, 'wechat'))
  t.match(verified, { type: 'share.verified' })
  t.match(decodeCredit(verified.report), { about: first.id, cappedBy: '', moves: [{ unit: 'points', delta: 2 }] })
  t.match(await reward(first.id, 'wechat'), { replayed: true, decision: { id: verified.id } })
  const capped = decisionOf(await reward(second.id, 'wechat'))
  t.match(decodeCredit(capped.report), { about: second.id, cappedBy: 'day', moves: [] })
  const free = decisionOf(await reward(second.id, 'community'))
  t.strictSame(movesOf(free.report), [], 'a channel without a reward verifies too')
  await assertWhole(t, shop)
})

t.test('a share is helped once by each user, in its time, and not by its own user', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(help)))
  const about = (share: string, ends = 0, refusal = '') => [share, 'ann', ends, 4, refusal].join(';')
  const assist = (key: string, what: string) => gate.submit(takePart(help, 'ben', { key: `u:${key}`, about: what }))

  const first = decisionOf(await assist('key-1', about('0-1-1', Date.now() + 60_000)))
  t.match(first, { type: 'assist.given' })
  t.match(decodeAssist(first.report), {
    share: '0-1-1',
    sharer: 'ann',
    count: 5,
    moves: [{ unit: 'points', delta: 1 }]
  })
  t.match(await assist('key-2', about('0-1-1')), { code: 'ALREADY_DONE' })
  t.match(await assist('key-1', about('0-1-1', 1, 'VOIDED')), { replayed: true, decision: { id: first.id } })
  t.match(await assist('key-3', about('0-1-2', 1)), { code: 'CLAIM_EXPIRED' })
  t.match(await assist('key-3', about('0-1-2', 0, 'VOIDED')), { code: 'VOIDED' })
  t.match(await assist('key-3', about('0-1-2', 0, 'SELF_NOT_ALLOWED')), { code: 'SELF_NOT_ALLOWED' })
  const refusal = 'NOT_ELIGIBLE;newUser;true'
  t.match(await assist('key-3', about('0-1-2', 0, refusal)), {
    code: 'NOT_ELIGIBLE',
    members: { requires: { newUser: true } }
  })
  t.match(await assist('key-3', 'nonsense'), { kind: 'unavailable' }, 'what is not readable decides nothing')
  const racing = await Promise.all(['4', '5', '6'].map((n) => assist(`key-${n}`, about('0-1-3'))))
  t.equal(racing.filter(({ kind }) => kind === 'confirmed').length, 1, 'one of three at once')
  t.match(await assist('key-7', about('0-1-4')), { code: 'LIMIT_REACHED', members: { scope: 'day', limit: 2 } })
  await assertWhole(t, shop)
})

t.test('what a threshold gives is a credit of the sharer', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(help)))
  const key = replayField.credit('help/3/ann', 'help/3')
  const reached = takePart(help, 'ann', { key, by: 'credit', action: '3', about: '0-1-1', day: 20_000 })
  const given = decisionOf(await gate.submit(reached))
  t.match(given, { type: 'reward.credited' })
  t.match(decodeCredit(given.report), { about: '0-1-1', moves: [{ unit: 'entitlement:vip', delta: 1, balance: 1 }] })
  t.match(await gate.submit(reached), { replayed: true })
  await assertWhole(t, shop)
})
