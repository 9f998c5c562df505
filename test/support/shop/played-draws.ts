import { fixedSeed, spin, storeSeed } from './one-draw.ts'
import { type ActivitySpec, changeWin, credit, openActivity, takePart } from './participation.ts'
import { decisionOf, type Shop } from './shop.ts'

export const names = ['ann', 'ben', 'cid', 'dan']

/** Everything that a draw can do in one: daily and extra chances, caps, levels, cards, sub-prizes, promises. */
const wheel: ActivitySpec = {
  campaign: 'c',
  activity: 'wheel',
  kind: 'draw',
  rules: {
    cost_unit: 'chances:wheel',
    cost_field: 'ch:c/wheel',
    cost: '1',
    daily: '2',
    keep: '1',
    per_day: '60',
    edition: '2',
    prizes: 'first,even,again,card,points,miss,thanks',
    weights: '0:1,4,2,1,4,3,4;3:8,1,1,1,3,1,1',
    fallback: 'thanks',
    guarantee: '2:first',
    memory: '1',
    wins_per_campaign: '25',
    wins_per_tier: '1:3',
    'prize:first': '1;physical;1;2;0;86400000;399900;;',
    'prize:even': '2;coupon;1;0;1;0;100;;',
    'prize:again': '3;chances;0;0;0;0;0;chances:wheel ch:c/wheel 2 5 0;',
    'prize:card': '4;doubler;0;0;0;0;0;doubler db:c 2 0 0 24 check-in;',
    'prize:points': '5;points;0;0;0;0;50;points b:points 50 0 0,entitlement:vip e:c/vip 1 0 0;',
    'prize:miss': '9;nothing;0;0;0;0;0;;',
    'prize:thanks': '9;points;0;0;0;0;0;;small~3~points b:points 1 0 0|large~1~points b:points 9 0 0'
  },
  stock: { first: 4, even: 6 }
}

const shop: ActivitySpec = {
  campaign: 'c',
  activity: 'vips',
  kind: 'draw',
  rules: {
    entitlement: 'vip',
    cost_unit: 'points',
    cost_field: 'b:points',
    cost: '7',
    prizes: 'cup,thanks',
    weights: '0:1,3',
    fallback: 'thanks',
    'prize:cup': '1;physical;1;0;0;0;0;;',
    'prize:thanks': '9;nothing;0;0;0;0;0;;'
  },
  stock: { cup: 2 }
}

const elsewhere: ActivitySpec = {
  campaign: 'other',
  activity: 'mug',
  kind: 'redemption',
  rules: { cost_unit: 'points', cost_field: 'b:points', cost: '3' },
  stock: { all: 50 }
}

const seeds = { wheel: fixedSeed('wheel'), vips: fixedSeed('vips') }

/** Some hundred decisions of four users: two draws of campaign `c`, and points that they spend in another one. */
export async function play({ gate, core }: Pick<Shop, 'gate' | 'core'>): Promise<void> {
  await storeSeed(core.pool, wheel, seeds.wheel)
  await storeSeed(core.pool, shop, seeds.vips)
  for (const spec of [wheel, shop, elsewhere]) decisionOf(await gate.submit(openActivity(spec)))
  for (const user of names) {
    decisionOf(await gate.submit(credit(user, 'b:points', 200)))
    decisionOf(await gate.submit(credit(user, 'ch:c/wheel', 20)))
  }
  const won: Array<{ user: string; win: string }> = []
  for (let round = 0; round < 24; round++) {
    for (const [level, user] of names.entries()) {
      const outcome = await gate.submit(spin(wheel, user, { seed: seeds.wheel, name: `wheel-${round}`, level }))
      if (outcome.kind !== 'confirmed') continue
      const { win } = outcome.decision
      if (win && ['first', 'even', 'again'].includes(win.prize)) won.push({ user, win: win.id })
      await gate.submit(spin(shop, user, { seed: seeds.vips, name: `vips-${round}` }))
      await gate.submit(takePart(elsewhere, user, { key: `u:mug-${round}` }))
    }
    const taken = round % 5 === 4 ? won.shift() : undefined
    if (taken) decisionOf(await gate.submit(changeWin(wheel, 'revoke', taken)))
    if (round === 12) {
      const put = ['a:c:wheel', 'weights', '0:5,4,2,1,4,3,4;3:8,1,1,1,3,1,1'] as const
      const more = ['s:c:wheel', 'first:remaining', 3] as const
      const adjusted = { ...openActivity(wheel), key: 'x:adj:1', hash: 'more', puts: [put], adds: [more] }
      decisionOf(await gate.submit(adjusted))
    }
  }
}
