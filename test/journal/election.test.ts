import { ErrorCode, NatsError } from 'nats'
import t from 'tap'
import { connectJournal } from '../../src/journal/connection.ts'
import { throughElection } from '../../src/journal/election.ts'
import { provesStorage } from '../../src/journal/storage-proof.ts'
import { manager } from '../../src/journal/streams.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { freshNamespace, sharedServers } from '../support/servers/servers.ts'

const { natsUrl } = await sharedServers(t)

t.test('what a cluster does not answer during an election is asked again', async (t) => {
  const answers = [new NatsError('', ErrorCode.Timeout), new NatsError('', ErrorCode.Timeout), 'made']
  const made = await throughElection(async () => {
    const answer = answers.shift()
    if (answer instanceof Error) throw answer
    return answer
  })
  t.equal(made, 'made')
})

t.test('what it refuses is not asked again', async (t) => {
  let asked = 0
  const refused = throughElection(async () => {
    asked += 1
    throw new NatsError('no responders', ErrorCode.NoResponders)
  })
  await t.rejects(refused, { code: ErrorCode.NoResponders })
  t.equal(asked, 1)
})

t.test('shards that are opened at once do not disturb each other in proving that NATS can store', async (t) => {
  const connection = await connectJournal({ url: natsUrl, creds: '', name: 'election-test' })
  t.teardown(() => connection.close())
  const parts = { connection, jsm: await manager(connection), names: streamNames(freshNamespace()), replicas: 1 }
  const proofs = async (shard: number) => {
    const faults: unknown[] = []
    for (let n = 0; n < 20; n += 1) faults.push(await provesStorage({ ...parts, shard }))
    return faults.filter((fault) => fault !== undefined)
  }
  t.same(await Promise.all([0, 1, 2, 3].map(proofs)), [[], [], [], []])
})
