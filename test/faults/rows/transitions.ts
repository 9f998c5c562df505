import type { Difference } from '../../support/judging/promise.ts'
import { waitFor } from '../../support/wait.ts'
import { BrokenError, type Row } from '../row.ts'
import { type Scene, wish } from '../scene.ts'
import type { Answer } from '../world/requests.ts'
import { definite } from './tools.ts'

const price = 299_900
const payWithinSeconds = 3
const paying = 60
const cancelled = 10

interface Order {
  readonly id: string
  readonly user: string
  readonly payBy: number
}

/** Buys one unit for each of several users. @throws Error when one is not confirmed */
async function buyMany(scene: Scene, prefix: string, count: number): Promise<Order[]> {
  const client = scene.client(scene.world.gateway(0))
  try {
    const users = Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
    const endings = await Promise.all(users.map((user) => client.buy(wish(user))))
    return endings.map((ending, index) => {
      if (ending.kind !== 'confirmed') throw new Error(`${users[index]} got no order: ${JSON.stringify(ending)}`)
      return { id: ending.order.id, user: users[index] ?? '', payBy: Date.parse(ending.order.payBy ?? '') }
    })
  } finally {
    client.close()
  }
}

function pay(scene: Scene, { id }: Order): Promise<Answer> {
  const body = { amount: price, currency: 'CNY', reference: `bank-${id}` }
  return scene.world.admin({ method: 'POST', path: `/admin/v1/orders/${id}/payment`, body, key: `pay-${id}` })
}

function cancelBy(scene: Scene, who: string, { id }: Order): Promise<Answer> {
  const path = `/admin/v1/orders/${id}/cancellation`
  return scene.world.admin({ method: 'POST', path, body: {}, key: `${who}-${id}` })
}

const told = new WeakMap<Scene, Map<string, string>>()

/** Payments reach the orders in the very moment in which they expire; some orders are cancelled by two at once. */
async function expiryAgainstPayment(scene: Scene): Promise<string> {
  const { world } = scene
  const orders = await buyMany(scene, 'late', paying)
  const released = await buyMany(scene, 'twice', cancelled)
  const answers = new Map<string, string>()
  told.set(scene, answers)
  const both = await Promise.all(
    released.flatMap((order) => ['one', 'two'].map((who) => definite(() => cancelBy(scene, who, order))))
  )
  const releases = both.filter(({ status }) => status === 201 || status === 200).length
  if (releases !== cancelled)
    throw new Error(`${releases} of ${both.length} cancellations of ${cancelled} orders were done`)
  scene.struck()
  const pays = orders.map(async (order, index) => {
    // the driver asks twice a second; another worker takes a second to take over from one that is killed
    const at = order.payBy - 200 + (index / paying) * 2500
    await waitFor(() => Date.now() >= at, { deadlineMs: payWithinSeconds * 1000 + 10_000 })
    const { status } = await definite(() => pay(scene, order))
    answers.set(order.id, status === 201 || status === 200 ? 'paid' : 'expired')
  })
  const fails = scene.seed % 3
  let proof = ''
  if (fails > 0) {
    proof = await world.worker(0).hit(fails === 1 ? 'X2' : 'G3')
    await world.worker(0).end()
  }
  await Promise.all(pays)
  const open = async () => {
    const { rows } = await world.pool.query<{ count: number }>(
      "select count(*)::int as count from orders where status = 'accepted'"
    )
    return rows[0]?.count ?? 0
  }
  await waitFor(async () => (await open()) === 0, { deadlineMs: 60_000, what: 'every order to be paid or expired' })
  scene.healed()
  const paid = [...answers.values()].filter((answer) => answer === 'paid').length
  if (paid === 0 || paid === paying) throw new Error(`${paid} of ${paying} were paid: it was no race`)
  return `${paid} orders were paid, ${paying - paid} expired, ${cancelled} cancelled once by two at once; ${proof}`
}

/** What the payer was told is what became of the order. */
async function answersBroken(scene: Scene): Promise<Difference[]> {
  const { rows } = await scene.world.pool.query<{ id: string; status: string }>(
    'select order_id as id, status from orders'
  )
  const answers = told.get(scene) ?? new Map<string, string>()
  return rows
    .filter(({ id, status }) => answers.has(id) && answers.get(id) !== status)
    .map(({ id, status }) => ({ rule: 'I6', what: `order ${id} is ${status}, its payer was told ${answers.get(id)}` }))
}

/** The only unit comes back by a cancellation that the journal does not have; another user wants it. */
async function cancelNotJournaled(scene: Scene): Promise<string> {
  const { world } = scene
  const lines = [world.line('gateway-nats'), world.line('worker-nats')]
  const [order] = await buyMany(scene, 'first', 1)
  if (order === undefined) throw new Error('there is no order')
  const other = scene.client(world.gateway(1))
  const path = `/v1/orders/${order.id}/cancellation`
  const cancel = () => world.ask(order.user, { method: 'POST', path, body: {}, key: 'cancel-it' })
  const { epoch } = await world.shard()
  try {
    scene.struck()
    for (const line of lines) line.dropRequests()
    const pending = await cancel()
    if (pending.status !== 202)
      throw new Error(`unjournaled, the cancellation was answered with ${JSON.stringify(pending)}`)
    const early = await other.attempt(wish('second'), 'buy')
    if (early.kind === 'ok' || early.kind === 'pending') {
      throw new BrokenError('I3', `the unit was sold: ${JSON.stringify(early)}`)
    }
    await scene.withRedis((redis) => redis.multi().flushall().script('FLUSH').exec())
    for (const line of lines) line.heal()
    scene.healed()
    const after = await world.reopened(epoch)
    const still = await definite(async () => {
      const { kind, status, code } = await other.attempt(wish('second'), 'buy')
      return { status: kind === 'unknown' ? 0 : status, body: code }
    })
    if (still.body !== 'SOLD_OUT') throw new Error(`the cancellation is void, and the unit is ${JSON.stringify(still)}`)
    const done = await definite(cancel)
    if (done.status > 201) throw new Error(`the repeated cancellation was answered with ${JSON.stringify(done)}`)
    const sold = await other.buy(wish('third'))
    if (sold.kind !== 'confirmed') throw new Error(`the unit did not come back: ${JSON.stringify(sold)}`)
    return `pending, ${early.code} for another, void after the wipe (epoch ${epoch} became ${after}), then done and sold again`
  } finally {
    other.close()
  }
}

export const transitionRows: readonly Row[] = [
  {
    id: 'F39',
    title:
      'Orders are paid at the instant at which they expire, the expiry is killed half-way: paid or expired, units back once.',
    sale: { buyers: 0, stock: 100, payWithinSeconds },
    world: (seed) => ({ standbys: [''], workerFails: ['', 'X2:kill:1', 'G3:kill:1'][seed % 3] as string }),
    expects: { opensAgain: false, unsold: true },
    strike: expiryAgainstPayment,
    judge: answersBroken
  },
  {
    id: 'F41',
    title:
      'A cancellation is not journaled, its unit wanted by another, Redis wiped: not sold before the journal has it.',
    sale: { buyers: 0, stock: 1 },
    world: { lines: ['gateway-nats', 'worker-nats'] },
    expects: { opensAgain: true },
    strike: cancelNotJournaled
  }
]
