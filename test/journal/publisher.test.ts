import t from 'tap'
import { connectJournal } from '../../src/journal/connection.ts'
import { createPublisher } from '../../src/journal/publisher.ts'
import { createJournalStream, manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { freshNamespace, sharedServers } from '../support/servers/servers.ts'

const EPOCH = 1_700_000_000

t.test(
  'a chain is acked when all of it is stored, and not when one is missing between two stored before',
  async (t) => {
    const { natsUrl } = await sharedServers(t)
    const connection = await connectJournal({ url: natsUrl, creds: '', name: 'publisher-test' })
    t.teardown(() => connection.close())
    const names = streamNames(freshNamespace())
    const jsm = await manager(connection)
    await createJournalStream(jsm, names, { shard: 0, epoch: EPOCH, settings: { replicas: 1, maxBytes: 1 << 24 } })
    const stream = names.journalStream(0, EPOCH)
    t.teardown(() => jsm.streams.delete(stream))
    const publisher = createPublisher(connection, 2000)
    t.teardown(() => publisher.close())
    const chain = (...ids: string[]) =>
      publisher.publishChain(ids.map((id) => ({ subject: names.journalSubject(0, EPOCH), stream, id, payload: id })))
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
