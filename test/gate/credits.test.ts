import t from 'tap'
import type { TakeBackCommand } from '../../src/gate/batch/commands.ts'
import { replayField } from '../../src/record/replay.ts'
import { movesOf } from '../../src/record/reports/moves.ts'
import { decodeTakenBack } from '../../src/record/reports/taken-back.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { type ActivitySpec, credit, openActivity, takePart } from '../support/shop/participation.ts'
import { assertWhole, decisionOf, openShop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

// the rules of a task with a second action, which only credits name
const task: ActivitySpec = {
  campaign: 'c',
  activity: 'check',
  kind: 'task',
  rules: {
    per: 'day',
    reward: 'points b:points 1 0 0',
    'reward:helper': 'points b:points 5 0 0,chances:wheel ch:c/wheel 2 3 0',
    level: '3',
    entitlement: 'vip'
  }
}

/** What the user gets for a cause, on a local day. */
const owed = (cause: string, day: number) =>
  takePart(task, 'ann', { key: replayField.credit(cause, 'helper'), by: 'credit', action: 'helper', day })

t.test('a credit has a reward, limits and counters of its own, and a cap withholds only the reward', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  decisionOf(await gate.submit(openActivity(task)))
  t.match(await gate.submit(takePart(task, 'ann')), { code: 'NOT_ELIGIBLE' }, 'level and right are asked of users')
  const first = decisionOf(await gate.submit(owed('1', 20000)))
  t.match(movesOf(first.report), [
    { unit: 'points', delta: 5, balance: 5 },
    { unit: 'chances:wheel', delta: 2, balance: 2 }
  ])
  const capped = decisionOf(await gate.submit(owed('2', 20000)))
  t.strictSame(movesOf(capped.report), [], 'the second of a day is decided, without its reward')
  const again = await gate.submit(owed('1', 20000))
  t.match(again, { kind: 'confirmed', replayed: true, decision: { id: first.id } })
  const next = decisionOf(await gate.submit(owed('3', 20001)))
  t.match(movesOf(next.report), [
    { unit: 'points', delta: 5, balance: 10 },
    { unit: 'chances:wheel', delta: 2, balance: 4 }
  ])
  const fields = await redis.hgetall(`${prefix}u:ann`)
  t.match(fields, { 'n:c/check:helper@20000': '1', 'n:c/check:helper@20001': '1', 'n:c/check:helper': '2' })
  t.notOk('n:c' in fields, 'nobody takes part by what others did')
  await assertWhole(t, shop)
})

t.test('a credit is decided after the end, not in a pause that can end, and not for who is disqualified', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const paused = { ...task, activity: 'paused', rules: { ...task.rules, paused: '1' } }
  decisionOf(await gate.submit(openActivity(paused)))
  t.match(await gate.submit({ ...owed('2', 20000), activity: 'paused' }), { code: 'PAUSED' })

  decisionOf(await gate.submit(openActivity({ ...task, campaignRules: { closes_at: '1000', ended: '1' } })))
  t.match(await gate.submit(takePart(task, 'ann')), { code: 'ENDED' })
  const { report } = decisionOf(await gate.submit(owed('1', 20000)))
  t.match(movesOf(report), [{ unit: 'points', delta: 5 }, { delta: 2 }])
  const late = decisionOf(await gate.submit({ ...owed('2', 20000), activity: 'paused' }))
  t.match(movesOf(late.report), [{ unit: 'points', delta: 5 }, {}], 'nobody can resume what is over')

  decisionOf(await gate.submit({ ...credit('ben', 'dq:c', 0), adds: [], puts: [['u:ben', 'dq:c', '1']] }))
  t.match(await gate.submit({ ...owed('3', 20000), user: 'ben' }), { code: 'DISQUALIFIED' })
  await assertWhole(t, shop)
})

t.test(
  'what a credit gave is taken back as far as it is there, once, and a right that was used stays used',
  async (t) => {
    const shop = await openShop(t, urls)
    const { gate, redis, prefix } = shop
    const rewards = 'points b:points 50 0 0,entitlement:vip e:c/vip 1 0 0,doubler db:c 2 0 0 24 -'
    decisionOf(await gate.submit(openActivity({ ...task, rules: { ...task.rules, 'reward:helper': rewards } })))
    const given = decisionOf(await gate.submit(owed('1', 20000)))
    decisionOf(await gate.submit(credit('ann', 'b:points', -20)))
    decisionOf(await gate.submit(credit('ann', 'e:c/vip', -1)))
    const back: TakeBackCommand = {
      op: 'takeBack',
      user: 'ann',
      key: replayField.takeBack('1', 'helper'),
      hash: 'void',
      campaign: 'c',
      activity: 'check',
      givenUnder: replayField.credit('1', 'helper'),
      givenBy: given.id,
      given: [
        { unit: 'points', field: 'b:points', amount: 50 },
        { unit: 'entitlement:vip', field: 'e:c/vip', amount: 1 },
        { unit: 'doubler', field: 'db:c', amount: 1 }
      ],
      request: '{}'
    }
    const [first, second] = await Promise.all([gate.submit(back), gate.submit(back)])
    const taken = decisionOf(first)
    t.equal(decisionOf(second).id, taken.id)
    t.match(decodeTakenBack(taken.report), {
      givenBy: given.id.slice(2),
      shortfall: [
        { unit: 'points', amount: 20 },
        { unit: 'entitlement:vip', amount: 1 }
      ],
      moves: [
        { unit: 'points', delta: -30, balance: 0 },
        { unit: 'entitlement:vip', delta: 0, balance: 0 }
      ]
    })
    const fields = await redis.hgetall(`${prefix}u:ann`)
    t.match(fields, { 'b:points': '0', 'e:c/vip': '0', 'db:c': '', 'eo:c/vip': /^1;/ })
    await assertWhole(t, shop)
  }
)
