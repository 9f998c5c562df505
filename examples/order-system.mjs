// An order system behind Floodgate: follows all orders and pays each once, though it may be killed at any moment.
// node examples/order-system.mjs nats://user:password@127.0.0.1:4222 handled.ndjson
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { AckPolicy, connect, nanos } from 'nats'

const [url = '', file = ''] = process.argv.slice(2)
const { username, password, host } = new URL(url)
const who = username && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
const connection = await connect({ servers: host, ...who })
const stream = connection.jetstream()

// What was handled: its id is kept before the event is acknowledged. A real system has a table with a unique column for it.
const handled = new Set()
const orders = new Map()

/** Keeps an event; of an order only what is newer than what is known. */
function keep({ id, data }) {
  handled.add(id)
  const known = orders.get(data.order)
  if (data.order && (known === undefined || known.entityVersion < data.entityVersion)) orders.set(data.order, data)
}
if (existsSync(file)) for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) keep(JSON.parse(line))

/** Takes the money and says so. Sent twice it is one payment: command and reference are the order's own. */
async function pay({ order, unitPrice, quantity, currency }) {
  const data = { order, amount: unitPrice * quantity, currency, reference: `bank-${order}` }
  const command = { specversion: '1.0', source: 'urn:order-system', id: `pay-${order}`, type: 'order.pay', data }
  await stream.publish('floodgate-commands.order.pay', JSON.stringify(command))
}

/** What to do about an event, by its type; each may be done twice with the same effect. */
const reactions = {
  'floodgate.order.accepted': pay,
  'floodgate.order.paid': ({ order }) => console.log(`pack ${order}`),
  'floodgate.order.cancelled': ({ order }) => console.log(`drop ${order}`),
  'floodgate.order.expired': ({ order }) => console.log(`drop ${order}`),
  'floodgate.order.refund-due': ({ order, amount, reference }) =>
    console.log(`pay ${amount} back for ${order} (${reference})`),
  'floodgate.command.rejected': ({ command, code, detail }) => console.error(`${command.id}: ${code} ${detail}`)
}

// Durable: the stream remembers how far this system is, also while it is away.
await (await connection.jetstreamManager()).consumers.add('FLOODGATE', {
  durable_name: 'order-system',
  filter_subject: 'floodgate.>',
  ack_policy: AckPolicy.Explicit,
  ack_wait: nanos(5000)
})
const messages = await (await stream.consumers.get('FLOODGATE', 'order-system')).consume({ max_messages: 100 })
process.once('SIGTERM', () => messages.close())
for await (const message of messages) {
  const event = message.json()
  if (!handled.has(event.id)) {
    await reactions[event.type]?.(event.data)
    appendFileSync(file, `${JSON.stringify(event)}\n`)
    keep(event)
  }
  message.ack()
}
await connection.drain()
