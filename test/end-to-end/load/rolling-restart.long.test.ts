import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { freePort } from '../../../src/stack/servers/ports.ts'
import { natsUrlOf } from '../../../src/stack/stack.ts'
import { assertSound } from '../../support/judging/assert-sound.ts'
import { History } from '../../support/load/history.ts'
import { LoadClient } from '../../support/load/load-client.ts'
import { Pressure } from '../../support/load/pressure.ts'
import { tookAtMost } from '../../support/running/pace.ts'
import { Balancer } from '../../support/servers/balancer.ts'
import { shardsEnv, testShards } from '../../support/servers/servers.ts'
import { startStack } from '../../support/servers/stack.ts'
import { openSession, promiseOf, type SaleOptions, saleDefinition } from '../../support/shop/sale.ts'
import { waitFor } from '../../support/wait.ts'

const program = fileURLToPath(new URL('../../../src/cli.js', import.meta.url))
const EXCHANGES = 4
const DRAIN = { DRAIN_DELAY_MS: 3000, DRAIN_MS: 10_000 }
/** answered by each pair of gateways before one of them is exchanged */
const BETWEEN = 60

interface Gateway {
  readonly url: string
  readonly process: ChildProcess
}

const stack = await startStack(t)
const balancer = new Balancer()
t.teardown(() => balancer.close())
const url = await balancer.listen()

/** One more gateway on the servers of the stack, among those that the balancer asks. */
async function startGateway(): Promise<Gateway> {
  const file = stack.file()
  const port = await freePort()
  const env = {
    PATH: process.env.PATH,
    REDIS_URL: file.redisUrl,
    NATS_URL: natsUrlOf(file),
    DATABASE_URL: file.databaseUrl,
    TOKEN_SECRET: file.tokenSecret,
    PORT: String(port),
    ADMIN_PORT: String(await freePort()),
    RATE_LIMIT_USER_PER_SECOND: '0',
    LOG_LEVEL: 'warn',
    ...shardsEnv(testShards),
    ...Object.fromEntries(Object.entries(DRAIN).map(([name, ms]) => [name, String(ms)]))
  }
  const child = spawn(process.execPath, [program, 'gateway'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  t.teardown(() => void child.kill('SIGKILL'))
  const gateway = { url: `http://127.0.0.1:${port}`, process: child }
  await balancer.add(gateway.url)
  return gateway
}

/** Ends a gateway as a deployment does. @returns its exit code and how many requests it answered after it was told */
async function stopGateway({ url, process }: Gateway): Promise<{ code: number | null; answeredMeanwhile: number }> {
  const before = balancer.answeredBy(url)
  const gone = once(process, 'exit')
  process.kill('SIGTERM')
  const [code] = (await gone) as [number | null]
  return { code, answeredMeanwhile: balancer.remove(url) - before }
}

t.test('gateways behind a balancer are exchanged under load: nothing is lost, broken or left unanswered', async (t) => {
  const stock = 100_000
  const sale: SaleOptions = { id: 'rolling', unitsPerUser: 1, sales: { phone: { sessions: [openSession(stock)] } } }
  await stack.publish(saleDefinition(sale))
  let serving = [await startGateway(), await startGateway()]
  const history = new History()
  const tokenOf = (user: string) => stack.tokenOf(user)
  const client = new LoadClient({ publicUrl: url, tokenOf, history, connections: 64, deadlineMs: 30_000 })
  const pressure = new Pressure(client, { campaign: 'rolling', sale: 'phone', buyers: 24 })
  t.teardown(async () => {
    await pressure.stop()
    client.close()
  })
  const more = (count: number) => {
    const target = history.count('ok') + count
    return waitFor(() => history.count('ok') >= target, { what: `${count} more confirmations` })
  }
  await more(BETWEEN)
  for (let exchange = 0; exchange < EXCHANGES; exchange += 1) {
    const [old, ...others] = serving
    if (old === undefined) throw new Error('no gateway serves')
    const { code, answeredMeanwhile } = await stopGateway(old)
    t.equal(code, 0, 'it ended in order')
    t.comment(`${answeredMeanwhile} requests were answered after it was told to stop`)
    await more(BETWEEN)
    serving = [...others, await startGateway()]
    await more(BETWEEN)
  }
  await pressure.stop()
  t.same(balancer.broken, [], 'the balancer delivered every request')
  await assertSound(t, { stack, client, promise: promiseOf(sale, []) })

  const last = [...history.byKey().values()].map((attempts) => attempts.at(-1)?.result?.kind)
  t.same([...new Set(last)], ['ok'], 'every buyer got their unit')
  const longest = Math.max(
    ...[...history.byKey().values()].map((attempts) => {
      const refused = attempts.find(({ result }) => result?.kind === 'unavailable')
      return refused === undefined ? 0 : (attempts.at(-1)?.answeredAt ?? 0) - refused.invokedAt
    })
  )
  tookAtMost(t, 'the longest that anybody was refused', { ms: longest, boundMs: DRAIN.DRAIN_DELAY_MS + DRAIN.DRAIN_MS })
})
