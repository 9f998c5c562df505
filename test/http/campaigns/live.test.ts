import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type Test, test } from 'tap'
import { eventBytes, LiveHub } from '../../../src/http/campaigns/live-hub.ts'
import { addressOf } from '../../../src/http/running/address.ts'
import { publicApp } from '../../support/http/http-app.ts'
import { waitFor } from '../../support/wait.ts'

const stock = { 'am:total': '1000', 'am:remaining': '990', 'am:held': '7', 'am:paid': '3', 'am:position': '10' }
const hashes = { 's:launch:phone': stock, 'c:launch': { participants: '9' } }

/** Figures are read at most so often, however many watch. */
const READ_EVERY_MS = 200

/** Notes what is read from now on. @returns a function that says how much it was, and the most that it may be on a machine of any speed */
function countReads(gate: { readonly reads: number }): () => { readonly reads: number; readonly most: number } {
  const [reads, since] = [gate.reads, performance.now()]
  return () => ({ reads: gate.reads - reads, most: 2 + Math.ceil((performance.now() - since) / READ_EVERY_MS) })
}

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
  const counted = countReads(gate)
  gate.hashes = { ...gate.hashes, 'c:launch': { participants: '10' } }
  await waitFor(() => one.text.includes('"participants":10') && two.text.includes('"participants":10'))
  const { reads, most } = counted()
  t.ok(reads <= most, `two watchers cost no more reads than one: ${reads} of ${most}`)
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

/** A feed on loopback whose text a test sets. */
async function feed(t: Test, options: { everyMs: number; now?: () => number }) {
  const state = { text: '', errors: [] as unknown[] }
  const source = {
    refresh: async () => {},
    text(topic: string) {
      if (topic === 'broken') throw new Error('figures that nobody expects')
      return state.text
    }
  }
  const onError = (error: unknown) => void state.errors.push(error)
  const hub = new LiveHub({ source, listenersMax: 10, now: Date.now, onError, ...options })
  const server = createServer(({ url = '' }, response) => {
    const { text } = state
    hub.join({ topic: url.slice(1), response, headers: {}, address: 'a', snapshot: eventBytes('snapshot', text), text })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    hub.close()
    server.closeAllConnections()
    server.close()
  })
  const listen = async (topic = 'launch') => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const heard = { socket, versions: [] as string[], closed: false }
    let rest = ''
    socket.setEncoding('latin1')
    socket.on('data', (part: string) => {
      // what makes texts long is left out at once
      const lines = (rest + part.replaceAll('.', '')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('data: ')) heard.versions.push(line.slice(6))
    })
    socket.on('close', () => {
      heard.closed = true
    })
    socket.on('error', () => {})
    socket.write(`GET /${topic} HTTP/1.1\r\nhost: feed\r\n\r\n`)
    await waitFor(() => heard.versions.length === 1)
    return heard
  }
  return { hub, state, listen }
}

test('who reads slowly skips what others get, and ends with the newest', async (t) => {
  const { state, listen } = await feed(t, { everyMs: 5 })
  const padding = '.'.repeat(2 * 1024 * 1024)
  state.text = '0'
  const [fast, slow] = [await listen(), await listen()]
  slow.socket.pause()
  for (let version = 1; version <= 20; version += 1) {
    state.text = `${version}${padding}`
    await waitFor(() => fast.versions.at(-1) === String(version), { what: `version ${version}` })
  }
  slow.socket.resume()
  await waitFor(() => slow.versions.at(-1) === '20', { what: 'the slow one to get the newest' })
  t.strictSame(
    fast.versions,
    Array.from({ length: 21 }, (_, version) => String(version))
  )
  t.ok(slow.versions.length < 10, `nothing was kept for the slow one but one text: ${slow.versions.join()}`)
})

test('a text that cannot be made is told of once, and keeps nobody else waiting', async (t) => {
  const { state, listen } = await feed(t, { everyMs: 5 })
  state.text = '0'
  const [broken, sound] = [await listen('broken'), await listen()]
  for (const version of ['1', '2', '3']) {
    state.text = version
    await waitFor(() => sound.versions.at(-1) === version, { what: `version ${version}` })
  }
  t.match(state.errors, [{ message: 'figures that nobody expects' }])
  t.same(broken.versions, ['0'], 'the last text stays')
  t.notOk(broken.closed)
})

test('who reads nothing for half a minute loses the connection', async (t) => {
  const clock = { now: Date.now() }
  const { hub, state, listen } = await feed(t, { everyMs: 5, now: () => clock.now })
  state.text = '0'
  const [fast, dead] = [await listen(), await listen()]
  dead.socket.pause()
  const say = async (text: string) => {
    state.text = text
    await waitFor(() => fast.versions.at(-1) === text.replaceAll('.', ''))
  }
  for (const version of ['1', '2', '3']) await say(`${version}${'.'.repeat(8 * 1024 * 1024)}`)
  t.equal(hub.size, 2)
  clock.now += 31_000
  await say('4')
  await waitFor(() => hub.size === 1, { what: 'the connection to be given up' })
  t.notOk(fast.closed)
  dead.socket.destroy()
})

test('two hundred get the same figures, and others are answered meanwhile', async (t) => {
  const { app, gate } = await publicApp(t, { env: { LIVE_LISTENERS: '5000' } })
  gate.hashes = hashes
  await app.listen({ port: 0, host: '127.0.0.1' })
  const base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const all = await Promise.all(Array.from({ length: 200 }, () => watch(`${base}/v1/campaigns/launch/live`)))
  await waitFor(() => all.every(({ text }) => text.includes('"remaining":990')))
  const retries = all.map(({ text }) => Number(/^retry: (\d+)/.exec(text)?.[1]))
  t.ok(retries.every((ms) => ms >= 2000 && ms <= 8000))
  t.ok(new Set(retries).size > 100, 'they would return at different times')
  for (const left of ['989', '988', '987']) {
    const counted = countReads(gate)
    gate.hashes = { ...hashes, 's:launch:phone': { ...stock, 'am:remaining': left } }
    await waitFor(() => all.every(({ text }) => text.includes(`"remaining":${left}`)), { what: `all to know ${left}` })
    const { reads, most } = counted()
    t.ok(reads <= most, `their number costs no reads: ${reads} of ${most}`)
    t.equal((await fetch(`${base}/healthz`)).status, 200)
  }
  for (const { response } of all) response.destroy()
})
