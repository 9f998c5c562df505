import { type ChildProcess, spawn } from 'node:child_process'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { createRedis } from '../../src/gate/redis/connection.ts'
import { freePort } from '../../src/stack/servers/ports.ts'
import { tookAtMost } from '../support/running/pace.ts'
import { temporaryFolder } from '../support/servers/servers.ts'
import { waitFor } from '../support/wait.ts'

const KEYS = 5000
/** the client believed a guess and waited for 10 s of it; without that it is ready in some 200 ms on an idle machine */
const READY_WITHIN_MS = 5000

interface Place {
  readonly folder: string
  readonly port: number
}

function startRedis(t: Test, { folder, port }: Place, ...more: string[]): ChildProcess {
  const options = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--appendonly', 'yes', '--save', '']
  const server = spawn('redis-server', [...options, ...more], { stdio: 'ignore' })
  t.teardown(() => server.kill('SIGKILL'))
  return server
}

t.test('a Redis that was loading its file is used at once when it is ready, whatever time it named', async (t) => {
  const place = { folder: temporaryFolder(t), port: await freePort() }
  const plain = new Redis(place.port, {
    retryStrategy: () => 20,
    enableReadyCheck: false,
    maxRetriesPerRequest: null
  })
  plain.on('error', () => {})
  t.teardown(() => plain.disconnect())

  const first = startRedis(t, place)
  await plain.eval(`for i = 1, ${KEYS} do redis.call('SET', 'key-' .. i, i) end`, 0)
  await plain.bgrewriteaof()
  await waitFor(async () => /aof_rewrite_in_progress:0/.test(await plain.info('persistence')))
  first.kill('SIGKILL')
  await waitFor(() => first.exitCode !== null || first.signalCode !== null)

  // 20 ms a key: it guesses more than a minute
  startRedis(t, place, '--key-load-delay', '20000', '--loading-process-events-interval-bytes', '1024')
  const guess = async () => Number(/loading_eta_seconds:(\d+)/.exec(await plain.info('persistence'))?.[1] ?? 0)
  await waitFor(async () => (await guess()) > 15, { what: 'Redis to guess' })
  const redis = createRedis(`redis://127.0.0.1:${place.port}`, 'loading-test')
  t.teardown(() => redis.disconnect())
  await waitFor(() => redis.status === 'connect', { what: 'the connection' })
  const askedAt = performance.now()
  await waitFor(() => performance.now() - askedAt > 300, { what: 'the client to hear the guess' })
  await plain.config('SET', 'key-load-delay', '0')
  await waitFor(async () => /loading:0/.test(await plain.info('persistence')), { what: 'the file to be loaded' })
  const loadedAt = performance.now()
  await waitFor(() => redis.status === 'ready', { what: 'the client to be ready' })
  const ms = performance.now() - loadedAt
  tookAtMost(t, 'ready after the file was loaded', { ms, boundMs: READY_WITHIN_MS })
})
