import t from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { checkPart } from '../../src/stack/checks.ts'
import { beginMove, endMove, moveKeys, redisCluster } from '../support/servers/redis-cluster.ts'
import { shardsEnv } from '../support/servers/servers.ts'
import { waitFor } from '../support/wait.ts'

const { url, masters, replicas } = await redisCluster(t, { replicated: true })
const [one, two, three] = masters
const [copy] = replicas
if (one === undefined || two === undefined || three === undefined || copy === undefined) throw new Error('no cluster')

const look = (shards: number) =>
  checkPart('redis', loadConfig({ REDIS_URL: url, NAMESPACE: 'shop', ...shardsEnv(shards) }))
const at = ({ server }: typeof one) => `127.0.0.1:${server.port}`

t.test('the doctor shows where the shards of a cluster lie, and how to spread them', async (t) => {
  const even = await look(4)
  t.match(even, { ok: true, advice: undefined })
  t.match(even.text, `${at(one)} shard 2`)
  t.match(even.text, `${at(two)} shard 3`)
  t.match(even.text, `${at(three)} shards 0, 1`)
  t.match(await look(8), { ok: true, advice: /one master has 4 of 8\. docs\/capacity\.md/ })
  const plain = await checkPart('redis', loadConfig({ REDIS_URL: one.server.url }))
  t.match(plain, { ok: false, text: /as if it were alone/, advice: /redis\+cluster:/ })
})

t.test('it refuses a slot on its way, a replica that takes writes, and a node that evicts', async (t) => {
  await beginMove(6970, two, one)
  await copy.redis.config('SET', 'replica-read-only', 'no')
  // a replica that has copied nothing yet is not shown
  await one.redis.set('{s2}', '')
  const isShown = async () => JSON.stringify(await one.redis.cluster('SLOTS')).includes(copy.id)
  await waitFor(isShown, { what: 'the replica to be shown' })
  await three.redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  const { ok, text } = await look(4)
  t.equal(ok, false)
  t.match(text, `slot 6970 is on its way to ${at(one)}, and with it shard 3`)
  t.match(text, `${at(copy)}: a replica that takes writes`)
  t.match(text, `${at(three)}: maxmemory-policy is allkeys-lru`)
  await moveKeys(6970, two, one)
  await endMove(6970, { masters }, one)
  await copy.redis.config('SET', 'replica-read-only', 'yes')
  await three.redis.config('SET', 'maxmemory-policy', 'noeviction')
  t.match(await look(4), { ok: true, advice: undefined, text: `${at(one)} shards 2, 3` })
})

t.test(
  'it names a master that is away with its shards, and that the others decide nothing without a majority',
  async (t) => {
    await Promise.all([...replicas, three].map(({ server }) => server.kill()))
    t.match((await look(4)).text, `${at(three)}, which holds shards 0, 1: connect ECONNREFUSED`)
    await two.server.kill()
    const alone = async () => (await look(4)).text
    await waitFor(async () => (await alone()).includes(`${at(one)}: cluster_state is fail`), {
      what: 'the last one to stop'
    })
  }
)
