import { readdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, type Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { pino } from 'pino'
import { type Test, test } from 'tap'
import { createMetrics } from '../../../src/http/running/metrics.ts'
import { buildAdminApp } from '../../../src/http/server/admin-app.ts'
import { HealthCheck } from '../../../src/http/server/health.ts'
import { aCatalogue, aConfig, bearer, publicApp } from '../../support/http/http-app.ts'
import { BUY_URL } from '../../support/http/http-requests.ts'
import { accepted, ScriptedGate } from '../../support/http/scripted-gate.ts'
import { waitFor } from '../../support/wait.ts'

const LARGE = '/docs/static/swagger-ui-bundle.js'
const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: gateway\r\n\r\n`
const descriptors = () => readdirSync('/proc/self/fd').length

/** One connection that sends all of this at once. */
interface Line {
  readonly socket: Socket
  /** what came back so far; nothing while it does not read */
  readonly text: () => string
  readonly closed: () => boolean
}

async function open(t: Test, app: FastifyInstance): Promise<(text: string, reads?: boolean) => Line> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return (sent, reads = true) => {
    const socket = connect(port, '127.0.0.1')
    t.teardown(async () => void socket.destroy())
    let text = ''
    let closed = false
    socket.setEncoding('latin1')
    if (reads)
      socket.on('data', (part: string) => {
        text += part
      })
    socket.on('error', () => {})
    socket.on('close', () => {
      closed = true
    })
    socket.write(sent)
    return { socket, text: () => text, closed: () => closed }
  }
}

const answersIn = (line: Line) => line.text().match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0

/** The admin app before a scripted gate and a database that nobody reaches. */
async function adminApp(t: Test, metricsText: () => Promise<string>): Promise<FastifyInstance> {
  const gate = new ScriptedGate()
  const pool = new pg.Pool({ host: '127.0.0.1', port: 1, connectionTimeoutMillis: 500 })
  const common = { gate, pool, catalogue: aCatalogue(), config: aConfig(), metrics: createMetrics() }
  const health = new HealthCheck({ gate, pool })
  const app = await buildAdminApp({ ...common, health, metricsText, logger: pino({ level: 'silent' }) })
  t.teardown(async () => {
    await app.close()
    await pool.end()
  })
  return app
}

test('when a connection closes nothing that it asked for stays in memory', async (t) => {
  const { app } = await publicApp(t)
  const send = await open(t, app)
  for (const path of [LARGE, '/docs', '/docs/json', '/openapi.json', '/schemas/order.json']) {
    const first = await app.inject(path)
    t.equal(first.statusCode, 200, path)
  }
  const before = descriptors()
  for (const [many, lines] of [
    [1100, 1],
    [90, 12]
  ] as const) {
    const open = Array.from({ length: lines }, () => send(get(LARGE).repeat(many), false))
    await waitFor(() => open.every(({ socket, closed }) => closed() || socket.bytesRead > 0 || !socket.connecting))
    t.equal((await fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/healthz`)).status, 200)
    for (const { socket } of open) socket.destroy()
    await waitFor(() => descriptors() <= before + 20, { what: 'descriptors to be given back' })
  }
})

test('a client that does not read holds one answer in memory, not all that it asked for', async (t) => {
  const { app } = await publicApp(t)
  const send = await open(t, app)
  const size = (await app.inject('/openapi.json')).rawPayload.length
  const used = () => {
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = used()
  const lines = Array.from({ length: 40 }, () => send(get('/openapi.json').repeat(95), false))
  await waitFor(() => lines.every(({ socket }) => !socket.connecting && socket.bytesWritten > 0))
  const health = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/healthz`
  for (let asked = 0; asked < 20; asked += 1) t.equal((await fetch(health)).status, 200, 'others are answered')
  const grown = used() - before
  t.ok(grown < (40 * 95 * size) / 6, `${grown} bytes for ${40 * 95} answers of ${size}`)
})

test('requests of one connection are taken in turn and answered in order', async (t) => {
  const { app, gate } = await publicApp(t)
  const send = await open(t, app)
  let running = 0
  let most = 0
  gate.submit = async (command) => {
    gate.commands.push(command)
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setImmediate(resolve))
    running -= 1
    return accepted()
  }
  const keys = Array.from({ length: 90 }, (_, index) => `in-turn-${String(index).padStart(3, '0')}`)
  const sent = keys.map((key) => {
    const headers = `host: gateway\r\nauthorization: ${bearer('alice')}\r\nidempotency-key: ${key}\r\ncontent-type: application/json`
    return `POST ${BUY_URL} HTTP/1.1\r\n${headers}\r\ncontent-length: 14\r\n\r\n{"quantity":1}`
  })
  const line = send(sent.join(''))
  await waitFor(() => answersIn(line) === keys.length, { what: 'every answer' })
  t.equal(most, 1)
  t.strictSame(
    gate.commands.map(({ key }) => key),
    keys.map((key) => `u:${key}`)
  )
  t.strictSame(
    [...line.text().matchAll(/"requestId":"([^"]+)"/g)].map(([, key]) => key),
    keys
  )
})

test('a connection with too many unanswered requests is ended, at both ports', async (t) => {
  let asked = 0
  const admin = await adminApp(t, async () => {
    asked += 1
    return ''
  })
  const { app, gate } = await publicApp(t)
  let looked = 0
  gate.submit = () => {
    looked += 1
    return new Promise(() => {})
  }
  const some = (await open(t, admin))(get('/healthz').repeat(100))
  await waitFor(() => answersIn(some) === 100, { what: 'a hundred answers of the admin port' })
  const { port } = admin.server.address() as AddressInfo
  const adminSend = (text: string) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('error', () => {})
    return new Promise((resolve) => socket.once('close', resolve).resume())
  }
  await adminSend(get('/metrics').repeat(1000))
  t.ok(asked <= 101, `${asked} of 1000 were begun`)
  const headers = `host: gateway\r\nauthorization: ${bearer('alice')}\r\nidempotency-key: ended-0001\r\ncontent-type: application/json`
  const buy = `POST ${BUY_URL} HTTP/1.1\r\n${headers}\r\ncontent-length: 14\r\n\r\n{"quantity":1}`
  const line = (await open(t, app))(buy.repeat(150))
  await waitFor(line.closed, { what: 'the connection to be ended' })
  t.ok(looked <= 1, 'the others were never begun')
})

test('a start takes as long as it takes: no part of a server is given up for being slow', async (t) => {
  const { app } = await publicApp(t)
  t.equal(app.initialConfig.pluginTimeout, 0)
})

test('a document is sent from memory, zipped where that is asked for, and once', async (t) => {
  const { app } = await publicApp(t)
  const plain = await app.inject(LARGE)
  const zipped = await app.inject({ url: LARGE, headers: { 'accept-encoding': 'br;q=1, gzip;q=0.8' } })
  t.match(plain.headers, { 'content-type': /javascript/, 'cache-control': /^public/, vary: /accept-encoding/ })
  t.equal(zipped.headers['content-encoding'], 'gzip')
  t.ok(zipped.rawPayload.length < plain.rawPayload.length / 2)
  t.equal(plain.headers['content-encoding'], undefined)
  const refusing = await app.inject({ url: LARGE, headers: { 'accept-encoding': 'gzip;q=0, identity' } })
  t.equal(refusing.headers['content-encoding'], undefined)
  const again = await app.inject({ url: LARGE, headers: { 'if-none-match': String(plain.headers.etag) } })
  t.equal(again.statusCode, 304)
  for (const [url, type] of [
    ['/docs', /html/],
    ['/docs/', /html/],
    ['/docs/json', /json/],
    ['/docs/yaml', /yaml/]
  ] as const) {
    t.match((await app.inject(url)).headers['content-type'], type, url)
  }
  for (const url of ['/docs/none', '/docs/static/../../package.json', '/docs/static/csp.json', '/schemas/none.json']) {
    t.equal((await app.inject(url)).statusCode, 404, url)
  }
})
