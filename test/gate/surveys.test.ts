import t from 'tap'
import { decodeSurvey } from '../../src/record/reports/survey.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy } from '../support/shop/core.ts'
import { type ActivitySpec, changeWin, openActivity, sureDraw, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, bought, decisionOf, move, openShop, rawCall, winsHeld } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

function survey(asked: string, rules: Record<string, string> = {}): ActivitySpec {
  const reward = 'points b:points 10 0 0'
  return {
    campaign: 'c',
    activity: `for-${asked}`,
    kind: 'survey',
    rules: { for: asked, per_campaign: '1', wins: '', reward, ...rules }
  }
}

const notEligible = (requires: object) => ({ kind: 'refused', code: 'NOT_ELIGIBLE', members: { requires } })

t.test('anybody answers once, for the reward; again is refused as done', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const spec = survey('anybody')
  decisionOf(await gate.submit(openActivity(spec)))
  const command = takePart(spec, 'ann')
  const decision = decisionOf(await gate.submit(command))
  t.equal(decision.type, 'survey.answered')
  t.match(decodeSurvey(decision.report), { cappedBy: '', moves: [{ unit: 'points', delta: 10, balance: 10 }] })
  t.same(decisionOf(await gate.submit(command)), decision, 'a replay tells the same')
  t.match(await gate.submit({ ...command, hash: 'other' }), { code: 'KEY_REUSED' })
  t.match(await gate.submit({ ...command, key: 'u:again' }), { kind: 'refused', code: 'ALREADY_DONE' })
  const raced = ['u:1', 'u:2', 'u:3'].map((key) => takePart(spec, 'ben', { key }))
  const { kinds } = await rawCall(shop, raced).then(({ replies }) => ({ kinds: replies.map(({ kind }) => kind) }))
  t.same(kinds, ['decided', 'refused', 'refused'], 'of one batch too')
  await assertWhole(t, shop)
})

t.test('participants are those who took part, and not those who were granted something', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const [spec, open] = [survey('participants'), survey('anybody')]
  for (const each of [spec, open]) decisionOf(await gate.submit(openActivity(each)))
  t.match(await gate.submit(takePart(spec, 'ann')), notEligible({ participation: true }))
  decisionOf(await gate.submit(takePart(open, 'ann', { key: 'u:first' })))
  decisionOf(await gate.submit(takePart(spec, 'ann')))
  await assertWhole(t, shop)
})

t.test('buyers have units of an order; an order that was cancelled or expired is none', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const spec = survey('buyers')
  decisionOf(await gate.submit(openActivity(spec)))
  const answer = (user: string, key = 'u:answer') => takePart(spec, user, { key })
  t.match(await gate.submit(answer('ann')), notEligible({ order: true }))
  const order = await bought(shop, 'ann')
  decisionOf(await gate.submit(move(shop, 'cancel', { user: 'ann', order })))
  await atRest(shop)
  t.match(await gate.submit(answer('ann')), notEligible({ order: true }), 'and the key is still free')
  const second = await bought(shop, 'ann', { key: 'u:second' })
  decisionOf(await gate.submit(answer('ann')))
  decisionOf(await gate.submit(move(shop, 'cancel', { user: 'ann', order: second })))
  await atRest(shop)
  t.match(await gate.submit(answer('ann', 'u:late')), { code: 'ALREADY_DONE' }, 'whoever answered')
  const { replies } = await rawCall(shop, [buy(shop.sale, 'ben'), answer('ben')])
  t.same(
    replies.map(({ kind }) => kind),
    ['decided', 'decided'],
    'an order of the same batch counts'
  )
  await assertWhole(t, shop)
})

t.test('winners have a win of one of the draws, and a revoked one is none', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const wheel = sureDraw('1;physical;1;0;0;86400000;0;;', { stock: { prize: 2 } })
  const spec = survey('winners', { wins: 'wn:c/other,wn:c/wheel' })
  for (const each of [wheel, spec]) decisionOf(await gate.submit(openActivity(each)))
  t.match(await gate.submit(takePart(spec, 'ann')), notEligible({ win: true }))
  decisionOf(await gate.submit(takePart(wheel, 'ann', { key: 'u:spin', random: 'r' })))
  await atRest(shop)
  const [win] = await winsHeld(shop, 'ann')
  decisionOf(await gate.submit(changeWin(wheel, 'revoke', { user: 'ann', win: win?.id ?? '' })))
  await atRest(shop)
  t.match(await gate.submit(takePart(spec, 'ann')), notEligible({ win: true }))
  decisionOf(await gate.submit(takePart(wheel, 'ben', { key: 'u:spin', random: 'r' })))
  decisionOf(await gate.submit(takePart(spec, 'ben')))
  await assertWhole(t, shop)
})

t.test('winners have a prize of a reward as well, until its quota is returned', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const task: ActivitySpec = {
    campaign: 'c',
    activity: '0',
    kind: 'task',
    rules: { per: 'campaign', reward: 'prize:mug wn:c 1 0 0', 'prize:mug': '0;physical;1;0;0;0;0;;' },
    stock: { mug: 3 }
  }
  const spec = survey('winners', { wins: 'wn:c,wn:c/0' })
  for (const each of [task, spec]) decisionOf(await gate.submit(openActivity(each)))
  for (const user of ['ann', 'ben', 'cem']) decisionOf(await gate.submit(takePart(task, user, { key: 'u:task' })))
  await atRest(shop)
  const revoke = async (user: string, returnQuota: boolean) => {
    const [win] = await winsHeld(shop, user)
    return gate.submit({ ...changeWin(task, 'revoke', { user, win: win?.id ?? '' }), returnQuota })
  }
  decisionOf(await gate.submit(takePart(spec, 'ann')))
  decisionOf(await revoke('ben', true))
  decisionOf(await revoke('cem', false))
  await atRest(shop)
  t.match(await gate.submit(takePart(spec, 'ben')), notEligible({ win: true }))
  decisionOf(await gate.submit(takePart(spec, 'cem')))
  await assertWhole(t, shop)
})

t.test('a counter that is damaged fails the answer, and guesses nothing', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  const spec = survey('winners', { wins: 'wn:c/wheel' })
  decisionOf(await gate.submit(openActivity(spec)))
  for (const [user, field] of [
    ['ann', 'wn:c/wheel'],
    ['ben', 'n:c'],
    ['cid', 'n:c/for-winners']
  ] as const) {
    await redis.hset(`${prefix}u:${user}`, field, 'x')
    const { replies } = await rawCall(shop, [takePart(spec, user)])
    t.match(replies, [{ kind: 'corrupt' }], field)
    await redis.del(`${prefix}u:${user}`)
  }
})
