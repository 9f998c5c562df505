import t, { type Test } from 'tap'
import { connectJournal } from '../../src/journal/connection.ts'
import { createPublisher } from '../../src/journal/publisher.ts'
import { StreamReader } from '../../src/journal/reader.ts'
import { createJournalStream, manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { freshNamespace, sharedServers } from '../support/servers/servers.ts'

const EPOCH = 1_700_000_000

/** A stream of a journal in a namespace of its own, which is deleted with the test. */
async function emptyStream(t: Test) {
  const { natsUrl } = await sharedServers(t)
  const connection = await connectJournal({ url: natsUrl, creds: '', name: 'journal-test' })
  t.teardown(() => connection.close())
  const names = streamNames(freshNamespace())
  const jsm = await manager(connection)
  await createJournalStream(jsm, names, { shard: 0, epoch: EPOCH, settings: { replicas: 1, maxBytes: 1 << 24 } })
  const stream = names.journalStream(0, EPOCH)
  t.teardown(() => jsm.streams.delete(stream))
  return { connection, jsm, stream, subject: names.journalSubject(0, EPOCH) }
}

t.test(
  'a chain is acked when all of it is stored, and not when one is missing between two stored before',
  async (t) => {
    const { connection, jsm, stream, subject } = await emptyStream(t)
    const publisher = createPublisher(connection, 2000)
    t.teardown(() => publisher.close())
    const chain = (...ids: string[]) => publisher.publishChain(ids.map((id) => ({ subject, stream, id, payload: id })))
    const stored = async () => (await jsm.streams.info(stream)).state.messages

    t.same(await chain('a', 'b', 'c'), { acked: true, sequence: 3, duplicate: false })
    t.match(await chain('d'), { acked: true, sequence: 4, duplicate: false })
    t.match(await chain('a', 'b', 'c'), { acked: true, duplicate: true }, 'all of it was stored before')
    // `e` is refused, for `a` is not the last one; `d` is, so that `f` is taken
    t.match(await chain('a', 'e', 'd', 'f'), { acked: false }, 'one was refused between copies of what is stored')
    t.equal(await stored(), 5)
    t.match(await chain(), { acked: false, reason: 'nothing to publish' })
    t.equal(publisher.pending(), 0)
  }
)

t.test(
  'a reader gets every message once and in order while it is published in bursts, also the last ones',
  async (t) => {
    const { connection, jsm, stream, subject } = await emptyStream(t)
    // Bursts that end at any moment of a pull: the frame that came just after the last of a batch was lost once.
    const total = 4000
    let sent = 0
    const publishing = (async () => {
      while (sent < total) {
        for (let burst = 0; burst < 1 + (sent % 7) && sent < total; burst += 1) {
          sent += 1
          connection.nc.publish(subject, String(sent))
        }
        await connection.nc.flush()
      }
    })()
    const reader = new StreamReader({ connection, jsm, stream, from: 1 })
    const seen: number[] = []
    const deadline = Date.now() + 120_000
    while (seen.length < total && Date.now() < deadline) {
      for (const { sequence, text } of await reader.read(64, 1000)) {
        if (String(sequence) === text) seen.push(sequence)
      }
    }
    await publishing
    t.same(
      seen,
      Array.from({ length: total }, (_, index) => index + 1)
    )

    await jsm.streams.purge(stream, { seq: 100 })
    const late = new StreamReader({ connection, jsm, stream, from: 1 })
    await t.rejects(late.read(10, 500), { message: /goes on at 100/ }, 'what is gone is an error, not an end')
    await reader.close()
  }
)
