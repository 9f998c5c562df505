import t from 'tap'
import type { QueuedCommand } from '../../src/journal/command-queue.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { CommandIntake } from '../../src/worker/commands/intake.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { byAttempt, commandSender } from '../support/shop/command-sender.ts'
import { assertWhole, bought, openShop, type Shop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

async function shopWithSender() {
  const shop = await openShop(t, urls)
  const { send, answered } = await commandSender(shop.core)
  return {
    shop,
    answered,
    tell: (type: string, id: string, data: object) =>
      send(type, { specversion: '1.0', id, source: 'urn:payments', type, data })
  }
}

/** An intake whose queue is played by the test: what is delivered next, and what was told of it. */
function scriptedIntake(
  shop: Shop,
  gate: ConstructorParameters<typeof CommandIntake>[0]['gate'],
  refresh: () => Promise<void> = async () => undefined
) {
  const { pool, config, logger } = shop.core
  const next: QueuedCommand[] = []
  const told: string[] = []
  const deliver = (sequence: number, name: string, data: object) => {
    const text = JSON.stringify({ specversion: '1.0', id: `c-${sequence}`, source: 'urn:test', type: name, data })
    const command: QueuedCommand = {
      name,
      text,
      sequence,
      done: () => void told.push(`${sequence} done`),
      later: () => void told.push(`${sequence} later`)
    }
    next.push(command)
    return () => void next.push(command)
  }
  const intake = new CommandIntake({
    queue: { take: async () => next.splice(0) },
    pool,
    gate,
    catalogue: { refresh, findActivity: () => undefined },
    publisher: { publish: async () => ({ acked: true, sequence: 1, duplicate: false }) },
    names: streamNames(config.NAMESPACE),
    logger
  })
  return { intake, deliver, told }
}

const payment = (order: string, changes = {}) => ({ order, amount: 100, currency: 'CNY', reference: 'p-1', ...changes })

t.test('an order is paid, shipped and taken back by commands, in the order of the queue', async (t) => {
  const { shop, tell, answered } = await shopWithSender()
  const orders = await Promise.all(['ann', 'ben', 'cem'].map((user) => bought(shop, user)))
  for (const order of orders) {
    await tell('order.pay', `pay-${order}`, payment(order, { reference: order }))
    await tell('order.ship', `ship-${order}`, { order, carrier: 'SF', trackingNumber: '1' })
    await tell('order.return', `return-${order}`, { order, reason: 'too small', kind: 'return' })
  }
  const answers = await answered(9)
  t.same(
    answers.filter(({ type }) => type !== 'floodgate.command.accepted'),
    []
  )
  const [first = ''] = orders
  t.same(
    answers.filter(({ data }) => data.order === first).map(({ subject, data }) => [subject, data.status]),
    [
      [`pay-${first}`, 'paid'],
      [`ship-${first}`, 'shipped'],
      [`return-${first}`, 'returned']
    ]
  )
  const { rows } = await shop.core.pool.query(
    'select operator, action, before, after, reason from audit where target = $1 order by audit_id',
    [`order:${first}`]
  )
  t.match(rows, [
    { operator: 'urn:payments', action: 'order.payment', before: { status: 'accepted' }, after: { status: 'paid' } },
    { action: 'order.shipment' },
    { action: 'order.return', reason: 'too small', after: { status: 'returned', outcome: 'confirmed' } }
  ])
  await assertWhole(t, shop)
})

t.test('a command that has to wait is not overtaken by later ones, in whichever delivery they come', async (t) => {
  const shop = await openShop(t, urls)
  const order = await bought(shop, 'ann')
  let isAway = true
  const gate: Pick<typeof shop.gate, 'submit' | 'orderOf' | 'ownerOf'> = {
    submit: async (command) =>
      isAway ? { kind: 'unavailable', reason: 'the test says so', retryAfterMs: 1 } : shop.gate.submit(command),
    orderOf: (user, id) => shop.gate.orderOf(user, id),
    ownerOf: (id) => shop.gate.ownerOf(id)
  }
  const { intake, deliver, told } = scriptedIntake(shop, gate)
  const pay = deliver(1, 'order.pay', payment(order))
  await intake.step(0)
  isAway = false
  const ship = deliver(2, 'order.ship', { order, carrier: 'SF' })
  await intake.step(0)
  t.same(told, ['1 later', '2 later'], 'the shipment waits for the payment')
  pay()
  await intake.step(0)
  deliver(3, 'order.return', { order, quantity: 1 })
  await intake.step(0)
  t.same(told.slice(2), ['1 done', '3 later'], 'the return waits for the shipment')
  ship()
  await intake.step(0)
  t.same(told.slice(4), ['2 done'])
  t.match((await shop.gate.orderOf('ann', order))?.order, { status: 'shipped' })
})

t.test('a command that is put off because Postgres is away is not overtaken either', async (t) => {
  const shop = await openShop(t, urls)
  const order = await bought(shop, 'ann')
  let isAway = true
  const { intake, deliver, told } = scriptedIntake(shop, shop.gate, async () => {
    if (isAway) throw new Error('the test says that Postgres is away')
  })
  const pay = deliver(1, 'order.pay', payment(order))
  await t.rejects(intake.step(0))
  isAway = false
  deliver(2, 'order.ship', { order, carrier: 'SF' })
  await intake.step(0)
  t.same(told, ['1 later', '2 later'], 'the shipment waits for the payment')
  pay()
  await intake.step(0)
  t.same(told.slice(2), ['1 done'])
  t.match((await shop.gate.orderOf('ann', order))?.order, { status: 'paid' })
})

t.test('a command has its effect once, and so has a payment, whichever command brings it', async (t) => {
  const { shop, tell, answered } = await shopWithSender()
  const order = await bought(shop, 'ann')
  await tell('order.pay', 'one', payment(order))
  await tell('order.pay', 'one', payment(order))
  await tell('order.pay', 'two', payment(order))
  const answers = await answered(3)
  t.same(
    answers.map(({ id, data }) => [id, data.status]),
    [
      ['urn:payments:one:1', 'paid'],
      ['urn:payments:one:2', 'paid'],
      ['urn:payments:two:3', 'paid']
    ],
    'each attempt is answered'
  )
  t.equal(new Set(answers.map(({ data }) => data.eventId)).size, 1, 'one decision')
  await assertWhole(t, shop)
})

t.test('a rejected command of any kind may be sent again, corrected, under the same id', async (t) => {
  const { shop, tell, answered } = await shopWithSender()
  const [paid, cancelled] = [await bought(shop, 'ann'), await bought(shop, 'ben')]
  const rows: Array<[string, string, object, object]> = [
    ['order.pay', 'pay', payment(paid, { amount: 99 }), payment(paid)],
    ['order.ship', 'ship', { order: cancelled }, { order: paid, carrier: 'SF' }],
    ['order.return', 'return', { order: cancelled, quantity: 1 }, { order: paid, quantity: 1 }],
    ['order.cancel', 'cancel', { order: paid }, { order: cancelled }]
  ]
  for (const [type, id, wrong, right] of rows) {
    await tell(type, id, wrong)
    await answered(1)
    await tell(type, id, right)
    await answered(1)
  }
  const answers = await answered(8)
  t.same(
    answers.map(({ subject, data }) => [subject, data.status ?? 'rejected']),
    [
      ['pay', 'rejected'],
      ['pay', 'paid'],
      ['ship', 'rejected'],
      ['ship', 'shipped'],
      ['return', 'rejected'],
      ['return', 'returned'],
      ['cancel', 'rejected'],
      ['cancel', 'cancelled']
    ]
  )
  t.equal(new Set(answers.map(({ id }) => id)).size, 8)
  await assertWhole(t, shop)
})

t.test("a command's id does one thing: used again for something else it is rejected", async (t) => {
  const { shop, tell, answered } = await shopWithSender()
  const [ann, ben] = [await bought(shop, 'ann'), await bought(shop, 'ben')]
  await tell('order.cancel', 'one', { order: ann })
  await answered(1)
  await tell('order.cancel', 'one', { order: ben })
  await tell('order.pay', 'one', payment(ben))
  await tell('order.cancel', 'one', { order: ann })
  const answers = await answered(4)
  t.match(
    byAttempt(answers).map(({ data }) => data),
    [
      { order: ann, status: 'cancelled' },
      { code: 'KEY_REUSED', detail: `this id was used for another command: order.cancel for ${ann}. Use another id.` },
      { code: 'KEY_REUSED' },
      { order: ann, status: 'cancelled' }
    ]
  )
  await assertWhole(t, shop)
  const { rows } = await shop.core.pool.query('select status from orders where order_id = $1', [ben])
  t.same(rows, [{ status: 'accepted' }])
})

t.test('one payment is for one order: for another order it is answered with the first', async (t) => {
  const { shop, tell, answered } = await shopWithSender()
  const [ann, ben] = await Promise.all(['ann', 'ben'].map((user) => bought(shop, user)))
  await tell('order.pay', 'ann', payment(ann ?? ''))
  t.match(await answered(1), [{ data: { status: 'paid' } }])
  await tell('order.pay', 'ben', payment(ben ?? ''))
  await tell('order.pay', 'twice', payment(ann ?? '', { reference: 'p-2' }))
  const answers = await answered(3)
  t.match(
    answers.find(({ subject }) => subject === 'ben'),
    { data: { code: 'CONFLICT', detail: new RegExp(ann ?? 'none') } }
  )
  t.match(
    answers.find(({ subject }) => subject === 'twice'),
    { data: { code: 'NOT_PAYABLE', detail: /due back/ } }
  )
  await assertWhole(t, shop)
})

t.test('a command that is not possible is answered with the reason, and changes nothing', async (t) => {
  const { shop, tell, answered } = await shopWithSender()
  const order = await bought(shop, 'ann')
  await tell('order.pay', 'wrong-amount', payment(order, { amount: 99 }))
  await tell('order.pay', 'no-amount', payment(order, { amount: 'much' }))
  await tell('order.pay', 'more', payment(order, { more: 1 }))
  await tell('order.ship', 'unpaid', { order })
  await tell('order.cancel', 'nobody', { order: '0-1-1' })
  await tell('order.cancel', 'no-order', {})
  await tell('order.cancel', 'cancelled', { order, reason: 'fraud' })
  await tell('order.pay', 'too-late', payment(order, { reference: 'p-2' }))
  const answers = await answered(8)
  t.same(Object.fromEntries(answers.map(({ subject, data }) => [subject, data.code ?? data.status])), {
    'wrong-amount': 'CONFLICT',
    'no-amount': 'VALIDATION',
    more: 'VALIDATION',
    unpaid: 'CONFLICT',
    nobody: 'NOT_FOUND',
    'no-order': 'VALIDATION',
    cancelled: 'cancelled',
    'too-late': 'NOT_PAYABLE'
  })
  t.match(
    answers.find(({ subject }) => subject === 'unpaid'),
    {
      type: 'floodgate.command.rejected',
      on: `${shop.core.config.NAMESPACE}.c.command.rejected`,
      data: { user: 'ann' }
    }
  )
  await assertWhole(t, shop)
})
