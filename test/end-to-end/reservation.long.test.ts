import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { connect } from 'nats'
import t from 'tap'
import { assertEvents } from '../support/judging/assert-events.ts'
import { Books } from '../support/judging/books.ts'
import { startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'
import { walker } from './every-kind-campaign.ts'

// A sale that only those may buy in who reserved it: reserved, reminded, killed, opened and bought, by HTTP and NATS alone.

const campaign = 'reserved'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const iso = (ms: number) => new Date(ms).toISOString()
const now = Date.now()
const opensAt = now + HOUR

const stack = await startStack(t)
const books = new Books(stack.file())
const redis = new Redis(stack.file().redisUrl)
t.teardown(() => {
  redis.disconnect()
  return books.close()
})
await stack.publish({
  id: campaign,
  title: 'Reserved',
  timezone: 'Asia/Shanghai',
  opensAt: iso(now - HOUR),
  closesAt: iso(now + 5 * HOUR),
  activities: [
    {
      id: 'phone',
      kind: 'sale',
      title: 'Phone',
      price: 100,
      currency: 'CNY',
      requires: { reservation: 'remind' },
      sessions: [{ id: 'am', opensAt: iso(opensAt), closesAt: iso(opensAt + 10 * MINUTE), stock: 5 }]
    },
    { id: 'remind', kind: 'reservation', of: 'phone', remindMinutes: 120, perUser: 2 }
  ]
} as { id: string })
const { ask, me } = walker(stack, campaign)

const refusal = (status: number, code: string, members: object = {}) => ({ status, body: { code, ...members } })
const reserve = (user: string, session?: string, key = randomUUID() as string) =>
  ask(user, `POST /v1/campaigns/${campaign}/reservations/remind`, { body: session ? { session } : {}, key })
const buy = (user: string) =>
  ask(user, `POST /v1/campaigns/${campaign}/sales/phone/orders`, { body: { quantity: 1 }, key: `order-of-${user}` })
const patch = (body: object) =>
  stack.operate({
    method: 'PATCH',
    path: `/admin/v1/campaigns/${campaign}/activities/phone`,
    body: { reason: 'a test', ...body }
  })
const page = async () =>
  (await ask('ann', `GET /v1/campaigns/${campaign}`)).body.activities.find(({ id }: { id: string }) => id === 'remind')

/** The reminders on the public stream, from its beginning. */
async function reminders(): Promise<Array<{ id: string; data: Record<string, string> }>> {
  const { natsUrl: servers, natsUser: user, natsPassword: pass } = stack.file()
  const nc = await connect({ servers, user, pass })
  const js = nc.jetstream()
  const consumer = await js.consumers.get('FLOODGATE')
  const messages = await consumer.fetch({ max_messages: 1000, expires: 1000 })
  const found: Array<{ id: string; data: Record<string, string> }> = []
  for await (const message of messages) if (message.subject.endsWith('.reminder.due')) found.push(message.json())
  await nc.close()
  return found
}
const idsOf = async () => (await reminders()).map(({ id }) => id).sort()

let one = ''
let all = ''

t.test('a session is reserved once, and everybody sees how many did', async (t) => {
  const made = await reserve('ann', 'am', 'reserve-am-1')
  t.match(made, {
    status: 201,
    body: { reservation: { id: /^\d-\d+-\d+$/, reservation: 'remind', session: 'am', remindAt: String } }
  })
  t.same((await reserve('ann', 'am', 'reserve-am-1')).body, made.body)
  t.same((await ask('ann', 'GET /v1/requests/reserve-am-1')).body, made.body)
  t.match(await reserve('ann', undefined, 'reserve-am-1'), refusal(422, 'KEY_REUSED'))
  t.match(await reserve('ann', 'am'), refusal(409, 'ALREADY_DONE'))
  t.match(await reserve('ann', 'pm'), refusal(404, 'NOT_FOUND'))
  t.match(await reserve('ann', 'A session'), refusal(400, 'VALIDATION'))
  t.match(await ask('ann', `POST /v1/campaigns/${campaign}/reservations/phone`), refusal(404, 'NOT_FOUND'))
  const forAll = await reserve('ben')
  t.match(forAll, { status: 201, body: { reservation: { session: null } } })
  one = made.body.reservation.id
  all = forAll.body.reservation.id
  await waitFor(async () => (await page()).reserved === 2, { what: 'the page to count both' })
  t.match(await page(), { of: 'phone', remindMinutes: 120, perUser: 2, targets: [{ session: 'am', reserved: 2 }] })
  const standing = (await me('ben')).activities.find(({ id }: { id: string }) => id === 'remind')
  t.match(standing, { reserved: ['am'], units: { count: 1, limit: 2, left: 1 } })
})

t.test('each is reminded once, also when the worker is killed, and of a session that is added once more', async (t) => {
  const both = [`reminder.due:${one}`, `reminder.due:${all}`].sort()
  await waitFor(async () => (await idsOf()).length >= 2, { what: 'both to be reminded' })
  t.same(await idsOf(), both)
  const [first] = await reminders()
  t.match(first, { data: { campaign, activity: 'remind', of: 'phone', session: 'am', opensAt: iso(opensAt) } })
  const pid = stack.kill('worker')
  await waitFor(() => stack.isReplaced('worker', pid), { what: 'another worker' })
  const pm = { id: 'pm', opensAt: iso(opensAt + 20 * MINUTE), closesAt: iso(opensAt + 40 * MINUTE), stock: 5 }
  t.match(await patch({ session: pm }), { status: 200 })
  const late = (await reserve('cleo', 'pm')).body.reservation
  await waitFor(async () => (await idsOf()).length >= 4, { what: 'those of the added session' })
  await patch({ session: { id: 'pm', opensAt: iso(opensAt + 30 * MINUTE) } })
  t.same(await idsOf(), [...both, `reminder.due:${all}:pm`, `reminder.due:${late.id}`].sort())
})

t.test('only who reserved buys, also after a recovery', async (t) => {
  t.match(await buy('ann'), refusal(409, 'NOT_STARTED'))
  t.match(await patch({ session: { id: 'am', opensAt: iso(Date.now() + 1000) } }), { status: 200 })
  const opens = async () => (await buy('ann')).status === 201
  await waitFor(opens, { what: 'the session to open' })
  t.match(await buy('dan'), refusal(403, 'NOT_ELIGIBLE', { requires: { reservation: 'remind' } }))
  t.match(await buy('cleo'), refusal(403, 'NOT_ELIGIBLE'), 'who reserved another session')
  t.match(await reserve('dan', 'am'), refusal(409, 'SESSION_CLOSED', { nextOpensAt: iso(opensAt + 30 * MINUTE) }))
  await waitFor(() => books.atRest(), { what: 'outbox and kept to be empty' })
  await redis.multi().flushall().script('FLUSH').exec()
  t.match(await buy('ben'), { status: 201, body: { order: { session: 'am' } } })
  t.match(await reserve('ben', 'pm'), refusal(409, 'ALREADY_DONE'))
  // a page tells what it knew last while a shard is not open yet
  await waitFor(async () => (await page()).reserved === 3, { what: 'the page to count all' })
  await waitFor(() => books.atRest(), { what: 'outbox and kept to be empty' })
  t.same(await books.unbalanced(), [])
})

t.test('every event has the data that its schema asks for', async (t) => {
  await assertEvents(t, stack.file())
})
