import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import t, { type Test } from 'tap'
import { readStackFile, type StackFile } from '../../src/stack/home.ts'
import { childrenOfEarlierRun, endAll, endingWithLauncher, processesIn } from '../../src/stack/processes/processes.ts'
import { freePort } from '../../src/stack/servers/ports.ts'
import { answersWith } from '../../src/stack/servers/probe.ts'
import { type Teardown, temporaryFolder } from '../support/servers/servers.ts'
import { lastOrderEvent, openToOthers } from '../support/servers/stack-observations.ts'
import { waitFor } from '../support/wait.ts'

const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))
const startMs = 180_000

interface Command {
  readonly child: ChildProcess
  /** everything it printed so far */
  text(): string
  /** its exit code, once it ended */
  readonly ended: Promise<number | null>
}

/** Runs `floodgate <args>` in an environment that names no servers. */
function floodgate(args: readonly string[], env: Readonly<Record<string, string>>): Command {
  const inherited = { PATH: process.env.PATH, HOME: process.env.HOME, LOG_LEVEL: 'warn' }
  const [file, words] = endingWithLauncher(process.execPath, [cli, ...args], 'TERM')
  const child = spawn(file, words, { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  const keep = (chunk: Buffer): void => {
    text += chunk.toString()
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, text: () => text, ended }
}

async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>
): Promise<{ code: number | null; text: string }> {
  const command = floodgate(args, env)
  const code = await command.ended
  return { code, text: command.text() }
}

/** Starts a stack in `home` and waits for its stack.json; what a failed test leaves of it is ended after the test. */
async function startStack(
  t: Teardown,
  home: string,
  args: readonly string[] = []
): Promise<{ up: Command; stack: StackFile }> {
  const up = floodgate(['up', ...args], { FLOODGATE_HOME: home, PORT: '0', ADMIN_PORT: '0' })
  t.teardown(async () => {
    up.child.kill('SIGKILL')
    await up.ended
    await endAll(() => processesOf(home), 'SIGKILL', 5000)
  })
  let over = false
  void up.ended.then(() => {
    over = true
  })
  await waitFor(() => over || existsSync(join(home, 'stack.json')), { deadlineMs: startMs, what: 'stack.json' })
  const stack = readStackFile(home)
  if (stack === undefined) throw new Error(`The stack did not start:\n${up.text()}`)
  return { up, stack }
}

function processesOf(home: string): number[] {
  const servers = [
    ['redis', 'redis-server'],
    ['nats', 'nats-server'],
    ['postgres', 'postgres']
  ] as const
  return [
    ...servers.flatMap(([part, program]) => processesIn(join(home, part), program)),
    ...childrenOfEarlierRun(home)
  ]
}

interface Answer {
  readonly status: number
  readonly replayed: boolean
  readonly body: string
}

/** Takes part in something below /v1/campaigns, and asks again under the same key while nothing is definite. */
async function act(
  stack: StackFile,
  token: string,
  part: { path: string; key: string; body: string }
): Promise<Answer> {
  let answer: Answer = { status: 0, replayed: false, body: '' }
  const isDefinite = async () => {
    const response = await fetch(`${stack.publicUrl}/v1/campaigns/${part.path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': part.key },
      body: part.body,
      signal: AbortSignal.timeout(30_000)
    })
    const replayed = response.headers.get('idempotent-replayed') === 'true'
    answer = { status: response.status, replayed, body: await response.text() }
    return answer.status !== 202 && answer.status !== 503
  }
  await waitFor(isDefinite, { everyMs: 100, what: `the answer to ${part.key}` })
  return answer
}

function buy(stack: StackFile, token: string, key: string): Promise<Answer> {
  return act(stack, token, { path: 'launch/sales/phone/orders', key, body: '{"quantity":1}' })
}

async function ordersIn(stack: StackFile): Promise<number> {
  const client = new Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ n: string }>('select count(*) as n from orders')
    return Number(rows[0]?.n)
  } finally {
    await client.end()
  }
}

t.test('a stack sells, outlives the death of its parts, and stops without a trace', async (t) => {
  const home = temporaryFolder(t)
  const { up, stack } = await startStack(t, home, ['--restart', 'redis,nats,postgres'])
  const here = { FLOODGATE_HOME: home }

  t.equal(statSync(join(home, 'stack.json')).mode & 0o777, 0o600, 'stack.json holds secrets')
  t.same(Object.keys(stack.operators).length, 2)
  t.same(openToOthers(home), [], 'nothing of it can be read or entered by another user')
  const portOf = (url: string) => Number(new URL(url).port)
  t.ok(await answersWith(portOf(stack.redisUrl), 'PING\r\n', /^-NOAUTH/), 'Redis asks for its password')
  const stranger = 'CONNECT {"verbose":false}\r\nPING\r\n'
  t.ok(await answersWith(portOf(stack.natsUrl), stranger, /Authorization Violation/), 'and so does NATS')
  t.ok(Object.values(stack.pids).every((pids) => pids.length > 0))
  await waitFor(() => up.text().includes('Ctrl-C'), { what: 'the invitation' })
  t.match(
    up.text(),
    /\[6\/6\] Demo.*Buy a phone as alice:.*npx floodgate buy launch\/phone --as alice --key first-order-in-launch\n.*curl .*and spin the wheel:.*curl /s
  )

  const token = (await run(['token', '--user', 'bob'], here)).text.trim()
  const first = await buy(stack, token, 'first-order')
  t.equal(first.status, 201, first.body)
  await waitFor(async () => (await ordersIn(stack)) === 1, { what: 'the order in Postgres' })
  const { eventId } = JSON.parse(first.body) as { eventId: string }
  await waitFor(async () => (await lastOrderEvent(stack))?.id === eventId, { what: 'its event on the public stream' })
  t.equal((await run(['token', '--prefix', 'load-', '--count', '2500'], here)).text.trim().split('\n').length, 2500)
  const listed = await run(['campaign', 'show', 'launch', '--json'], here)
  t.equal(listed.code, 0)
  t.match(listed.text, /"state": "running"/)
  const healthy = async () => (await run(['doctor'], here)).code === 0
  await waitFor(healthy, { what: 'the doctor to find all conditions true' })

  await tryDemos(t, stack, token)

  const second = await run(['up'], { ...here, PORT: '0', ADMIN_PORT: '0' })
  t.equal(second.code, 1)
  t.match(second.text, /already running in .* \(process \d+\)/)

  for (const part of ['gateway', 'worker', 'redis', 'nats', 'postgres'] as const) {
    const [before = 0] = readStackFile(home)?.pids[part] ?? []
    process.kill(before, 'SIGKILL')
    await waitFor(
      () => {
        const pids = readStackFile(home)?.pids[part] ?? []
        return pids.length > 0 && !pids.includes(before)
      },
      { what: `a new ${part}` }
    )
    await waitFor(
      async () => {
        const answer = await buy(stack, token, 'first-order').catch(() => undefined)
        return answer?.status === 201 && answer.replayed && answer.body === first.body
      },
      { what: `the same answer after ${part} died`, everyMs: 100 }
    )
    t.pass(`${part} came back`)
  }

  up.child.kill('SIGTERM')
  t.equal(await up.ended, 0)
  t.same(processesOf(home), [], 'no process is left')
  t.same(
    readdirSync(home).filter((name) => /stack\.json|lock/.test(name)),
    [],
    'no file of the run is left'
  )
})

/** Each demo campaign can be taken part in. */
async function tryDemos(t: Test, stack: StackFile, token: string): Promise<void> {
  const spins = ['lucky-week/draws/wheel/spins', 'festival/draws/capsules/spins'] as const
  const tasks = ['festival/tasks/stamp', 'points-mall/tasks/check-in', 'points-mall/tasks/profile']
  for (const path of [spins[0], ...tasks.map((task) => `${task}/completions`), spins[1]]) {
    const answer = await act(stack, token, { path, key: `key-of-${path}`, body: '{}' })
    t.equal(answer.status, 201, answer.body)
  }
  const claim = { path: 'points-mall/redemptions/ticket/claims', key: 'my-ticket', body: '{"quantity":1}' }
  // whom Postgres is too slow for is shown it when they ask again
  const hasCode = async () => /"code":"DEMO-\d{4}"/.test((await act(stack, token, claim)).body)
  await waitFor(hasCode, { everyMs: 100, what: 'a code of those that were loaded' })
}

t.test('a stack whose launcher was killed is taken over by the next one, on the same data', async (t) => {
  const home = temporaryFolder(t)
  const first = await startStack(t, home)
  const token = (await run(['token', '--user', 'bob'], { FLOODGATE_HOME: home })).text.trim()
  const order = await buy(first.stack, token, 'first-order')
  t.equal(order.status, 201, order.body)
  first.up.child.kill('SIGKILL')
  await first.up.ended
  t.ok(processesOf(home).length > 0, 'servers are still there')
  // what a killed launcher could not remove
  rmSync(join(home, 'stack.json'))
  const second = await startStack(t, home)
  t.match(second.up.text(), /ended the one that an earlier run had left/)
  t.match(second.up.text(), /launch, lucky-week, points-mall, festival there from an earlier run/)
  const again = await buy(second.stack, token, 'first-order')
  t.same([again.status, again.replayed, again.body], [201, true, order.body])
  second.up.child.kill('SIGINT')
  t.equal(await second.up.ended, 0)
  t.same(processesOf(home), [])
})

t.test('a stack that cannot start says why, and leaves nothing running', async (t) => {
  const home = temporaryFolder(t)
  const taken = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve))
  t.teardown(() => void taken.close())
  const busy = await run(['up'], { FLOODGATE_HOME: home, PORT: String(port), ADMIN_PORT: '0' })
  t.equal(busy.code, 1)
  t.match(busy.text, new RegExp(`Port ${port} \\(PORT\\) is in use`))
  t.notMatch(busy.text, /\n\s+at /, 'no stack trace')
  const away = await run(['up'], {
    FLOODGATE_HOME: home,
    PORT: '0',
    ADMIN_PORT: '0',
    REDIS_URL: `redis://127.0.0.1:${port + 1}`
  })
  t.equal(away.code, 1)
  t.match(away.text, /Redis at REDIS_URL: connect ECONNREFUSED/)
  const wrong = await run(['up'], { FLOODGATE_HOME: home, PORT: 'high' })
  t.equal(wrong.code, 1)
  t.match(wrong.text, /PORT must be integer/)
  t.same(processesOf(home), [])
  t.notOk(existsSync(join(home, 'up.lock')))
})

t.test('a command line that is wrong is answered with the right one', async (t) => {
  const home = temporaryFolder(t)
  const here = { FLOODGATE_HOME: home }
  for (const [args, expected] of [
    [['token'], /Give either --user or --prefix/],
    [['token', '--user', 'x'.repeat(256)], /is not a user id/],
    [['token', '--user', 'alice'], /There is no secret to sign with/],
    [['token', '--prefix', 'p', '--count', '-1'], /Give a whole number/],
    [['up', '--restart', 'mysql'], /redis,nats,postgres/],
    [['campaign', 'list'], /There is no admin token/],
    [['campaign', 'save', '/no/such/file', '--token', 'x'], /no such file/],
    [['buy', 'launch', '--as', 'alice'], /is no CAMPAIGN\/SALE/],
    [['campaign', 'list', '--token', 'x', '--url', 'http://127.0.0.1:1'], /does not answer/],
    [['migrate'], /DATABASE_URL is not set/],
    [['sing'], /unknown command 'sing'/]
  ] as const) {
    const { code, text } = await run(args, here)
    t.equal(code, 1, args.join(' '))
    t.match(text, expected)
    t.notMatch(text, /\n\s+at /)
  }
  const signed = await run(
    ['token', '--user', 'alice', '--ttl', '90s', '--level', '3', '--registered-at', '2026-11-01'],
    {
      TOKEN_SECRET: 'x'.repeat(40)
    }
  )
  const claims = JSON.parse(Buffer.from(signed.text.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    number
  >
  t.match(claims, {
    sub: 'alice',
    iss: 'floodgate',
    aud: 'floodgate-storefront',
    level: 3,
    registeredAt: 1_793_491_200
  })
  t.equal((claims.exp ?? 0) - (claims.iat ?? 0), 90)
})
