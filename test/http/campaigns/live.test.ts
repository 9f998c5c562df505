import { get, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'tap'
import { addressOf } from '../../../src/http/running/address.ts'
import { publicApp } from '../../support/http/http-app.ts'
import { waitFor } from '../../support/wait.ts'

const stock = { 'am:total': '1000', 'am:remaining': '990', 'am:held': '7', 'am:paid': '3', 'am:position': '10' }
const hashes = { 's:launch:phone': stock, 'c:launch': { participants: '9' } }

interface Watching {
  readonly response: IncomingMessage
  text: string
  closed: boolean
}

function watch(url: string, headers: Record<string, string> = {}): Promise<Watching> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers }, (response) => {
      const watching: Watching = { response, text: '', closed: false }
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        watching.text += part
      })
      response.on('close', () => {
        watching.closed = true
      })
      resolve(watching)
    })
    request.on('error', reject)
  })
}

test('a watcher gets a snapshot and then changes, and the number of watchers is bounded', async (t) => {
  const { app, gate } = await publicApp(t, { env: { LIVE_LISTENERS: '20' } })
  gate.hashes = hashes
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/v1/campaigns/launch/live`
  const [one, two] = await Promise.all([watch(url), watch(url)])
  t.match(one.response.headers, {
    'content-type': /^text\/event-stream/,
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
    'x-request-id': String
  })
  t.equal(one.response.headers['content-encoding'], undefined)
  await waitFor(() => one.text.includes('event: snapshot') && two.text.includes('"remaining":990'))
  const third = await watch(url)
  t.equal(third.response.statusCode, 503)
  gate.hashes = { ...hashes, 's:launch:phone': { ...stock, 'am:remaining': '989' } }
  await waitFor(() => one.text.includes('event: change') && two.text.includes('"remaining":989'))
  const reads = gate.reads
  gate.hashes = { ...gate.hashes, 'c:launch': { participants: '10' } }
  await waitFor(() => one.text.includes('"participants":10') && two.text.includes('"participants":10'))
  t.ok(gate.reads - reads <= 3, 'two watchers cost no more reads than one')
  two.response.destroy()
  await waitFor(async () => (await watch(url)).response.statusCode === 200)
  await app.close()
  await waitFor(() => one.closed, { what: 'the stream to end with the process' })
})

test('an address may have a tenth of the streams and a connection one, and a stream that ends is free again', async (t) => {
  const { app } = await publicApp(t, { env: { LIVE_LISTENERS: '30', TRUSTED_PROXIES: 'loopback' } })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/v1/campaigns/launch/live`
  const from = async (address: string) => {
    const watching = await watch(url, { 'x-forwarded-for': address })
    return { ...watching, status: watching.response.statusCode }
  }
  const mine = await Promise.all(Array.from({ length: 5 }, () => from('203.0.113.1')))
  t.same(mine.map(({ status }) => status).sort(), [200, 200, 200, 503, 503])
  t.equal((await from('203.0.113.2')).status, 200, 'others have their own share')
  const network = await Promise.all(Array.from({ length: 5 }, (_, index) => from(`2001:db8:0:1::${index}`)))
  t.same(network.map(({ status }) => status).sort(), [200, 200, 200, 503, 503], 'a network of IPv6 is one address')
  for (const { response } of mine) response.destroy()
  await waitFor(async () => (await from('203.0.113.1')).status === 200, { what: 'a place to be given back' })

  const line = connect(port, '127.0.0.1')
  let text = ''
  line.on('data', (part) => {
    text += String(part)
  })
  line.write(
    'GET /v1/campaigns/launch/live HTTP/1.1\r\nhost: gateway\r\nx-forwarded-for: 203.0.113.9\r\n\r\n'.repeat(50)
  )
  await waitFor(() => text.includes('event: snapshot'))
  const own = await Promise.all([from('203.0.113.9'), from('203.0.113.9'), from('203.0.113.9')])
  t.same(own.map(({ status }) => status).sort(), [200, 200, 503], 'fifty requests of a connection took one place')
  line.destroy()
})

test('an address of IPv6 counts as its network, one of IPv4 as itself', async (t) => {
  for (const [ip, address] of [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['not an address', 'not an address']
  ]) {
    t.equal(addressOf(ip ?? ''), address)
  }
})
