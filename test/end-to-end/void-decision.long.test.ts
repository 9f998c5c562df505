import { Redis } from 'ioredis'
import t from 'tap'
import { assertSound } from '../support/judging/assert-sound.ts'
import { readState } from '../support/judging/evidence.ts'
import { History } from '../support/load/history.ts'
import { LoadClient } from '../support/load/load-client.ts'
import { FaultyProxy } from '../support/servers/proxy.ts'
import { privateServers } from '../support/servers/servers.ts'
import { startStack } from '../support/servers/stack.ts'
import { openSession, promiseOf, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'

const servers = await privateServers(t, { nats: true })
const nats = new URL(servers.nats.url)
const proxy = new FaultyProxy({ host: nats.hostname, port: Number(nats.port) })
const stack = await startStack(t, { env: { NATS_URL: `nats://127.0.0.1:${await proxy.listen()}` } })
t.teardown(() => proxy.close())

t.test('a decision that never reached the journal is void; no later one gets a place that is taken', async (t) => {
  const sale = { id: 'void', sales: { phone: { sessions: [openSession(100)] } } }
  await stack.publish(saleDefinition(sale))
  const history = new History()
  const tokenOf = (user: string) => stack.tokenOf(user)
  const client = new LoadClient({ publicUrl: stack.publicUrl, tokenOf, history, deadlineMs: 4000, patienceMs: 15_000 })
  t.teardown(() => client.close())
  const wish = (user: string) => ({ user, key: `key-of-${user}`, campaign: 'void', sale: 'phone', quantity: 1 })
  t.match(await client.buy(wish('first')), { kind: 'confirmed', order: { position: 1 } })

  // With the worker stopped nobody relays: what the gateway cannot publish stays in Redis alone.
  const [worker] = stack.file().pids.worker
  if (worker === undefined) throw new Error('the stack has no worker')
  process.kill(worker, 'SIGSTOP')
  proxy.dropRequests()
  t.match(await client.attempt(wish('lost'), 'buy'), { kind: /pending|unknown/ })
  t.ok(proxy.counts.lostRequestBytes > 0, 'the publish was lost on its way')
  proxy.heal()
  let number = 0
  const journaled = async () => (await client.attempt(wish(`after-${number++}`), 'buy')).kind === 'ok'
  // while NATS is being reached again each try takes a unit and is pending at once
  await waitFor(journaled, { everyMs: 250, what: 'a later decision to be journaled before the lost one' })

  const { shards: before } = await readState(stack.places(), 'void')
  const redis = new Redis(stack.file().redisUrl)
  await redis.multi().flushall().script('FLUSH').exec()
  redis.disconnect()
  process.kill(worker, 'SIGCONT')
  const reopened = async () => {
    const { shards } = await readState(stack.places(), 'void').catch(() => ({ shards: [] }))
    return shards.some(({ epoch, state }) => state === 'open' && epoch > (before[0]?.epoch ?? 0))
  }
  await waitFor(reopened, { what: 'the shard to be opened again' })
  for (let number = 0; number < 110; number++) await client.buy(wish(`fresh-${number}`))
  await assertSound(t, { stack, client, promise: promiseOf(sale, ['now'], true) })
})
