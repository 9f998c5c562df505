import t, { type Test } from 'tap'
import { createOrderChange } from '../../src/campaign/actions/change-order.ts'
import type { AskedChange } from '../../src/campaign/actions/order-changes.ts'
import { findAnyOrder } from '../../src/campaign/actions/order-lookup.ts'
import type { UserReader } from '../../src/gate/gate.ts'
import { createDecisionFinder } from '../../src/http/answering/find-decision.ts'
import { codeOfUser } from '../../src/http/kinds/invite/code.ts'
import { replayField } from '../../src/record/replay.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy } from '../support/shop/core.ts'
import { forget } from '../support/shop/forgetting.ts'
import { atRest, bought, openShop, type Shop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

/** Reports a change of an order as services do. */
async function tell(shop: Shop, order: string, { key = 'k', ...asked }: AskedChange & { readonly key?: string }) {
  const parts = { ...shop, ...shop.core }
  const found = await findAnyOrder(parts, order)
  if (found === undefined) throw new Error(`There is no order ${order}`)
  return createOrderChange(parts)(found, asked, { name: 'shop', key: replayField.command(key) })
}

const payment = (reference: string, amount = 100) =>
  ({ transition: 'pay', body: { amount, currency: 'CNY', reference } }) as const

/** How many decisions of a type are stored. */
async function count(shop: Shop, type: string): Promise<number> {
  await atRest(shop)
  return (await shop.core.pool.query('select 1 from decisions where type = $1', [type])).rowCount ?? 0
}

/** Everything is forgotten in Redis. */
async function allForgotten(t: Test, shop: Shop): Promise<void> {
  await forget(shop)
  const fields = await shop.redis.hkeys(`${shop.prefix}u:ann`)
  t.same(
    fields.filter((field) => /^(u|x):/.test(field)),
    [],
    'no replay is left'
  )
}

t.test('a payment that comes again is the same payment, whenever it comes', async (t) => {
  const shop = await openShop(t, urls)
  const order = await bought(shop, 'ann')
  const paid = await tell(shop, order, payment('p-1'))
  t.match(paid, { kind: 'confirmed', replayed: false })
  const late = await tell(shop, order, payment('p-2'))
  t.match(late, { kind: 'refused', code: 'NOT_PAYABLE', members: { refundDue: { reference: 'p-2' } } })
  await allForgotten(t, shop)
  t.match(await tell(shop, order, payment('p-1')), {
    kind: 'confirmed',
    replayed: true,
    decision: paid.kind === 'confirmed' && { id: paid.decision.id, order: { status: 'paid' } }
  })
  t.same(await tell(shop, order, payment('p-2')), late, 'its money is due back once')
  t.match(await tell(shop, order, payment('p-1', 99)), { kind: 'refused', code: 'KEY_REUSED' })
  t.equal(await count(shop, 'order.paid'), 1)
  t.equal(await count(shop, 'order.refund-due'), 1)
})

t.test('a command that is delivered again when its key is forgotten does nothing twice', async (t) => {
  const shop = await openShop(t, urls, { stock: 10 })
  const order = await bought(shop, 'ann', { quantity: 2 })
  await tell(shop, order, payment('p-1', 200))
  await tell(shop, order, { transition: 'ship', body: {}, key: 'ship' })
  const back = { transition: 'return', body: { quantity: 1, reason: 'too small' }, key: 'back' } as const
  t.match(await tell(shop, order, back), { kind: 'confirmed', replayed: false })
  await allForgotten(t, shop)
  t.match(await tell(shop, order, back), { kind: 'confirmed', replayed: true })
  t.equal(await count(shop, 'order.returned'), 1, 'one of two came back')
})

t.test('a key of a user is free again, and the newest decision under it is found', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const decisions = createDecisionFinder(gate, shop.core.pool)
  const first = await bought(shop, 'ann', { key: 'u:k' })
  await allForgotten(t, shop)
  t.match(await decisions.outcomeOf('ann', 'k'), { decision: { id: first }, campaign: 'c', activity: 's' })
  const second = await bought(shop, 'ann', { key: 'u:k' })
  t.not(second, first)
  t.match(await decisions.outcomeOf('ann', 'k'), { decision: { id: second } })
  t.match(await gate.submit(buy(shop.sale, 'ann', { key: 'u:k' })), { kind: 'confirmed', replayed: true })
  await atRest(shop)
  t.match(await decisions.outcomeOf('ann', 'k'), { decision: { id: second } })
  t.equal((await shop.core.pool.query('select 1 from orders')).rowCount, 2)
})

t.test('a code is known by its own decision, although its key was used again', async (t) => {
  const field = 'ic:c/friends'
  const found = { kind: 'pending', decision: { id: '0-7-9', sequence: 9, type: 'order.accepted', at: 1, report: '' } }
  const gate = {
    fieldsOf: async () => ({ [field]: '7-1;0-7-2;u:k' }),
    lookup: async () => found
  } as unknown as UserReader
  const whose = { user: 'ann', campaign: 'c', activity: 'friends' }
  t.match(await codeOfUser(gate, whose), { id: '0-7-2', sequence: 2, type: 'invite.created' })
})
