import t from 'tap'
import { dayNumber } from '../../src/base/day.ts'
import type { Call } from '../../src/gate/batch/encode.ts'
import { middayMinutes } from '../support/midday.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { type ActivitySpec, changeWin, credit, openActivity, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, rawCall } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

const nothing = '9;nothing;0;0;0;0;0;;'

const draw: ActivitySpec = {
  campaign: 'c',
  activity: 'draw',
  kind: 'draw',
  rules: {
    cost_unit: 'points',
    cost_field: 'b:points',
    cost: '1',
    daily: '0',
    keep: '0',
    per_day: '0',
    per_campaign: '0',
    wins_per_campaign: '0',
    wins_per_tier: '1:3',
    reward: '',
    prizes: 'prize,thanks',
    weights: '0:1,0;1:1,0',
    fallback: 'thanks',
    guarantee: '',
    memory: '1',
    'prize:prize': '1;points;1;0;1;0;0;points b:points 1 0 0;',
    'prize:thanks': nothing
  },
  stock: { prize: 50 }
}
const task: ActivitySpec = {
  campaign: 'c',
  activity: 'task',
  kind: 'task',
  rules: {
    per: 'day',
    per_day: '1',
    per_campaign: '0',
    goal: '0',
    after: '',
    streak: '2=points b:points 5 0 1',
    reward: 'points b:points 5 0 1,chances:draw ch:c/draw 1 3 0'
  }
}
const mall: ActivitySpec = {
  campaign: 'c',
  activity: 'mall',
  kind: 'redemption',
  rules: { cost_unit: 'points', cost_field: 'b:points', cost: '1', pool: 'codes', units_per_user: '2' },
  stock: { all: 50 },
  codes: 50
}

/** What no rule may be: the command that meets it is refused as not readable, not decided on a guess. */
const corrupt: ReadonlyArray<readonly [spec: ActivitySpec, field: string, values: readonly string[]]> = [
  [draw, 'cost', ['x', '-0', '-1', '1e3', '1.5', '9'.repeat(20)]],
  [draw, 'cost_field', ['']],
  [draw, 'daily', ['x', '-1', '1e3']],
  [draw, 'per_day', ['x', '-1', '0.5']],
  [draw, 'per_campaign', ['x', '-1']],
  [draw, 'wins_per_campaign', ['x', '-1']],
  [draw, 'wins_per_tier', ['x', '1:x', '1;2']],
  [draw, 'prizes', ['', 'prize', 'prize,thanks,more']],
  [draw, 'weights', ['', 'x', '0:1', '0:1,0,0', '0:0,0', '0:1,-1', '0:1,x', '2:1,0', '0:1e3,0']],
  [draw, 'fallback', ['', 'gone']],
  [draw, 'guarantee', ['x', '1', '0:prize', '-1:prize']],
  [draw, 'prize:thanks', ['', 'x', '9;nothing']],
  [
    draw,
    'prize:prize',
    [
      '',
      'x',
      '1;points;1;0;0;0',
      '1;points;2;0;0;0;0;;',
      '1;points;1;-1;0;0;0;;',
      '1;points;1;0;0;1e9;0;;',
      '1;points;1;0;0;0;0;rubbish;',
      '1;points;1;0;0;0;0;points b:points;',
      '1;points;1;0;0;0;0;points b:points -5 0 0;',
      '1;points;1;0;0;0;0;points b:points 1e3 0 0;',
      '1;points;1;0;0;0;0;points b:points 99999999999999999 0 0;',
      '1;doubler;1;0;0;0;0;doubler db:c 2 0 0 24;',
      '1;points;1;0;0;0;0;;rubbish',
      '1;points;1;0;0;0;0;;a~x~',
      '1;points;1;0;0;0;0;;a~1~rubbish'
    ]
  ],
  [draw, 'sessions', ['x', 'x'.repeat(65)]],
  [task, 'reward', ['rubbish', 'points b:points 5 0', 'points b:points 5 0 2', 'points b:points 5 0 1 more']],
  [task, 'streak', ['x', '2', '0=points b:points 5 0 1', '2=rubbish']],
  [mall, 'cost', ['x', '-1', '1e3']],
  [mall, 'units_per_user', ['x', '1.5']]
]

t.test('rules that are not readable fail their own commands only, and nothing is decided by a guess', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  decisionOf(await gate.submit(openActivity(draw)))
  decisionOf(await gate.submit(openActivity({ ...mall, activity: 'good-mall' })))
  for (const user of ['ann', 'ben', 'cat']) decisionOf(await gate.submit(credit(user, 'b:points', 100)))
  const spoiled: Array<{ name: string; call: Call }> = []
  for (const [spec, field, values] of corrupt) {
    for (const [index, value] of values.entries()) {
      const activity = `${spec.activity}-${field.replace(/[_:]/g, '-')}-${index}`
      const broken = { ...spec, activity, rules: { ...spec.rules, [field]: value } }
      decisionOf(await gate.submit(openActivity(broken)))
      const pool = spec.rules?.pool ?? ''
      spoiled.push({ name: `${field} '${value}'`, call: takePart(broken, 'ann', { key: `u:${activity}`, pool }) })
    }
  }
  await atRest(shop)
  const before = await redis.hgetall(`${prefix}u:ann`)
  const good = [
    takePart(draw, 'ben', { key: 'u:good' }),
    takePart({ ...mall, activity: 'good-mall' }, 'cat', { key: 'u:good', pool: 'codes' })
  ]
  const reply = await rawCall(shop, [...good, ...spoiled.map(({ call }) => call), takePart(draw, 'cat')])
  const found = spoiled.map(({ name }, index) => `${name}: ${reply.replies[index + 2]?.kind}`)
  t.strictSame(
    found,
    spoiled.map(({ name }) => `${name}: corrupt`)
  )
  const decided = [...reply.replies.slice(0, 2), reply.replies.at(-1)].map((answer) => answer?.kind)
  t.strictSame(decided, ['decided', 'decided', 'decided'])
  t.strictSame(await redis.hgetall(`${prefix}u:ann`), before)
  await assertWhole(t, shop)
})

t.test('whatever a field of the rules says, the batch is decided', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  const values = [
    '',
    'x',
    '-0',
    '-1',
    '1',
    '1e3',
    '5.0',
    '9'.repeat(20),
    ';',
    ',',
    ':',
    '=',
    '0:',
    ';;;;;;;;',
    'a b c 1 1 1'
  ]
  const specs = [draw, task, mall]
  for (const spec of specs) decisionOf(await gate.submit(openActivity(spec)))
  decisionOf(await gate.submit(credit('ann', 'b:points', 1000)))
  await atRest(shop)
  let tried = 0
  for (const spec of specs) {
    const key = `${prefix}a:c:${spec.activity}`
    for (const [field, good] of Object.entries(await redis.hgetall(key))) {
      for (const value of [undefined, ...values]) {
        tried += 1
        if (value === undefined) await redis.hdel(key, field)
        else await redis.hset(key, field, value)
        const command = { pool: spec.rules?.pool ?? '', key: `u:${tried}` }
        const reply = await rawCall(shop, [takePart(spec, 'ann', command), credit('ben', 'b:points', tried)])
        t.equal(reply.replies.length, 2, `${spec.activity} ${field} ${value}`)
        t.match(reply.replies[1], { kind: 'decided' })
      }
      await redis.hset(key, field, good)
    }
  }
  t.ok(tried > 400, `${tried} tried`)
  await atRest(shop)
  await assertWhole(t, shop)
})

t.test('stock, quotas and pools that are not readable are not called sold out, and nothing is taken', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  const spoils: Array<readonly [activity: string, spec: ActivitySpec, spoil: (key: string) => Promise<unknown>]> = [
    ['gone', draw, (key) => redis.unlink(key)],
    ['text', draw, (key) => redis.hset(key, 'prize:remaining', 'x')],
    ['paid', draw, (key) => redis.hset(key, 'prize:paid', '1.5')],
    ['type', draw, async (key) => (await redis.unlink(key)) + (await redis.set(key, 'x')).length],
    ['all-gone', mall, (key) => redis.unlink(key)],
    ['all-text', mall, (key) => redis.hset(key, 'all:remaining', '1e3')],
    [
      'promised',
      { ...draw, rules: { ...draw.rules, weights: '0:0,1', guarantee: '1:prize' } },
      (key) => redis.unlink(key)
    ]
  ]
  for (const [activity, spec] of spoils) decisionOf(await gate.submit(openActivity({ ...spec, activity })))
  decisionOf(await gate.submit(credit('ann', 'b:points', 100)))
  decisionOf(await gate.submit(takePart({ ...draw, activity: 'promised' }, 'ann', { key: 'u:losing' })))
  await atRest(shop)
  for (const [activity, , spoil] of spoils) await spoil(`${prefix}s:c:${activity}`)
  const calls = spoils.map(([activity, spec]) =>
    takePart({ campaign: 'c', activity }, 'ann', { key: `u:${activity}`, pool: spec.rules?.pool ?? '' })
  )
  const before = await redis.hgetall(`${prefix}u:ann`)
  const { replies } = await rawCall(shop, [...calls, credit('ben', 'b:points', 1)])
  t.strictSame(
    replies.map(({ kind }) => kind),
    [...spoils.map(() => 'corrupt'), 'decided']
  )
  t.strictSame(await redis.hgetall(`${prefix}u:ann`), before)
  await redis.hset(`${prefix}s:c:pool/codes`, 'codes:remaining', 'x')
  const good = { ...mall, activity: 'more' }
  decisionOf(await gate.submit({ ...openActivity(good), adds: [['s:c:more', 'all:remaining', 5]] }))
  t.match((await rawCall(shop, [takePart(good, 'ann', { pool: 'codes' })])).replies, [{ kind: 'corrupt' }])
  t.equal(await redis.hget(`${prefix}s:c:more`, 'all:remaining'), '5', 'not even the units of the mall')
})

t.test('of a batch of 128, only the commands of a user whose hash is not readable fail', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  const cards = {
    ...draw,
    activity: 'cards',
    rules: { ...draw.rules, cost: '0', 'prize:prize': '1;physical;0;0;0;0;0;;' }
  }
  for (const spec of [draw, task, mall, cards]) decisionOf(await gate.submit(openActivity(spec)))
  const good = Array.from({ length: 60 }, (_, index) => `good-${index}`)
  const spoils: Record<string, (key: string) => Promise<unknown>> = {
    type: async (key) => (await redis.unlink(key)) + (await redis.set(key, 'x')).length,
    balance: (key) => redis.hset(key, 'b:points', '5.0'),
    decisions: (key) => redis.hset(key, 'd', 'x'),
    losses: (key) => redis.hset(key, 'ls:c/draw', 'x'),
    wins: (key) => redis.hset(key, 'wn:c/draw', '-0'),
    tier: (key) => redis.hset(key, 'wn:c/draw/1', '1e3'),
    streak: (key) => redis.hset(key, 'st:c/task', '20000;x'),
    card: (key) => redis.hset(key, 'db:c', 'x'),
    capped: (key) => redis.hset(key, `cx:c/draw@${dayNumber(Date.now(), middayMinutes)}`, 'x'),
    times: (key) => redis.hset(key, 'n:c/draw', '99999999999999999', 'n:c/task', 'x', 'n:c/mall', 'x')
  }
  const bad = Object.keys(spoils)
  const reads = { streak: task, card: task, capped: task } as Record<string, ActivitySpec>
  for (const user of [...good, ...bad]) decisionOf(await gate.submit(credit(user, 'b:points', 10)))
  const won = decisionOf(await gate.submit(takePart(cards, 'win'))).win
  await atRest(shop)
  for (const [user, spoil] of Object.entries(spoils)) await spoil(`${prefix}u:${user}`)
  await redis.hset(`${prefix}u:win`, `w:${won?.id.slice(2)}`, 'w;rubbish')
  const before = await Promise.all(bad.slice(1).map((user) => redis.hgetall(`${prefix}u:${user}`)))
  const calls: Call[] = [
    ...good.slice(0, 30).map((user) => takePart(draw, user)),
    ...bad.map((user) => takePart(reads[user] ?? draw, user, { key: 'u:bad' })),
    changeWin(cards, 'claim', { user: 'win', win: won?.id ?? '' }),
    takePart(cards, 'win'),
    ...good.slice(30).map((user) => takePart(task, user)),
    ...good.slice(0, 30).map((user) => takePart(mall, user, { key: 'u:mall', pool: 'codes' }))
  ]
  const { replies } = await rawCall(shop, calls)
  const kinds = replies.map(({ kind }) => kind)
  t.strictSame(
    kinds.slice(30, 30 + bad.length),
    bad.map(() => 'corrupt')
  )
  t.equal(kinds[30 + bad.length], 'corrupt', 'a win that is not one')
  t.equal(kinds[31 + bad.length], 'corrupt', 'nor is its replay')
  t.equal(kinds.filter((kind) => kind === 'decided').length, 90)
  t.strictSame(await Promise.all(bad.slice(1).map((user) => redis.hgetall(`${prefix}u:${user}`))), before)
})

t.test('stock that is not readable is said so for itself alone', async (t) => {
  const { gate, redis, prefix } = await openShop(t, urls)
  await redis.set(`${prefix}s:c:broken`, 'rubbish')
  await redis.hset(`${prefix}s:c:odd`, 'am:remaining', 'many')
  const field = 'am:remaining'
  const items = ['s', 'broken', 'odd', 'none', 's'].map((sale) => ({ key: `s:c:${sale}`, field }))
  const { units } = await gate.look(0, items)
  t.same(units, [10, 'unreadable', 'unreadable', undefined, 10])
})
