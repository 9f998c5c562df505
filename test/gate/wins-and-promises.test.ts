import t from 'tap'
import type { Decision } from '../../src/gate/batch/outcomes.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { type ActivitySpec, openActivity, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

const prizes = ['first', 'second', 'small', 'miss', 'thanks']

const draw = (activity: string, rules: Record<string, string>): ActivitySpec => ({
  campaign: 'c',
  activity,
  kind: 'draw',
  rules: {
    edition: '2',
    prizes: prizes.join(),
    weights: '0:1,1,1,1,1',
    fallback: 'thanks',
    memory: '1',
    'prize:first': '1;physical;1;0;0;0;0;;',
    'prize:second': '2;physical;0;0;0;0;0;;',
    'prize:small': '3;points;0;0;0;0;0;points b:points 1 0 0;',
    'prize:miss': '9;nothing;0;0;0;0;0;;',
    'prize:thanks': '9;points;0;0;0;0;0;points b:points 2 0 0;',
    ...rules
  },
  stock: { first: 9 }
})

/** Spins of one user whose number means this prize, because it alone has a weight then. */
function spinner({ gate }: Shop, spec: ActivitySpec, user: string) {
  let spins = 0
  return async (picked: string): Promise<Decision> => {
    spins += 1
    const weights = prizes.map((prize) => (prize === picked ? 1 : 0)).join()
    const put = [`a:c:${spec.activity}`, 'weights', `0:${weights}`] as const
    const key = `x:adj:${spec.activity}-${user}-${spins}`
    decisionOf(await gate.submit({ ...openActivity(spec), key, hash: key, puts: [put], adds: [] }))
    return decisionOf(
      await gate.submit(takePart(spec, user, { key: `u:${spec.activity}-${spins}`, random: `${spins}` }))
    )
  }
}

const endOf = ({ report }: Decision) => {
  const { prize, why } = decodeSpin(report)
  return why === '' ? prize : `${prize}, ${why}`
}

t.test('a win is a prize that is worth something: "nothing" never is, a fallback may be', async (t) => {
  const shop = await openShop(t, urls)
  const capped = draw('capped', { wins_per_campaign: '2', wins_per_tier: '9:5' })
  decisionOf(await shop.gate.submit(openActivity(capped)))
  const spin = spinner(shop, capped, 'ann')
  const told: Array<[prize: string | undefined, type: string, win: string | undefined]> = []
  for (const picked of ['miss', 'miss', 'thanks', 'miss', 'small', 'second', 'miss', 'thanks']) {
    const decision = await spin(picked)
    told.push([endOf(decision), decision.type, decision.win?.prize])
  }
  t.strictSame(told, [
    ['miss', 'spin.lost', undefined],
    ['miss', 'spin.lost', undefined],
    ['thanks', 'spin.won', 'thanks'],
    ['miss', 'spin.lost', undefined],
    ['small', 'spin.won', 'small'],
    ['thanks, capped', 'spin.won', 'thanks'],
    ['miss', 'spin.lost', undefined],
    ['thanks', 'spin.won', 'thanks']
  ])
  await atRest(shop)
  const hash = await shop.redis.hgetall(`${shop.prefix}u:ann`)
  t.match(hash, { 'wn:c/capped': '4', 'wn:c/capped/9': '3' }, 'wins are counted, losing spins are not')
  await assertWhole(t, shop)
})

t.test('a promise counts losing spins since the last win of the prize or of a better tier', async (t) => {
  const shop = await openShop(t, urls)
  const promising = draw('promising', { guarantee: '3:second,2:first' })
  decisionOf(await shop.gate.submit(openActivity(promising)))
  const play = async (user: string, picks: readonly string[]) => {
    const spin = spinner(shop, promising, user)
    const told: Array<string | undefined> = []
    for (const picked of picks) told.push(endOf(await spin(picked)))
    return told
  }
  t.strictSame(
    await play('ann', ['miss', 'small', 'thanks', 'miss', 'miss', 'miss', 'miss', 'miss']),
    ['miss', 'small', 'thanks', 'miss', 'first, guaranteed', 'miss', 'miss', 'first, guaranteed'],
    'smaller wins neither count nor begin the count anew'
  )
  t.strictSame(
    await play('ben', ['miss', 'second', 'miss', 'miss', 'miss']),
    ['miss', 'second', 'miss', 'first, guaranteed', 'miss'],
    'a win of a worse tier says nothing about the first'
  )
  t.strictSame(
    await play('cid', ['miss', 'miss', 'first', 'miss', 'miss', 'miss']).then((all) => all.slice(2)),
    ['first, guaranteed', 'miss', 'miss', 'first, guaranteed'],
    'the first begins the count of the second anew, which is due one spin later'
  )
  await atRest(shop)
  await assertWhole(t, shop)
})

t.test('a record of losing spins as earlier versions wrote it is read, and rubbish in it is not', async (t) => {
  const shop = await openShop(t, urls)
  const promising = draw('promising', { guarantee: '3:first' })
  decisionOf(await shop.gate.submit(openActivity(promising)))
  const field = 'ls:c/promising'
  for (const [user, record] of [
    ['old', '3;1-1'],
    ['new', '4;1-1,1:first:1'],
    ['odd', '4;1-1,1:first'],
    ['bad', '4;1-1,']
  ] as const) {
    await shop.redis.hset(`${shop.prefix}u:${user}`, field, record)
    const outcome = await shop.gate.submit(takePart(promising, user, { random: 'r' }))
    const is = outcome.kind === 'confirmed' ? endOf(outcome.decision) : outcome.kind
    t.equal(is, user === 'old' || user === 'new' ? 'first, guaranteed' : 'unavailable', `${user} ${record}`)
  }
})
