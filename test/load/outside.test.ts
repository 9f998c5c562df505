import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { CommandError } from '../../src/base/errors.ts'
import type { BenchOptions, OutsideReport } from '../../src/load/outside/report.ts'
import { benchOutside } from '../../src/load/outside/run.ts'

interface Order {
  readonly id: string
  readonly campaign: string
  readonly sale: string
  readonly session: string
  readonly position: number
  readonly acceptedAt: string
}

interface ShopSpec {
  readonly environment?: string
  readonly stock?: number
  /** what the n-th request gets instead of the truth; the decision stands */
  readonly oddity?: (request: number) => 'lost' | 'unavailable' | undefined
  /** how the books are falsified */
  readonly lie?: 'status' | 'list' | 'doubled' | 'position' | 'oversold'
}

/** A shop in memory that answers as the contract says, and lies where a test wants it to. */
async function startShop(t: Test, { environment = 'development', stock = 60, oddity, lie }: ShopSpec): Promise<string> {
  const orders = new Map<string, Order>()
  let requests = 0
  const positionOf = (made: number) => (lie === 'position' && made === 3 ? 2 : made)
  const buy = (key: string): Order | undefined => {
    const known = orders.get(key)
    if (known !== undefined) return known
    if (orders.size >= stock && lie !== 'oversold') return undefined
    const made = orders.size + 1
    const place = { campaign: 'c', sale: 's', session: 'am' }
    const order = { id: `0-7-${made}`, ...place, position: positionOf(made), acceptedAt: new Date().toISOString() }
    orders.set(key, order)
    return order
  }
  const answer = ({ method, url = '', headers }: IncomingMessage): [number, unknown] => {
    const user = String(headers.authorization).slice(-1)
    if (url === '/readyz') return [200, { environment }]
    if (url === '/v1/campaigns/c')
      return [200, { activities: [{ id: 's', kind: 'sale', price: 100, remaining: stock }] }]
    if (method === 'POST') {
      const oddly = oddity?.(requests++)
      if (oddly === 'unavailable') return [503, { code: 'UNAVAILABLE', retryAfterMs: 1 }]
      const order = buy(`${user} ${String(headers['idempotency-key'])}`)
      if (oddly === 'lost') return [0, {}]
      return order === undefined ? [409, { code: 'SOLD_OUT' }] : [201, { outcome: 'confirmed', order }]
    }
    if (url.startsWith('/v1/requests/')) {
      const order = orders.get(`${user} ${url.slice('/v1/requests/'.length)}`)
      return order === undefined || (lie === 'status' && order.position === 5) ? [404, {}] : [200, { order }]
    }
    const mine = [...orders].filter(([key]) => key.startsWith(user)).map(([, order]) => order)
    const items = mine.filter(({ position }) => lie !== 'list' || position !== 5).reverse()
    if (lie === 'doubled' && items[0]) items.push({ ...items[0], id: '0-7-1000' })
    const from = Number(/cursor=(\d+)/.exec(url)?.[1] ?? 0)
    const next = from + 7
    return [200, { items: items.slice(from, next), nextCursor: next < items.length ? String(next) : null }]
  }
  const server = createServer((request, response) => {
    request.resume()
    const [status, body] = answer(request)
    if (status === 0) request.socket.destroy()
    else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

interface Outcome {
  readonly holds: boolean
  readonly report: OutsideReport
  readonly page: string
}

async function run(t: Test, spec: ShopSpec, more: Partial<BenchOptions> = {}): Promise<Outcome> {
  const out = t.testdir()
  const tokens = join(out, 'tokens')
  writeFileSync(tokens, 'h.p.a\nh.p.b\nh.p.c\n')
  const url = await startShop(t, spec)
  const options = { place: 'c/s', url, tokens, rate: 200, seconds: 1, connections: 20, keys: 1000, out, ...more }
  const holds = await benchOutside(options, () => {})
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as OutsideReport
  return { holds, report, page: readFileSync(join(out, 'report.html'), 'utf8') }
}

test('a deployment that keeps its word is found to, whatever it lost of its answers', async (t) => {
  const oddity = (request: number) => (request % 9 === 0 ? 'lost' : request % 9 === 1 ? 'unavailable' : undefined)
  const { holds, report, page } = await run(t, { oddity: oddity as NonNullable<ShopSpec['oddity']> })
  t.same(report.proof.broken, [])
  // a busy machine may make the generator late
  t.equal(holds, !report.load.void)
  t.match(report.proof.facts, { requests: 200, confirmed: 60, keys: 200, users: 3, listed: 60, remainingBefore: 60 })
  t.ok((report.proof.facts.askedAgain ?? 0) > 10)
  t.equal(
    report.load.outcomes.reduce((sum, { count }) => sum + count, 0),
    200
  )
  t.match(page, /Nothing that was confirmed is lost/)
  t.notMatch(page, /<script|NaN|undefined/)
})

for (const [lie, sentence] of [
  ['status', /its status says none/],
  ['list', /list of token \d has every confirmed order/],
  ['doubled', /list of token \d has no other orders/],
  ['position', /every order has a position of its own/],
  ['oversold', /no more was sold than the 60/]
] as const) {
  test(`a deployment that lies is found out: ${lie}`, async (t) => {
    const { holds, report, page } = await run(t, { lie })
    t.equal(holds, false)
    t.match(report.proof.broken.join('\n'), sentence)
    t.match(page, /not true:/)
  })
}

test('no load is sent to production unless that is wanted, nor to what is no sale', async (t) => {
  await t.rejects(run(t, { environment: 'production' }), { name: 'CommandError', remedy: /--production/ })
  const { report } = await run(t, { environment: 'production' }, { production: true, rate: 20 })
  t.equal(report.environment, 'production')
  const wrong: ReadonlyArray<Partial<BenchOptions>> = [
    { place: 'c' },
    { place: 'c/other' },
    { url: 'ftp://shop' },
    { url: 'http://127.0.0.1:1' },
    { rate: 0 },
    { source: ['here'] }
  ]
  for (const options of wrong) await t.rejects(run(t, {}, options), CommandError)
  await t.rejects(run(t, {}, { tokens: 'package.json' }), { name: 'CommandError', remedy: /floodgate token/ })
})
