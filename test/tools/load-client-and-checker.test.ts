import t, { type Test } from 'tap'
import { storefrontToken } from '../support/http/storefront-token.ts'
import { differences } from '../support/judging/differences.ts'
import type { Evidence } from '../support/judging/evidence.ts'
import type { SalePromise } from '../support/judging/promise.ts'
import { FakeShop, type FakeShopOptions } from '../support/load/fake-shop.ts'
import { History } from '../support/load/history.ts'
import { LoadClient, type Trick } from '../support/load/load-client.ts'

const promise: SalePromise = {
  campaign: 'launch',
  unitsPerUser: 1,
  sales: { phone: { sessions: { am: { stock: 20, soldOut: true } } } }
}

/** A fake shop and a client on it, both closed with the test. */
async function shopping(
  t: Test,
  options: Partial<FakeShopOptions> = {}
): Promise<{ shop: FakeShop; client: LoadClient }> {
  const shop = new FakeShop({ stock: 20, unitsPerUser: 1, ...options })
  const publicUrl = await shop.listen()
  const tokenOf = (user: string) => storefrontToken('s'.repeat(32), user)
  const client = new LoadClient({ publicUrl, tokenOf, history: new History(), deadlineMs: 1500, patienceMs: 30_000 })
  t.teardown(async () => {
    client.close()
    await shop.close()
  })
  return { shop, client }
}

function wish(number: number, quantity = 1) {
  return { user: `user-${number}`, key: `key-of-${number}`, campaign: 'launch', sale: 'phone', quantity }
}

const tricks: ReadonlyArray<Trick | undefined> = ['cut-after-write', 'cut-mid-answer', 'twice', 'replay', undefined]

t.test('every trick ends with one definite answer, one decision a key, and nothing to complain of', async (t) => {
  const { shop, client } = await shopping(t)
  const wishes = Array.from({ length: 40 }, (_, number) => wish(number))
  const endings = await Promise.all(
    wishes.map((purchase, number) => client.buy(purchase, tricks[number % tricks.length]))
  )
  await client.settle(2000)
  t.equal(endings.filter(({ kind }) => kind === 'confirmed').length, 20)
  t.equal(endings.filter((ending) => ending.kind === 'refused' && ending.code === 'SOLD_OUT').length, 20)
  t.equal(shop.decisions, 20)
  t.ok(client.history.count('unknown') >= 16, 'connections were broken')
  t.equal(client.history.inFlight(), 0)
  t.same(differences({ promise, history: client.history, evidence: shop.evidence() }), [])
})

t.test('hanging, pending, unavailable and unknown answers are asked again with the same key', async (t) => {
  const odd = ['hang', 'pending', 'unavailable', 'unknown-outcome'] as const
  const { shop, client } = await shopping(t, { oddity: (buy) => odd[buy - 1] })
  for (const number of [1, 2, 3, 4]) t.match(await client.buy(wish(number)), { kind: 'confirmed' })
  await client.settle(20_000)
  t.equal(shop.decisions, 4)
  const [first] = [...client.history.byKey().values()]
  t.same(
    first?.map(({ way, result }) => `${way} ${result?.kind}`),
    ['buy unknown', 'buy pending', 'status ok']
  )
  t.equal(client.history.count('pending'), 1)
  t.equal(client.history.count('unavailable'), 1)
  t.equal(client.history.count('unknown'), 2)
})

t.test('a refusal after a lost answer counts only once the status route says that nothing stands', async (t) => {
  const { client } = await shopping(t, { unitsPerUser: 0, oddity: (buy) => (buy === 1 ? 'hang' : undefined) })
  t.match(await client.buy(wish(1)), { kind: 'refused', code: 'LIMIT_REACHED' })
  t.same(
    client.history.attempts.map(({ way, result }) => `${way} ${result?.kind}`),
    ['buy unknown', 'buy refused', 'status none']
  )
  t.same(client.history.unsettled(), [])
})

t.test('an answer outside the contract is an ending of its own and a difference', async (t) => {
  const { shop, client } = await shopping(t, { oddity: () => 'nonsense' })
  t.match(await client.buy(wish(1)), { kind: 'refused', code: '200' })
  const found = differences({ promise, history: client.history, evidence: shop.evidence() })
  t.match(found.find(({ rule }) => rule === 'contract')?.what, 'status 200 with welcome')
})

t.test('settling gives up with the names of what has no definite answer', async (t) => {
  const { client } = await shopping(t)
  const attempt = client.history.invoke(wish(1), 'buy')
  client.history.answer(attempt, { kind: 'pending', status: 202 })
  client.history.invoke(wish(2), 'buy')
  await t.rejects(client.settle(300), /1 purchases have no definite answer after 300 ms: user-2 key-of-2/)
})

/** Damages the evidence of a clean run; the checker must name the rule and the id. */
const plants: ReadonlyArray<readonly [title: string, rule: string, id: string, damage: (sound: Evidence) => Evidence]> =
  [
    ['a lost order', 'I1', '0-7-3', (e) => ({ ...e, orders: e.orders.filter(({ id }) => id !== '0-7-3') })],
    ['a lost decision', 'I1', '0-7-3', (e) => ({ ...e, decisions: e.decisions.filter(({ id }) => id !== '0-7-3') })],
    [
      'a doubled order',
      'I2',
      '0-7-4',
      (e) => ({ ...e, orders: e.orders.flatMap((o) => (o.id === '0-7-4' ? [o, o] : [o])) })
    ],
    [
      'a doubled sequence',
      'I2',
      'sequence 0-7-9',
      (e) => ({ ...e, decisions: [...e.decisions, changed(e.decisions[8], { id: '0-8-9' })] })
    ],
    ['two decisions for one key', 'I2', 'key-of-', (e) => ({ ...e, ...twoForOneKey(e) })],
    ['an oversold session', 'I3', '21 sold of 20', (e) => oneMore(e)],
    ['units that are gone', 'I5', 'only 19 sold', (e) => ({ ...e, orders: e.orders.slice(0, 19) })],
    ['stock that does not add up', 'I4', 'phone am', (e) => ({ ...e, state: { ...e.state, sessions: [] } })],
    ['a stock table that does not add up', 'I4', 'table stock', (e) => ({ ...e, stock: [] })],
    ['a frame left behind', 'I4', 'outbox', (e) => withShard(e, { outbox: 1 })],
    ['a shard left closed', 'I4', 'closed', (e) => withShard(e, { state: 'closed' })],
    [
      'a user above the limit',
      'I8',
      'user-',
      (e) => ({ ...e, orders: e.orders.map((o) => ({ ...o, user: e.orders[0]?.user ?? '' })) })
    ],
    [
      'a position taken twice',
      'position',
      '0-7-6',
      (e) => ({ ...e, orders: e.orders.map((o) => (o.id === '0-7-6' ? { ...o, position: 5 } : o)) })
    ],
    ['a dead letter', 'I9', '2 dead letters', (e) => ({ ...e, deadLetters: 2 })],
    [
      'a row that nobody asked for',
      'I9',
      '0-7-99',
      (e) => ({ ...e, decisions: [...e.decisions, changed(e.decisions[0], { id: '0-7-99', user: 'ghost' })] })
    ],
    [
      'another payload',
      'I13',
      '0-7-1"',
      (e) => ({ ...e, decisions: e.decisions.map((d) => ({ ...d, request: { quantity: 9 } })) })
    ],
    [
      'an order without its event',
      'event',
      '0-7-5',
      (e) => ({ ...e, events: e.events.filter(({ messageId }) => messageId !== '0-7-5') })
    ],
    ['an event twice', 'event', '0-7-5', (e) => ({ ...e, events: [...e.events, ...e.events.slice(4, 5)] })],
    [
      'an event without an order',
      'event',
      '0-7-99',
      (e) => ({ ...e, events: [...e.events, changed(e.events[0], { messageId: '0-7-99' })] })
    ],
    [
      'an event about another user',
      'event',
      '0-7-5',
      (e) => ({ ...e, events: e.events.map((v) => ({ ...v, event: { ...v.event, partitionkey: 'x' } })) })
    ],
    [
      'an old epoch after its fence',
      'I10',
      '0-6-1',
      (e) => ({ ...e, events: [...e.events, changed(e.events[0], { messageId: '0-6-1' })] })
    ]
  ]

for (const [title, rule, id, damage] of plants) {
  t.test(`the checker finds ${title}`, async (t) => {
    const { shop, client } = await shopping(t)
    await Promise.all(Array.from({ length: 22 }, (_, number) => client.buy(wish(number))))
    const { history } = client
    t.same(differences({ promise, history, evidence: shop.evidence() }), [])
    const found = differences({ promise, history, evidence: damage(shop.evidence()) })
    const named = found.filter((difference) => difference.rule === rule && difference.what.includes(id))
    t.ok(named.length > 0, `names it among ${JSON.stringify(found.slice(0, 5))}`)
  })
}

t.test('the checker finds an answer that changed, and a confirmation that was taken back', async (t) => {
  const { shop, client } = await shopping(t)
  await Promise.all(Array.from({ length: 20 }, (_, number) => client.buy(wish(number))))
  const evidence = shop.evidence()
  const answer = shop.answers.get('user-3 key-of-3')
  if (answer === undefined) throw new Error('user-3 has no order')
  shop.answers.set('user-3 key-of-3', { ...answer, order: { ...answer.order, position: 77 } })
  await client.attempt(wish(3), 'buy')
  shop.answers.delete('user-4 key-of-4')
  await client.attempt(wish(4), 'status')
  const found = differences({ promise, history: client.history, evidence }).map(({ rule, what }) => `${rule} ${what}`)
  t.equal(found.length, 2)
  t.match(found[0], /^I6 user-3 key-of-3 was confirmed with two different answers/)
  t.match(found[1], /^I6 user-4 key-of-4 was confirmed as 0-7-\d+, then /)
})

t.test('the checker finds an order that stands although its user was told otherwise', async (t) => {
  const { shop, client } = await shopping(t, { oddity: (buy) => (buy === 1 ? 'hang' : undefined) })
  await client.attempt(wish(1), 'buy')
  const undecided = differences({ promise, history: client.history, evidence: shop.evidence() })
  t.ok(undecided.some(({ rule, what }) => rule === 'I7' && what.includes('user-1 never got a definite answer')))
  t.ok(undecided.some(({ rule, what }) => rule === 'I7' && what.startsWith('0-7-1 stands, but user-1 was told')))
})

function changed<T>(row: T | undefined, change: Partial<T>): T {
  if (row === undefined) throw new Error('there is no such row')
  return { ...row, ...change }
}

function twoForOneKey({ decisions }: Evidence): Pick<Evidence, 'decisions'> {
  const [first] = decisions
  return { decisions: [...decisions, changed(first, { id: '0-7-50', sequence: 50 })] }
}

function oneMore(evidence: Evidence): Evidence {
  const row = changed(evidence.orders[0], { id: '0-7-21', sequence: 21, position: 21, user: 'user-late' })
  return { ...evidence, orders: [...evidence.orders, row] }
}

function withShard(evidence: Evidence, change: Partial<Evidence['state']['shards'][number]>): Evidence {
  const shards = evidence.state.shards.map((shard) => ({ ...shard, ...change }))
  return { ...evidence, state: { ...evidence.state, shards } }
}
