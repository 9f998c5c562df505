import type { Difference } from '../../support/judging/promise.ts'
import type { AttemptResult } from '../../support/load/history.ts'
import { openSession, saleDefinition } from '../../support/shop/sale.ts'
import { waitFor } from '../../support/wait.ts'
import { BrokenError, type Row } from '../row.ts'
import { type Scene, wish } from '../scene.ts'
import { publish } from '../world/requests.ts'
import { lasting } from './tools.ts'

const atOnce = 50

function tally(results: readonly AttemptResult[]): string {
  const counts = new Map<string, number>()
  for (const { kind, code = '' } of results) {
    const name = `${kind} ${code}`.trim()
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ')
}

/** One key from all sides at once; the checker compares the answers with each other. */
async function oneKeyTwoGateways(scene: Scene): Promise<string> {
  const clients = [scene.client(scene.world.gateway(0)), scene.client(scene.world.gateway(1))]
  try {
    const same = wish('greedy')
    const results = await Promise.all(
      clients.flatMap((client) => Array.from({ length: atOnce }, () => client.attempt(same, 'buy')))
    )
    const confirmed = results.filter(({ kind }) => kind === 'ok').length
    if (confirmed === 0) throw new Error(`nobody was confirmed: ${tally(results)}`)
    const other = await Promise.all(clients.map((client) => client.attempt(wish('greedy', same.key, 2), 'buy')))
    const refused = other.filter(({ status, code }) => status === 422 && code === 'KEY_REUSED').length
    if (refused !== 2) throw new Error(`another body under the same key: ${tally(other)}`)
    return `${results.length} requests with one key: ${tally(results)}; with another body: ${tally(other)}`
  } finally {
    for (const client of clients) client.close()
  }
}

/** A key that looks like one of Floodgate's own decides nothing but the order it asks for. */
async function borrowedNames(scene: Scene): Promise<string> {
  const { world } = scene
  const client = scene.client(world.gateway(0))
  try {
    const first = await client.buy(wish('eve'))
    if (first.kind !== 'confirmed') throw new Error(`the first order is ${JSON.stringify(first)}`)
    const names = [`x:expire:${first.order.id}`, 'x:adj:12', 'x:adj:9999', `x:pay:${first.order.id}:1`, 'u:key-of-eve']
    for (const [index, name] of names.entries()) {
      const order = await client.buy(wish(`mallory-${index}`, name))
      if (order.kind !== 'confirmed') throw new Error(`the key ${name} is answered with ${JSON.stringify(order)}`)
    }
    await publish(world, saleDefinition({ id: 'second', sales: { case: { sessions: [openSession(10)] } } }))
    const path = '/v1/campaigns/second/sales/case/orders'
    const reused = await world.ask('eve', { method: 'POST', path, body: { quantity: 1 }, key: 'key-of-eve' })
    if (reused.status !== 422) throw new Error(`one key in two campaigns: ${JSON.stringify(reused)}`)
    const status = async () => {
      const { rows } = await world.pool.query<{ status: string }>('select status from orders where order_id = $1', [
        first.order.id
      ])
      return rows[0]?.status ?? 'none'
    }
    await waitFor(async () => (await status()) === 'expired', { deadlineMs: 60_000, what: 'the order to expire' })
    return `orders under the keys ${names.join(', ')}; ${first.order.id} expired all the same; one key in two campaigns: 422`
  } finally {
    client.close()
  }
}

/** A decision that only Redis knows is pending at every gateway, and nothing when Redis is wiped. */
async function retryOfTheUnjournaled(scene: Scene): Promise<string> {
  const { world } = scene
  const lines = [world.line('gateway-nats'), world.line('worker-nats')]
  const clients = [scene.client(world.gateway(0)), scene.client(world.gateway(1))]
  const { epoch } = await world.shard()
  try {
    scene.struck()
    for (const line of lines) line.dropRequests()
    const told: AttemptResult[] = []
    for (const [index, way] of (['buy', 'buy', 'status', 'buy'] as const).entries()) {
      const client = clients[index % 2]
      if (client) told.push(await client.attempt(wish('patient'), way))
    }
    const pending = told.filter(({ kind }) => kind === 'pending').length
    if (told.some(({ kind }) => kind === 'ok')) throw new BrokenError('I12', `unjournaled, and told ${tally(told)}`)
    if (pending === 0) throw new Error(`unjournaled, and told ${tally(told)}`)
    await scene.withRedis((redis) => redis.multi().flushall().script('FLUSH').exec())
    for (const line of lines) line.heal()
    scene.healed()
    const after = await world.reopened(epoch)
    const ending = await clients[1]?.buy(wish('patient'))
    return `told ${tally(told)} at two gateways; Redis wiped, epoch ${epoch} became ${after}; then ${ending?.kind}`
  } finally {
    for (const client of clients) client.close()
  }
}

export const requestRows: readonly Row[] = [
  {
    id: 'F08',
    title: 'One key at two gateways, fifty times each at once: one decision, equal answers; another body is 422.',
    expects: { opensAgain: false },
    strike: oneKeyTwoGateways
  },
  {
    id: 'F09',
    title: 'Clients give up after 100 ms while Redis takes 500: at most one decision a key, nothing piles up.',
    world: { lines: ['gateway-redis'] },
    sale: { deadlineMs: 100, restMeanwhileMs: 30, buyers: 32 },
    expects: { opensAgain: false },
    async strike(scene) {
      const line = scene.world.line('gateway-redis')
      const before = scene.load.count('unknown')
      scene.struck()
      line.delay(250)
      await lasting(4000)
      line.heal()
      scene.healed()
      const lost = scene.load.count('unknown') - before
      if (lost < 50) throw new Error(`only ${lost} requests were given up`)
      return `${lost} requests were given up in 4 s`
    }
  },
  {
    id: 'F43',
    title: 'A retry of an unjournaled decision at a second gateway is pending too, and void when Redis is wiped.',
    world: { lines: ['gateway-nats', 'worker-nats'] },
    expects: { opensAgain: true },
    strike: retryOfTheUnjournaled
  },
  {
    id: 'F46',
    title:
      "A client's key that looks like an internal one changes nothing but its own order; one key in two campaigns is 422.",
    sale: { buyers: 0, payWithinSeconds: 2 },
    expects: { opensAgain: false, unsold: true },
    strike: borrowedNames,
    judge: async (scene) => strangeDecisions(scene)
  }
]

/** Each order was accepted once and expired once, whatever its key was called. */
async function strangeDecisions(scene: Scene): Promise<Difference[]> {
  const query = `select order_id as id, status from orders where status <> 'expired'`
  const all = async () => (await scene.world.pool.query<{ id: string; status: string }>(query)).rows
  await waitFor(async () => (await all()).length === 0, { deadlineMs: 15_000 }).catch(() => {})
  return (await all()).map(({ id, status }) => ({ rule: 'expiry', what: `order ${id} is ${status}, not expired` }))
}
