import t from 'tap'
import { solved } from '../../support/http/tickets.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { waitFor } from '../../support/wait.ts'

const shop = await startMallShop(t)
const { ask, publish } = shop
const now = Date.now()
const at = (ms: number) => new Date(now + ms).toISOString()
const HOUR = 3_600_000

const definition = (requires?: object) => ({
  id: 'launch',
  title: 'Launch',
  timezone: 'Asia/Shanghai',
  opensAt: at(-HOUR),
  closesAt: at(HOUR),
  activities: [
    {
      id: 'phone',
      kind: 'sale',
      title: 'Phone',
      price: 100,
      currency: 'CNY',
      sessions: [{ id: 'am', opensAt: at(-HOUR), closesAt: at(HOUR), stock: 100 }],
      ...(requires && { requires })
    },
    {
      id: 'wheel',
      kind: 'draw',
      title: 'Wheel',
      fallback: 'no',
      prizes: [{ id: 'no', tier: 1, title: 'Thanks', type: 'nothing', quota: null, weight: 1 }],
      requires: { ticket: true }
    }
  ]
})
await publish(definition({ ticket: true }))

const buy = (user: string, key: string, ticket?: string) =>
  ask(user, 'POST /v1/campaigns/launch/sales/phone/orders', {
    body: { quantity: 1 },
    key,
    ...(ticket !== undefined && { ticket })
  })

async function ticketFor(user: string, key: string, activity = 'phone'): Promise<string> {
  const path = 'POST /v1/campaigns/launch/tickets'
  const { challenge } = (await ask(user, path, { body: { activity }, key })).body
  const answer = { activity, challenge: challenge.token, solution: solved(challenge) }
  return (await ask(user, path, { body: answer, key })).body.ticket
}

t.test('two requests with one ticket decide once, and its key is answered for ever after', async (t) => {
  const key = 'alice-buys-one'
  t.match(await buy('alice', key), { status: 403, body: { code: 'TICKET_REQUIRED' } })
  const ticket = await ticketFor('alice', key)
  const answers = await Promise.all([buy('alice', key, ticket), buy('alice', key, ticket)])
  t.strictSame(
    answers.map(({ status }) => status),
    [201, 201]
  )
  const [one, two] = answers
  t.same(one?.body, two?.body)
  t.match(await buy('alice', 'alice-buys-two', ticket), { status: 403, body: { code: 'TICKET_INVALID' } })
  const replay = await buy('alice', key)
  t.match(replay, { status: 201, headers: { 'idempotent-replayed': 'true' } })
  t.same(replay.body, one?.body)
  t.match(await buy('bob', key), { status: 403, body: { code: 'TICKET_REQUIRED' } }, 'a key is of one user')
  t.equal((await ask('alice', 'GET /v1/me/orders')).body.items.length, 1)
})

t.test('a spin needs a ticket of its draw', async (t) => {
  const key = 'alice-spins-once'
  const spin = (ticket: string) => ask('alice', 'POST /v1/campaigns/launch/draws/wheel/spins', { key, ticket })
  t.match(await spin(await ticketFor('alice', key, 'phone')), { status: 403, body: { code: 'TICKET_INVALID' } })
  t.equal((await spin(await ticketFor('alice', key, 'wheel'))).status, 201)
})

t.test('refusals for want of a ticket are counted', async (t) => {
  shop.signals.tell()
  const outcomes = shop.toldSignals.flatMap((text) => JSON.parse(text).activities)
  const phone = outcomes.filter(({ activity }) => activity === 'phone')
  t.match(phone, [{ outcomes: { TICKET_REQUIRED: 2, TICKET_INVALID: 1 } }])
})

t.test('a later version begins and ends to ask for tickets', async (t) => {
  await publish(definition())
  await waitFor(async () => (await buy('carol', 'carol-buys-one')).status === 201, { what: 'tickets to be needless' })
  t.match(await ask('carol', 'POST /v1/campaigns/launch/tickets', { body: { activity: 'phone' } }), { status: 400 })
  await publish(definition({ ticket: true }))
  let count = 0
  await waitFor(async () => (await buy('carol', `carol-buys-more-${count++}`)).status === 403, {
    what: 'tickets to be needed'
  })
})
