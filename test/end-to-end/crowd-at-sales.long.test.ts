import t, { type Test } from 'tap'
import { assertSound } from '../support/judging/assert-sound.ts'
import { History, type Purchase } from '../support/load/history.ts'
import { LoadClient, type Trick } from '../support/load/load-client.ts'
import { seededRandom, shuffled } from '../support/random.ts'
import { testShards } from '../support/servers/servers.ts'
import { type Stack, startStack } from '../support/servers/stack.ts'
import { openSession, promiseOf, type SaleOptions, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'

const seed = Number(process.env.FLOODGATE_TEST_SEED ?? 20261111)
t.comment(`seed ${seed}`)
const random = seededRandom(seed)
// Two gateway processes: each must know what the other one decided.
const stack = await startStack(t, { env: { GATEWAY_PROCESSES: '2' } })

function clientOf(t: Test, stack: Stack): LoadClient {
  const tokenOf = (user: string) => stack.tokenOf(user)
  const client = new LoadClient({
    publicUrl: stack.publicUrl,
    tokenOf,
    history: new History(),
    connections: 64,
    seed,
    patienceMs: 120_000
  })
  t.teardown(() => client.close())
  return client
}

/** A third of all requests is repeated or loses its connection. */
function anyTrick(): Trick | undefined {
  const dice = random()
  if (dice < 0.1) return 'twice'
  if (dice < 0.18) return 'cut-after-write'
  if (dice < 0.26) return 'cut-mid-answer'
  return dice < 0.36 ? 'replay' : undefined
}

t.test(
  '2,000 users race for 500 units with repeats and broken connections: exactly 500 are sold, one each',
  async (t) => {
    const sale: SaleOptions = {
      id: 'crowd',
      unitsPerUser: 1,
      sales: { phone: { unitsPerUser: 1, sessions: [openSession(500)] } }
    }
    await stack.publish(saleDefinition(sale))
    const client = clientOf(t, stack)
    const wishes = Array.from({ length: 2000 }, (_, number): Purchase[] => {
      const wish = {
        user: `crowd-${number}`,
        key: `crowd-key-${number}`,
        campaign: 'crowd',
        sale: 'phone',
        quantity: 1
      }
      // One in ten tries for a second unit under another key, against the limit.
      return number % 10 === 0 ? [wish, { ...wish, key: `crowd-again-${number}` }] : [wish]
    })
    const endings = await Promise.all(
      shuffled(wishes.flat(), random).map(async (wish) => ({ wish, ending: await client.buy(wish, anyTrick()) }))
    )
    await assertSound(t, { stack, client, promise: promiseOf(sale, ['now']) })

    const confirmed = new Map(
      endings.flatMap(({ ending }) => (ending.kind === 'confirmed' ? [[ending.order.id, ending.order] as const] : []))
    )
    t.equal(confirmed.size, 500, '500 orders of distinct sequences')
    // a position counts the units of its shard
    for (let shard = 0; shard < testShards; shard += 1) {
      const own = [...confirmed.values()].filter(({ id }) => id.startsWith(`${shard}-`))
      const positions = own.map(({ position }) => position).sort((a, b) => a - b)
      t.same(
        positions,
        own.map((_, index) => index + 1)
      )
    }
    const codes = new Set(endings.flatMap(({ ending }) => (ending.kind === 'refused' ? [ending.code] : [])))
    t.same([...codes].sort(), ['LIMIT_REACHED', 'SOLD_OUT'])
    t.ok(client.history.count('unknown') > 100, 'connections were broken')
    const found = client.history.attempts.filter(({ way, result }) => way === 'status' || result?.replayed === true)
    t.ok(
      found.some(({ result }) => result?.kind === 'ok'),
      'answers that were lost were found again'
    )
  }
)

/** Two items, each with a session that ends soon and one that follows; limits of session, item and campaign are all reached. */
function manyLimits(id: string, changeAt: number): SaleOptions {
  const early = { id: 'early', opensAt: changeAt - 3600_000, closesAt: changeAt, unitsPerUser: 2 }
  const late = { id: 'late', opensAt: changeAt, closesAt: changeAt + 3600_000, unitsPerUser: 3 }
  const sessions = (first: number, second: number) => [
    { ...early, stock: first },
    { ...late, stock: second }
  ]
  return {
    id,
    unitsPerUser: 5,
    sales: {
      phone: { unitsPerUser: 4, sessions: sessions(250, 200) },
      tablet: { unitsPerUser: 3, sessions: sessions(180, 220) }
    }
  }
}

/** Every user asks for 1 to 3 units of each item a few times. */
function greedyWishes(campaign: string, phase: string, users: number): Purchase[] {
  return Array.from({ length: users }, (_, number) =>
    ['phone', 'tablet', 'phone', 'tablet'].map((sale, turn) => ({
      user: `limits-${number}`,
      key: `${campaign}-${phase}-${number}-${turn}`,
      campaign,
      sale,
      quantity: 1 + Math.floor(random() * 3)
    }))
  ).flat()
}

t.test('1 to 3 units over two items and two sessions: no limit of session, item or campaign is passed', async (t) => {
  const all = (client: LoadClient, wishes: Purchase[]) =>
    Promise.all(shuffled(wishes, random).map((wish) => client.buy(wish, anyTrick())))
  const sessionsOf = ({ history }: LoadClient) =>
    new Set(history.attempts.flatMap(({ result }) => result?.order?.session ?? []))
  /** On a machine on which the first session ends before it has sold anything, the next one is longer. */
  async function firstSession(seconds: number): Promise<{ sale: SaleOptions; client: LoadClient; changeAt: number }> {
    const id = `limits-${seconds}`
    const changeAt = Date.now() + seconds * 1000
    const sale = manyLimits(id, changeAt)
    await stack.publish(saleDefinition(sale))
    const client = clientOf(t, stack)
    await all(client, greedyWishes(id, 'early', 250))
    if (seconds < 300 && !sessionsOf(client).has('early')) return firstSession(2 * seconds)
    return { sale, client, changeAt }
  }
  const { sale, client, changeAt } = await firstSession(20)
  await waitFor(() => Date.now() > changeAt + 50, { what: 'the second session to open' })
  await all(client, greedyWishes(sale.id, 'late', 250))
  // Whole orders leave a rest that only single units fit: fresh users take it, so that every unit must be gone.
  const fresh = Array.from({ length: 220 }, (_, number) => ({
    user: `limits-fresh-${number}`,
    key: `limits-fresh-${number}`,
    campaign: sale.id,
    quantity: 1
  }))
  await Promise.all(fresh.map((wish) => client.buy({ ...wish, sale: 'phone' }, anyTrick())))
  await Promise.all(fresh.map((wish) => client.buy({ ...wish, sale: 'tablet', key: `${wish.key}-tablet` }, anyTrick())))
  await assertSound(t, { stack, client, promise: promiseOf(sale, ['late']) })
  t.same([...sessionsOf(client)].sort(), ['early', 'late'], 'both sessions sold')
})

t.test(
  'one key 50 times at once on two gateways is one decision with equal answers; with another body it is refused',
  async (t) => {
    const sale: SaleOptions = { id: 'one-key', sales: { phone: { sessions: [openSession(100)] } } }
    await stack.publish(saleDefinition(sale))
    const client = clientOf(t, stack)
    const wish = { user: 'twin', key: 'the-same-key', campaign: 'one-key', sale: 'phone', quantity: 2 }
    const results = await Promise.all(Array.from({ length: 50 }, () => client.buy(wish)))
    const orders = results.map((ending) => (ending.kind === 'confirmed' ? ending.order.id : ending.kind))
    t.equal(new Set(orders).size, 1, `${orders[0]}`)
    const { attempts } = client.history
    const confirmed = attempts.flatMap(({ result }) => (result?.kind === 'ok' ? [result] : []))
    for (const { body } of confirmed) t.same(body, confirmed[0]?.body)
    // the one that decided may be told so late that it asks again, and hears of a replay
    const fresh = confirmed.filter(({ replayed }) => replayed === false).length
    t.ok(attempts.length === 50 ? fresh === 1 : fresh <= 1, `${fresh} of ${attempts.length} attempts decided`)
    await assertSound(t, { stack, client, promise: promiseOf(sale, []) })

    // Outside the recorded history: these belong to the same key, but are other requests.
    const others = new LoadClient({
      publicUrl: stack.publicUrl,
      tokenOf: (user) => stack.tokenOf(user),
      history: new History()
    })
    t.teardown(() => others.close())
    const reused = { kind: 'refused', code: 'KEY_REUSED' }
    t.match(await others.buy({ ...wish, quantity: 1 }), reused)
    await stack.publish(saleDefinition({ ...sale, id: 'one-key-2' }))
    t.match(await others.buy({ ...wish, campaign: 'one-key-2' }), reused)
    const stranger = await others.buy({ ...wish, user: 'stranger' })
    t.equal(stranger.kind, 'confirmed')
    t.not(stranger.kind === 'confirmed' && stranger.order.id, orders[0], 'an order of their own')
  }
)

t.test('a crowd at a closed door is told when to come back, and nothing is decided', async (t) => {
  const opensAt = Date.now() + 3_000_000
  const session = { ...openSession(50), opensAt, closesAt: opensAt + 60_000 }
  const sale: SaleOptions = { id: 'early-birds', sales: { phone: { sessions: [session] } } }
  await stack.publish(saleDefinition(sale))
  const client = clientOf(t, stack)
  const wishes = Array.from({ length: 200 }, (_, number) => ({
    user: `bird-${number}`,
    key: `bird-key-${number}`,
    campaign: 'early-birds',
    sale: 'phone',
    quantity: 1
  }))
  const endings = await Promise.all(wishes.map((wish) => client.buy(wish, anyTrick())))
  t.same(
    [...new Set(endings.map((ending) => (ending.kind === 'refused' ? ending.code : ending.kind)))],
    ['NOT_STARTED']
  )
  await assertSound(t, { stack, client, promise: promiseOf(sale, []) })
})
