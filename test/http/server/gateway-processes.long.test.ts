import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import tap, { type Test, test } from 'tap'
import { freePort } from '../../../src/stack/servers/ports.ts'
import { migrate } from '../../../src/store/connection/migrate.ts'
import { ensureOperator } from '../../../src/store/operators/operators.ts'
import { aConfig, bearer, SECRET } from '../../support/http/http-app.ts'
import { freshNamespace, shardsEnv, sharedServers, testShards } from '../../support/servers/servers.ts'
import { startCore } from '../../support/shop/core.ts'
import { waitFor } from '../../support/wait.ts'

const servers = await sharedServers(tap)
const program = fileURLToPath(new URL('../../../src/cli.js', import.meta.url))

/** Time enough to stop in order, on any machine: who has nothing left to do stops at once. */
const DRAIN_MS = '120000'

interface Gateway {
  readonly process: ChildProcess
  readonly url: string
  readonly adminUrl: string
  readonly said: () => string
  readonly pids: () => readonly number[]
  readonly exitCode: Promise<number | null>
}

/** A namespace whose schema is up to date, removed after the test. */
async function namespace(t: Test): Promise<string> {
  const name = freshNamespace()
  await migrate(aConfig({ DATABASE_URL: servers.databaseUrl, NAMESPACE: name }))
  t.teardown(async () => {
    const client = new pg.Client(servers.databaseUrl)
    await client.connect()
    await client.query(`drop schema ${name} cascade`)
    await client.end()
  })
  return name
}

/** Starts a gateway process as the launcher does. No worker runs, so its gate stays closed. */
async function startGateway(t: Test, env: Record<string, string>): Promise<Gateway> {
  const [port, adminPort] = [await freePort(), await freePort()]
  const settings = {
    PATH: process.env.PATH ?? '',
    REDIS_URL: servers.redisUrl,
    NATS_URL: servers.natsUrl,
    DATABASE_URL: servers.databaseUrl,
    TOKEN_SECRET: SECRET,
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    ...shardsEnv(testShards),
    ...env
  }
  const child = spawn(process.execPath, [program, 'gateway'], {
    env: settings,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  let said = ''
  let pids: readonly number[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (part: Buffer) => {
      said += part.toString()
    })
  }
  child.on('message', (message: { type: string; pids: number[] }) => {
    if (message.type === 'pids') pids = message.pids
  })
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve))
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exitCode
  })
  return {
    process: child,
    url: `http://127.0.0.1:${settings.PORT}`,
    adminUrl: `http://127.0.0.1:${settings.ADMIN_PORT}`,
    said: () => said,
    pids: () => pids,
    exitCode
  }
}

/** The status of a GET; 0 while nobody listens. */
async function statusOf(url: string): Promise<number> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(60_000) })
    await answer.body?.cancel()
    return answer.status
  } catch {
    return 0
  }
}

test('a gateway whose gate is closed serves, says so, and stops in order', async (t) => {
  const gateway = await startGateway(t, { NAMESPACE: await namespace(t), DRAIN_MS })
  await waitFor(async () => (await statusOf(`${gateway.url}/healthz`)) === 200, { deadlineMs: 240_000 })
  t.equal(await statusOf(`${gateway.url}/readyz`), 503)
  t.equal(await statusOf(`${gateway.url}/v1/campaigns`), 200)
  t.equal(await statusOf(`${gateway.url}/admin/v1/campaigns`), 404, 'no admin route on the public port')
  const answer = await fetch(`${gateway.url}/v1/me/orders`, { headers: { authorization: bearer('alice') } })
  t.match(await answer.json(), { status: 503, code: 'UNAVAILABLE' })
  t.strictSame(gateway.pids(), [gateway.process.pid])
  gateway.process.kill('SIGTERM')
  t.equal(await gateway.exitCode, 0)
  t.notMatch(gateway.said(), SECRET)
})

test('a gateway starts while Postgres and NATS are away', async (t) => {
  const away = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', NATS_URL: 'nats://127.0.0.1:1' }
  const gateway = await startGateway(t, { NAMESPACE: freshNamespace(), DRAIN_MS: '2000', ...away })
  await waitFor(async () => (await statusOf(`${gateway.url}/healthz`)) === 200, { deadlineMs: 240_000 })
  t.equal(await statusOf(`${gateway.url}/readyz`), 503)
  t.equal(await statusOf(`${gateway.url}/v1/campaigns/launch`), 503, 'what cannot be read is not called unknown')
})

test('a gateway that cannot start says why', async (t) => {
  const name = await namespace(t)
  const other = await startGateway(t, { NAMESPACE: name })
  await waitFor(async () => (await statusOf(`${other.url}/healthz`)) === 200, { deadlineMs: 240_000 })
  const wrong: Array<[Record<string, string>, RegExp]> = [
    [{ NAMESPACE: name, PORT: new URL(other.url).port }, /Port \d+ on 127\.0\.0\.1 is in use\.\s.*\s *Set PORT/],
    [
      { NAMESPACE: name, PORT: new URL(other.url).port, GATEWAY_PROCESSES: '2' },
      /Port \d+ on 127\.0\.0\.1 is in use\.\s.*\s *Set PORT/
    ],
    [{ NAMESPACE: freshNamespace() }, /schema version 0[\s\S]*npx floodgate migrate/],
    [{ NAMESPACE: name, TOKEN_SECRET: '' }, /TOKEN_SECRET has 0 characters/],
    [{ NAMESPACE: name, REDIS_URL: '', NATS_URL: '' }, /REDIS_URL, NATS_URL must be set/]
  ]
  for (const [env, words] of wrong) {
    const gateway = await startGateway(t, env)
    t.equal(await gateway.exitCode, 1)
    t.match(gateway.said(), words)
    t.notMatch(gateway.said(), /\n {4}at /, 'no stack trace')
  }
})

test('several processes serve one port, and one that dies is started again', async (t) => {
  const gateway = await startGateway(t, { NAMESPACE: await namespace(t), GATEWAY_PROCESSES: '2', DRAIN_MS })
  await waitFor(async () => gateway.pids().length === 3 && (await statusOf(`${gateway.url}/healthz`)) === 200, {
    deadlineMs: 240_000
  })
  t.equal(gateway.pids()[0], gateway.process.pid)
  t.equal(await statusOf(`${gateway.adminUrl}/healthz`), 200)
  const [, victim = 0, other] = gateway.pids()
  process.kill(victim, 'SIGKILL')
  await waitFor(() => gateway.pids().length === 3 && !gateway.pids().includes(victim), { deadlineMs: 240_000 })
  t.ok(gateway.pids().includes(other ?? 0))
  await waitFor(
    async () => /floodgate_http_answers_total/.test(await (await fetch(`${gateway.adminUrl}/metrics`)).text()),
    {
      // they are told when the new process answers, too: 5 s each time that it does not yet
      deadlineMs: 240_000,
      what: 'figures of all processes'
    }
  )
  gateway.process.kill('SIGTERM')
  t.equal(await gateway.exitCode, 0)
})

test('the admin port says what one of several processes cannot do', async (t) => {
  const core = await startCore(t, servers)
  core.worker()
  await ensureOperator(core.pool, { name: 'ann', role: 'admin', token: 'token-of-ann' })
  const gateway = await startGateway(t, { NAMESPACE: core.config.NAMESPACE, GATEWAY_PROCESSES: '2', DRAIN_MS })
  const opening = async () => {
    const headers = { authorization: 'Bearer token-of-ann' }
    const answer = await fetch(`${gateway.adminUrl}/admin/v1/health`, { headers }).catch(() => undefined)
    const body = (await answer?.json()) as { conditions?: Array<{ name: string; ok: boolean; detail: string }> }
    return body?.conditions?.find(({ name }) => name === 'opening')
  }
  await waitFor(async () => gateway.pids().length === 3 && (await opening())?.ok === true, {
    deadlineMs: 240_000,
    what: 'all processes to decide'
  })
  const [, victim = 0] = gateway.pids()
  process.kill(victim, 'SIGSTOP')
  try {
    // on a busy machine the other process may be late for a moment, and is told first
    const isTold = async () => {
      const condition = await opening()
      return condition?.ok === false && condition.detail.includes(`gateway process ${victim}`)
    }
    await waitFor(isTold, { deadlineMs: 240_000, what: 'the stop to be told' })
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    t.match(text, /floodgate_condition\{name="opening"\} 0/)
    t.match(text, /floodgate_part_health\{part="gate"\} 0/)
    const alarmed = () => /"alarm":"CONDITION","condition":"opening","detail":"gateway process/.test(gateway.said())
    await waitFor(alarmed, { deadlineMs: 240_000, what: 'the alarm in the log' })
  } finally {
    process.kill(victim, 'SIGCONT')
  }
  await waitFor(async () => (await opening())?.ok === true, { deadlineMs: 240_000, what: 'all to decide again' })
  gateway.process.kill('SIGTERM')
  t.equal(await gateway.exitCode, 0)
})

test('before the listener closes, readiness is false for as long as a balancer needs to see it', async (t) => {
  const settings = { NAMESPACE: await namespace(t), DRAIN_DELAY_MS: '60000', KEEP_ALIVE_MS: '5000' }
  for (const processes of ['1', '2']) {
    const gateway = await startGateway(t, { ...settings, GATEWAY_PROCESSES: processes })
    await waitFor(async () => (await statusOf(`${gateway.url}/healthz`)) === 200, { deadlineMs: 240_000 })
    const answer = await fetch(`${gateway.url}/healthz`)
    t.match(answer.headers.get('keep-alive'), /^timeout=5,?/)
    gateway.process.kill('SIGTERM')
    const draining = async () => /"draining"/.test(await (await fetch(`${gateway.url}/readyz`)).text())
    await waitFor(draining, { what: 'readiness to be false' })
    const since = performance.now()
    // without the delay all is over after 0.3 s
    await waitFor(() => performance.now() - since > 2000)
    t.equal(await statusOf(`${gateway.url}/v1/campaigns`), 200, `who comes now is served, ${processes} at a time`)
    gateway.process.kill('SIGKILL')
    await gateway.exitCode
  }
})
