import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { CommandError, textOf, UnavailableError } from '../../src/base/errors.ts'
import { refusal } from '../../src/cli/admin/run.ts'
import { failureText } from '../../src/cli/failure.ts'
import { loadConfig } from '../../src/config/config.ts'
import { nodeProblem, oldestNode } from '../../src/config/require-node.ts'
import { createAdminClient } from '../../src/stack/admin-client.ts'
import { findExecutable } from '../../src/stack/processes/programs.ts'
import { SchemaError } from '../../src/store/connection/schema-error.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

t.test('an older Node is told at once which one is needed', async (t) => {
  t.match(nodeProblem('18.20.8'), /needs Node 20\.19 or newer; this is Node 18\.20\.8/)
  t.match(nodeProblem('20.18.9'), /needs Node/)
  for (const version of ['20.19.0', '20.20.2', '24.0.0']) t.equal(nodeProblem(version), undefined)
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } }
  t.equal(engines.node, `>=${oldestNode.join('.')}.0`)
  for (const start of ['src/cli.ts', 'test/run.ts', 'bench/run.ts']) {
    const [first] = /^import .*$/m.exec(readFileSync(join(root, start), 'utf8')) ?? []
    t.match(first, /require-node\.ts'$/, `${start} looks before it loads anything else`)
  }
})

t.test('a log on a full disk ends no process', async (t) => {
  const lines = 3000
  const script = `
    import { createLogger, outliveFullDisk } from ${JSON.stringify(join(root, 'build/src/config/logger.js'))}
    outliveFullDisk()
    const logger = createLogger({ LOG_LEVEL: 'info' }, 'full')
    for (let i = 0; i < ${lines}; i++) logger.info({ filler: 'x'.repeat(500) }, 'a line')
    console.error('a warning of a library')
    setTimeout(() => process.exit(7), 50)`
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', full, full] })
  const [code, signal] = await once(child, 'exit')
  t.same([code, signal], [7, null], 'it goes on to its own end')
})

t.test('a gateway that says when to try again is asked again, under the same key', async (t) => {
  const keys: Array<string | undefined> = []
  const server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key']?.toString())
    const busy = keys.length < 3
    response.writeHead(busy ? 503 : 201, { 'content-type': 'application/json' })
    response.end(JSON.stringify(busy ? { code: 'UNAVAILABLE', retryAfterMs: 5 } : { version: 1 }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const client = createAdminClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'token')
  t.match(await client('POST', '/campaigns/a/publication', {}), { status: 201 })
  t.equal(keys.length, 3)
  t.equal(new Set(keys).size, 1)
})

t.test('a payment that was noted is not called nothing', async (t) => {
  const due = { amount: 100, currency: 'CNY', reference: 'r-1' }
  const noted = refusal('order pay', { status: 409, body: { code: 'NOT_PAYABLE', refundDue: due } })
  t.match(textOf(noted), /noted, and told as order\.refund-due.*Pay it back/s)
  t.match(refusal('order pay', { status: 409, body: { code: 'CONFLICT' } }).meaning, /Nothing was changed/)
  t.match(refusal('order pay', { status: 503, body: {} }).remedy, /same --key/)
})

t.test('a command that fails says what happened, what it means and what to do', (t) => {
  const wrongConfig = t.throws(() => loadConfig({ PORT: 'x' }))
  const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' })
  const noServer = new AggregateError([Object.assign(new Error('connect ECONNREFUSED ::1:1'), refused)], '')
  const told: Array<[unknown, RegExp]> = [
    [
      new CommandError('It broke.', 'Nothing was done.', 'Mend it.'),
      /^floodgate: It broke\.\n {2}Nothing.*\n {2}Mend it\.\n$/
    ],
    [new SchemaError('It is old.', 'Run: npx floodgate migrate'), /^floodgate: It is old\.\n {2}.+\n {2}Run: npx/],
    [
      new UnavailableError('Postgres did not answer in time'),
      /^floodgate: Postgres .+\n {2}.+\n {2}.*npx floodgate doctor/
    ],
    [wrongConfig, /^floodgate: The configuration is not usable:\n {2}PORT must be.+\n {2}.+\n {2}Correct/],
    [Object.assign(noServer, { code: 'ECONNREFUSED' }), /^floodgate: connect ECONNREFUSED ::1:1\n {2}.+\n {2}.*doctor/],
    [
      Object.assign(new Error('CONNECTION_REFUSED'), { name: 'NatsError' }),
      /^floodgate: NATS: CONNECTION_REFUSED\n {2}.+\n {2}/
    ]
  ]
  for (const [error, words] of told) {
    t.match(failureText(error), words)
    t.notMatch(failureText(error), /\n {4}at /, 'no stack trace')
  }
  t.match(
    failureText(new TypeError('x is undefined')),
    /^floodgate: unexpected: TypeError: x.*\n {4}at /,
    'a fault of ours'
  )
  t.match(failureText('a text'), /^floodgate: unexpected: a text\n$/)
  t.end()
})

t.test('the compose file is one that old versions take, with a worker that stands by', async (t) => {
  const text = readFileSync(join(root, 'compose.yaml'), 'utf8')
  t.notMatch(text, /^configs:/m, 'content of a config is new in Compose 2.23')
  const workers = [...text.matchAll(/^ {2}(worker[-\d]*):/gm)].map(([, name]) => name)
  t.equal(workers.length, 2)
  const compose = findExecutable('docker-compose')
  if (compose === undefined) return t.comment('docker-compose is not installed: the file is not parsed')
  const env = { ...process.env, TOKEN_SECRET: 'x'.repeat(32), POSTGRES_PASSWORD: 'p' }
  const child = spawn(compose, ['-f', join(root, 'compose.yaml'), 'config', '-q'], { env, stdio: 'ignore' })
  t.same(await once(child, 'exit'), [0, null])
})
