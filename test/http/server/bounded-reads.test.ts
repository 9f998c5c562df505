import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import type pg from 'pg'
import tap, { test } from 'tap'
import { readingLimits, Turns } from '../../../src/http/answering/turns.ts'
import { aCatalogue, bearer, publicApp } from '../../support/http/http-app.ts'
import { anOrder } from '../../support/http/scripted-gate.ts'
import { startMall, storeWin } from '../../support/http/stored-wins.ts'
import { sharedServers } from '../../support/servers/servers.ts'
import { aMall, DECIDED_AT } from '../../support/shop/mall.ts'
import { waitFor } from '../../support/wait.ts'

const { databaseUrl } = await sharedServers(tap)

/** A pool that counts what passes through it for requests: what the deployment keeps secret is read once, when it starts. */
function counting(pool: pg.Pool): { pool: pg.Pool; count(): number } {
  let count = 0
  const query = (...args: Parameters<pg.Pool['query']>) => {
    const [text] = args as unknown[]
    if (typeof text !== 'string' || !/\bsecrets\b/.test(text)) count += 1
    return pool.query(...args)
  }
  return { pool: Object.assign(Object.create(pool) as pg.Pool, { query }), count: () => count }
}

/** A cursor that no answer named. */
const madeUp = (number: number) =>
  Buffer.from(`${DECIDED_AT + number} 0-1700000000-${number + 1}`).toString('base64url')

test('requests without a token reach Postgres and Redis a bounded number of times', async (t) => {
  const stored = await startMall(t, databaseUrl)
  await storeWin(stored.pool, 'alice', { sequence: 1 })
  let now = DECIDED_AT + 60_000
  const reads: string[] = []
  const { pool, count } = counting(stored.pool)
  const catalogue = { ...aCatalogue([aMall()]), refresh: async () => void reads.push('catalogue') }
  const { app, gate } = await publicApp(t, { pool, catalogue, now: () => now })
  const winners = '/v1/campaigns/mall/winners'
  const statusOf = async (url: string) => (await app.inject(url)).statusCode
  const all = (urls: string[]) => Promise.all(urls.map(statusOf))

  t.same(new Set(await all(Array.from({ length: 50 }, (_, n) => `${winners}?draw=made-up-${n}`))), new Set([404]))
  t.equal(await statusOf(`${winners}?draw=check-in`), 404, 'a task is no draw')
  t.equal(count(), 0, 'what the catalogue does not know is not asked of Postgres')

  const lengths = Array.from({ length: 100 }, (_, n) => `${winners}?limit=${n + 1}`)
  t.same(new Set(await all([...lengths, ...lengths])), new Set([200]))
  t.equal(count(), 1, 'pages of every length are one reading')

  const cursors = Array.from({ length: 100 }, (_, n) => `${winners}?cursor=${madeUp(n)}`)
  const answers: number[] = []
  for (const url of cursors) answers.push(await statusOf(url))
  t.equal(count(), 11)
  t.equal(answers.filter((status) => status === 503).length, 90, 'beyond the bound made-up places are refused')
  now += 1001
  t.equal(await statusOf(winners), 200)
  t.equal(count(), 12, 'and first pages are read all the same')

  for (const path of ['', '/rules', '/live', '/activities/hot', '/winners'])
    t.same(
      new Set(await all(Array.from({ length: 50 }, (_, n) => `/v1/campaigns/none-${n}${path}`))),
      new Set([404]),
      path
    )
  t.equal(count(), 12)
  t.ok(reads.length <= 2, `the catalogue was read ${reads.length} times for 400 names that are unknown`)
  for (const url of [
    '/v1/campaigns',
    '/v1/campaigns/mall',
    '/v1/campaigns/mall/rules',
    '/v1/campaigns/mall/activities/hot'
  ])
    t.same(new Set(await all(Array(50).fill(url))), new Set([200]), url)
  t.equal(await statusOf(`/v1/campaigns?cursor=${'x'.repeat(20)}`), 400, 'a list goes on behind what it named')
  t.equal(gate.reads, 1)
  t.equal(count(), 12)
})

test('requests of one user take turns, other users are served meanwhile, and nothing is read for a client that gave up', async (t) => {
  const turns = new Turns({ ...readingLimits, waitMs: 60_000 })
  const { app, gate } = await publicApp(t, { turns })
  let open = () => {}
  const held = new Promise<void>((resolve) => {
    open = resolve
  })
  let asked = 0
  gate.orderOf = async (user) => {
    if (user === 'bob') return { order: anOrder(), journaled: true }
    asked += 1
    await held
    return { order: anOrder(), journaled: true }
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const ask = (user: string) => {
    const headers = { authorization: bearer(user), connection: 'close' }
    const request = get({ port, host: '127.0.0.1', path: '/v1/orders/0-1700000000-7', headers })
    const status = new Promise<number | undefined>((resolve) => {
      request.on('response', (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', () => resolve(undefined))
    })
    return { request, status }
  }
  const first = [ask('alice'), ask('alice')]
  await waitFor(() => asked === 2, { what: 'two of one user to be at work' })
  const more = Array.from({ length: 17 }, () => ask('alice'))
  t.equal(await Promise.race(more.map(({ status }) => status)), 429, 'one more than may wait')
  t.equal(await ask('bob').status, 200, 'another user is served meanwhile')
  t.equal(asked, 2)
  for (const { request } of more) request.destroy()
  const connections = () =>
    new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)))
  await waitFor(async () => (await connections()) <= 2, { what: 'those who gave up to be gone' })
  open()
  t.same(await Promise.all(first.map(({ status }) => status)), [200, 200])
  t.equal(await ask('alice').status, 200)
  t.equal(asked, 3, 'nothing was read for those who gave up')
})
