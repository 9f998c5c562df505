import { AckPolicy, RetentionPolicy } from 'nats'
import t from 'tap'
import { connectJournal } from '../../src/journal/connection.ts'
import { ensurePublicStream, manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { freshNamespace, sharedServers } from '../support/servers/servers.ts'

const { natsUrl } = await sharedServers(t)
const keep = { replicas: 1, maxBytes: 1024 ** 2, keepSeconds: 3600 }

async function ownStreams(t: { teardown(fn: () => Promise<void>): void }) {
  const connection = await connectJournal({ url: natsUrl, creds: '', name: 'streams-test' })
  const jsm = await manager(connection)
  const names = streamNames(freshNamespace())
  t.teardown(async () => {
    for (const name of [names.publicStream, names.commandsStream]) await jsm.streams.delete(name).catch(() => false)
    await connection.close()
  })
  return { connection, jsm, names }
}

t.test('a consumer may want one campaign, or one type of event of all, of the oldest nats-server too', async (t) => {
  const { connection, jsm, names } = await ownStreams(t)
  await ensurePublicStream(jsm, names, keep)
  const js = connection.nc.jetstream()
  const told = ['summer.order.accepted', 'summer.spin.won', 'winter.order.accepted', 'winter.order.refund-due']
  for (const each of told) await js.publish(`${names.namespace}.${each}`, '{}')
  const filters: Array<[string, number]> = [
    [`${names.namespace}.summer.>`, 2],
    [`${names.namespace}.*.order.accepted`, 2],
    [`${names.namespace}.*.order.*`, 3],
    [`${names.namespace}.winter.order.refund-due`, 1]
  ]
  for (const [filter, count] of filters) {
    const consumer = { durable_name: `c${count}-${filter.length}`, filter_subject: filter, ack_policy: AckPolicy.None }
    const { num_pending } = await jsm.consumers.add(names.publicStream, consumer)
    t.equal(num_pending, count, filter)
  }
})

t.test(
  "an earlier version's streams get their subjects, commands before events, and keep what they hold",
  async (t) => {
    const { connection, jsm, names } = await ownStreams(t)
    const { namespace } = names
    const former = { max_bytes: 1024 ** 2, retention: RetentionPolicy.Workqueue }
    await jsm.streams.add({ name: names.commandsStream, subjects: [`${namespace}.commands.order.pay`], ...former })
    await jsm.streams.add({
      name: names.publicStream,
      subjects: [`${namespace}.*.order.paid`],
      max_bytes: 2 * 1024 ** 2
    })
    const js = connection.nc.jetstream()
    await js.publish(`${namespace}.commands.order.pay`, '{}')
    await ensurePublicStream(jsm, names, keep)
    await ensurePublicStream(jsm, names, keep)
    const commands = await jsm.streams.info(names.commandsStream)
    const events = await jsm.streams.info(names.publicStream)
    t.same(commands.config.subjects, [`${namespace}-commands.>`])
    t.same(events.config.subjects, [`${namespace}.*.>`])
    t.equal(events.config.max_bytes, 2 * 1024 ** 2, 'other settings are left alone')
    t.equal(commands.state.messages, 1)
    const { subject } = await jsm.streams.getMessage(names.commandsStream, { seq: 1 })
    t.equal(names.commandName(subject), 'order.pay', 'a command that waited is understood')
    t.equal((await js.publish(names.commandSubject('order.pay'), '{}')).stream, names.commandsStream)
    t.equal((await js.publish(`${namespace}.c.order.paid`, '{}')).stream, names.publicStream)
  }
)

t.test('events that are to be kept for seconds are kept for as long as NATS knows their ids again', async (t) => {
  const { jsm, names } = await ownStreams(t)
  await ensurePublicStream(jsm, names, { ...keep, keepSeconds: 1 })
  t.equal((await jsm.streams.info(names.publicStream)).config.max_age, 120_000_000_000)
})
