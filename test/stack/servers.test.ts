import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { connect } from 'nats'
import { Client } from 'pg'
import t from 'tap'
import { isZombie, processesIn, sendSignal } from '../../src/stack/processes/processes.ts'
import { isOlder, parts } from '../../src/stack/processes/programs.ts'
import { startServer, startServers } from '../../src/stack/servers/all.ts'
import { bindError, freePort, requireFreePort } from '../../src/stack/servers/ports.ts'
import type { Server } from '../../src/stack/servers/server.ts'
import { privateServers, temporaryFolder } from '../support/servers/servers.ts'
import { waitFor } from '../support/wait.ts'

const quick = { fsync: false, endWithLauncher: true }

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url)
  try {
    return await use(redis)
  } finally {
    redis.disconnect()
  }
}

function processesOf(server: Server): number[] {
  return processesIn(server.folder, parts[server.part].program)
}

t.test('all three servers run with the settings the design asks for', async (t) => {
  const servers = await privateServers(t)
  await withRedis(servers.redis.url, async (redis) => {
    t.same(await redis.config('GET', 'maxmemory-policy'), ['maxmemory-policy', 'noeviction'])
    t.same(await redis.config('GET', 'appendonly'), ['appendonly', 'yes'])
    t.same(await redis.config('GET', 'appendfsync'), ['appendfsync', 'everysec'])
    t.same(await redis.config('GET', 'hash-max-listpack-value'), ['hash-max-listpack-value', '256'])
    t.same(await redis.config('GET', 'save'), ['save', ''])
    t.same(await redis.config('GET', 'bind'), ['bind', '127.0.0.1'])
  })
  const nats = await connect({ servers: servers.nats.url })
  t.equal(nats.info?.max_payload, 4 * 1024 * 1024)
  const manager = await nats.jetstreamManager()
  for (const name of ['ONE', 'TWO', 'THREE']) {
    const { config } = await manager.streams.add({ name, subjects: [name], max_bytes: (8 * 1024 ** 4) / 2 })
    t.equal(config.storage, 'file', 'a reservation far above the disk is accepted for every opening')
  }
  await nats.close()
  t.same(await query(servers.postgres.url, 'show synchronous_commit'), [{ synchronous_commit: 'on' }])
  t.same(await query(servers.postgres.url, 'show unix_socket_directories'), [{ unix_socket_directories: '' }])
  t.same(await query(servers.postgres.url, 'show server_encoding'), [{ server_encoding: 'UTF8' }])
  await t.rejects(query(servers.postgres.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1'), { code: '28P01' })
  const pids = servers.all.map((server) => server.pid())
  await servers.stop()
  t.same(servers.all.flatMap(processesOf), [], 'stop leaves no process')
  t.notOk(pids.some((pid) => existsSync(`/proc/${pid}`) && !isZombie(pid)))
})

t.test('a server that is killed or restarted comes back with its data on the same port', async (t) => {
  const servers = await privateServers(t)
  const before = servers.all.map((server) => server.url)
  await withRedis(servers.redis.url, (redis) => redis.set('kept', 'yes'))
  await query(servers.postgres.url, 'create table kept (n int); insert into kept values (42)')
  const nats = await connect({ servers: servers.nats.url })
  await (await nats.jetstreamManager()).streams.add({ name: 'KEPT', subjects: ['kept'] })
  await nats.jetstream().publish('kept', 'hello')
  await nats.close()
  for (const [round, end] of [(server: Server) => server.kill(), (server: Server) => server.stop()].entries()) {
    await Promise.all(servers.all.map(end))
    t.same(
      servers.all.map((server) => server.pid()),
      [0, 0, 0],
      `round ${round}: all are down`
    )
    await Promise.all(servers.all.map((server) => server.restart()))
    t.same(
      servers.all.map((server) => server.url),
      before
    )
    t.equal(await withRedis(servers.redis.url, (redis) => redis.get('kept')), 'yes')
    t.same(await query(servers.postgres.url, 'select n from kept'), [{ n: 42 }])
    const again = await connect({ servers: servers.nats.url })
    const { state } = await (await again.jetstreamManager()).streams.info('KEPT')
    t.equal(state.messages, 1)
    await again.close()
  }
})

t.test('an end that nobody asked for is heard, and the ends that were asked for are not', async (t) => {
  const { redis, postgres } = await privateServers(t, { redis: true, postgres: true })
  for (const server of [redis, postgres]) {
    const heard: string[] = []
    server.onUnexpectedEnd((how) => heard.push(how))
    await server.restart()
    await server.kill()
    await server.restart()
    t.same(heard, [])
    sendSignal(server.pid(), 'SIGKILL')
    await waitFor(() => heard.length > 0, { what: 'the end to be heard' })
    t.same(heard, ['signal SIGKILL'])
    await server.restart()
    t.ok(server.pid() > 0, 'starts again although children of the killed one may still be ending')
  }
})

t.test('servers that a dead launcher left behind are ended before new ones start on their data', async (t) => {
  const folder = temporaryFolder(t)
  const first = await startServers({ folder, ...quick })
  t.teardown(() => first.stop(1000))
  await withRedis(first.redis.url, (redis) => redis.set('kept', 'yes'))
  const second = await startServers({ folder, ...quick })
  t.teardown(() => second.stop(1000))
  t.ok(second.all.every((server) => server.leftovers > 0))
  t.ok(first.all.every((server) => server.pid() === 0))
  t.equal(await withRedis(second.redis.url, (redis) => redis.get('kept')), 'yes')
  t.same(await query(second.postgres.url, 'select 1 as n'), [{ n: 1 }])
})

t.test('a folder with something else in it is refused and left alone', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'postgres'))
  writeFileSync(join(folder, 'postgres', 'letter.txt'), 'mine')
  await t.rejects(startServer('postgres', { folder, ...quick }), {
    message: /not empty and not a Postgres data folder/
  })
  t.equal(readFileSync(join(folder, 'postgres', 'letter.txt'), 'utf8'), 'mine')
  writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '9\n')
  await t.rejects(startServer('postgres', { folder, ...quick }), { message: /made by Postgres 9; installed is \d+/ })
})

t.test('a data folder that is damaged is named, with what the server said, and left as it is', async (t) => {
  const folder = temporaryFolder(t)
  const redis = await startServer('redis', { folder, ...quick })
  await withRedis(redis.url, (client) => client.set('kept', 'yes'))
  await redis.stop()
  const manifest = join(folder, 'redis', 'appendonlydir', 'appendonly.aof.manifest')
  const good = readFileSync(manifest)
  writeFileSync(manifest, 'rubbish')
  await t.rejects(startServer('redis', { folder, ...quick }), {
    message: /Redis .* ended at its start/,
    remedy: /redis\.log/
  })
  t.equal(readFileSync(manifest, 'utf8'), 'rubbish')
  writeFileSync(manifest, good)
  const again = await startServer('redis', { folder, ...quick })
  t.teardown(() => again.stop())
  t.equal(await withRedis(again.url, (client) => client.get('kept')), 'yes')
  const postgres = await startServer('postgres', { folder, ...quick })
  await postgres.stop()
  const password = join(folder, 'postgres.password')
  writeFileSync(password, 'another')
  await t.rejects(startServer('postgres', { folder, ...quick }), {
    message: /does not open: password authentication failed/
  })
  t.same(processesIn(join(folder, 'postgres'), 'postgres'), [], 'and no server is left running')
})

t.test(
  'a folder that may not be written says so',
  { skip: process.getuid?.() === 0 && 'root may write anywhere' },
  async (t) => {
    const folder = temporaryFolder(t)
    chmodSync(folder, 0o500)
    await t.rejects(startServer('redis', { folder, ...quick }), { message: /cannot be written/ })
  }
)

t.test('a port in use is refused by the name of its variable', async (t) => {
  const server = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  t.equal(await bindError(port, '127.0.0.1'), 'EADDRINUSE')
  await t.rejects(requireFreePort('ADMIN_PORT', port, '127.0.0.1'), {
    message: new RegExp(`Port ${port} \\(ADMIN_PORT\\) is in use`)
  })
  await t.resolves(requireFreePort('PORT', await freePort(), '127.0.0.1'))
})

t.test('a port that was chosen is chosen by nobody else, also while nobody listens there', async (t) => {
  const port = await freePort()
  const only = { lowest: port, end: port + 1 }
  await t.rejects(freePort('127.0.0.1', only), { message: /No free port was found/ })
  const ports = import.meta.resolve('../../src/stack/servers/ports.js')
  const program = `import { freePort } from '${ports}'
    console.log(await freePort('127.0.0.1', ${JSON.stringify(only)}).catch(({ message }) => message))`
  const other = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  t.match(other, /No free port was found/, 'nor by another process')
  t.equal(await bindError(port, '127.0.0.1'), '', 'it is free for whoever chose it')
})

t.test('versions are compared by their numbers', async (t) => {
  t.ok(isOlder('6.2.14', [7, 0]))
  t.ok(isOlder('2.8.9', [2, 9]))
  t.notOk(isOlder('2.10.1', [2, 9]))
  t.notOk(isOlder('15.18', [15, 0]))
  t.notOk(isOlder('16.0', [15, 7]))
})
