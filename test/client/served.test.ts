import { test } from 'tap'
import type { ClientOptions } from '../../src/client/client.ts'
import { bearer, publicApp } from '../support/http/http-app.ts'

// by name, so that the compiler does not look for what only a build makes
const PACKAGE = 'floodgate/client'

type Module = { createClient: (options: ClientOptions) => { buy(campaign: string, sale: string): Promise<object> } }

test('a gateway serves the client as one module that pages of allowed origins may keep', async (t) => {
  const { app, gate } = await publicApp(t)
  const headers = { origin: 'http://localhost:5173' }
  const answer = await app.inject({ url: '/client.js', headers })
  t.equal(answer.statusCode, 200)
  t.match(answer.headers, {
    'content-type': /^text\/javascript/,
    'cache-control': /^public/,
    'access-control-allow-origin': headers.origin
  })
  const again = await app.inject({ url: '/client.js', headers: { 'if-none-match': String(answer.headers.etag) } })
  t.equal(again.statusCode, 304)
  t.notMatch(answer.body, /^import |\bfrom '/m, 'it needs no other file')
  const types = await app.inject('/client.d.ts')
  t.match(types.body, /export declare function createClient\(options: ClientOptions\): Client/)
  t.notMatch(types.body, /^import |import\(/m)

  const served = (await import(`data:text/javascript,${encodeURIComponent(answer.body)}`)) as Module
  t.strictSame(Object.keys(served), Object.keys(await import(PACKAGE)))
  gate.outcome = { kind: 'refused', code: 'SOLD_OUT', members: { remaining: 0, mayReopen: false } }
  const baseUrl = await app.listen({ host: '127.0.0.1', port: 0 })
  const client = served.createClient({ baseUrl: `${baseUrl}/`, token: bearer('alice').replace('Bearer ', '') })
  t.match(await client.buy('launch', 'phone'), { outcome: 'refused', code: 'SOLD_OUT', problem: { mayReopen: false } })
})
