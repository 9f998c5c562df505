import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import fc from 'fast-check'
import { type Test, test } from 'tap'
import { AnswerReader } from '../../src/load/answer-reader.ts'
import { countOf, dueMs, openLoop, requestBytes } from '../../src/load/open-loop.ts'

async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const shotsAt = (url: string) => (number: number) => ({
  kind: 'buy',
  bytes: requestBytes(url, {
    method: 'POST',
    path: `/${number}`,
    headers: { 'idempotency-key': `k-${number}` },
    body: '{}'
  })
})

const patient = { giveUpMs: 60_000, lagBoundMs: 60_000 }

test('an answer is read alike in whatever pieces it comes, with a length or in chunks', async (t) => {
  const chunked = (body: string) =>
    [body.slice(0, 3), body.slice(3)]
      .map((part) => (part === '' ? '' : `${part.length.toString(16)}\r\n${part}\r\n`))
      .join('')
  const texts = fc.string({ minLength: 0, maxLength: 40, unit: fc.constantFrom(...'abc\r\n0') })
  fc.assert(
    fc.property(
      fc.record({ body: texts, inChunks: fc.boolean(), closes: fc.boolean(), step: fc.integer({ min: 1, max: 30 }) }),
      ({ body, inChunks, closes, step }) => {
        const headers = [
          inChunks ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`,
          ...(closes ? ['Connection: close'] : [])
        ]
        const sent = inChunks ? `${chunked(body)}0\r\n\r\n` : body
        const wire = Buffer.from(
          `HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 201 Created\r\n${headers.join('\r\n')}\r\n\r\n${sent}`
        )
        const reader = new AnswerReader()
        for (let at = 0; at < wire.length; at += step) {
          const answer = reader.push(wire.subarray(at, at + step))
          if (answer === undefined) continue
          if (at + step < wire.length) throw new Error('complete too early')
          return answer.status === 201 && answer.body.toString() === body && answer.closes === closes
        }
        return false
      }
    )
  )
  const open = new AnswerReader()
  t.equal(open.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nto the en')), undefined)
  open.push(Buffer.from('d'))
  t.match(open.end(), { status: 200, closes: true, body: Buffer.from('to the end') })
  t.throws(() => new AnswerReader().push(Buffer.from('SSH-2.0\r\n\r\n')))
})

test('arrivals are as many as their rate says, steady or growing, and in order', async (t) => {
  for (const arrivals of [
    { perSecond: 250, seconds: 4 },
    { perSecond: 10, toPerSecond: 490, seconds: 4 },
    { perSecond: 490, toPerSecond: 10, seconds: 4 }
  ]) {
    const count = countOf(arrivals)
    t.equal(count, 1000)
    const times = Array.from({ length: count }, (_, number) => dueMs(arrivals, number))
    t.ok(times.every((time, index) => time >= (times[index - 1] ?? 0)))
    t.ok(times[0] === 0 && Math.abs((times.at(-1) ?? 0) - 4000) < 120, String(times.at(-1)))
  }
})

test('a server that stalls is charged for what it kept from being sent', async (t) => {
  let stalled = false
  const url = await serve(t, (request, response) => {
    const answer = () => response.writeHead(201).end('{}')
    if (stalled) answer()
    else {
      stalled = true
      setTimeout(answer, 400)
    }
    request.resume()
  })
  const result = await openLoop({
    url,
    most: 1,
    arrivals: { perSecond: 100, seconds: 0.5 },
    shot: shotsAt(url),
    ...patient
  })
  const [buys] = result.outcomes
  t.match(buys, { kind: 'buy', outcome: 'confirmed', count: 50 })
  t.equal(result.offered, 50)
  t.ok(result.waitedMost >= 20, `${result.waitedMost} waited for the one connection`)
  t.ok((buys?.p50 ?? 0) > 100, 'half of them were due while it stalled')
  t.equal(
    result.perSecond.reduce((sum, { confirmed }) => sum + confirmed, 0),
    50
  )
})

test('every request ends as something: codes, no answer in time, broken connections, no HTTP', async (t) => {
  const url = await serve(t, (request, response) => {
    const number = Number(request.url?.slice(1))
    request.resume()
    if (number % 5 === 0) response.writeHead(201, { connection: 'close' }).end('{}')
    if (number % 5 === 1) response.writeHead(503).end('{"type":"urn:x","status":503,"code":"UNAVAILABLE","title":"x"}')
    if (number % 5 === 2) response.writeHead(409).end('{"code":"SOLD_OUT"}')
    if (number % 5 === 3) request.socket.destroy()
  })
  const ended = new Map<string, number>()
  const result = await openLoop({
    url,
    most: 20,
    giveUpMs: 1000,
    lagBoundMs: 60_000,
    arrivals: { perSecond: 200, seconds: 0.5 },
    shot: shotsAt(url),
    ended: (_number, _ending, outcome) => ended.set(outcome, (ended.get(outcome) ?? 0) + 1)
  })
  t.same(Object.fromEntries(ended), { confirmed: 20, UNAVAILABLE: 20, SOLD_OUT: 20, none: 40 })
  t.same(Object.fromEntries(result.outcomes.map(({ outcome, count }) => [outcome, count])), Object.fromEntries(ended))
  t.match(
    result.failures.find(({ reason }) => reason === '503 UNAVAILABLE'),
    { count: 20, example: /urn:x/ }
  )
  t.ok(result.failures.some(({ reason }) => reason.includes('in time')))
  const babbling = createTcp((socket) => socket.end('what?\r\n\r\n'))
  await new Promise<void>((resolve) => babbling.listen(0, '127.0.0.1', resolve))
  t.teardown(() => babbling.close())
  const place = `http://127.0.0.1:${(babbling.address() as AddressInfo).port}`
  const shot = shotsAt(place)
  const lost = await openLoop({ url: place, most: 2, arrivals: { perSecond: 50, seconds: 0.1 }, shot, ...patient })
  t.match(lost.outcomes, [{ outcome: 'none', count: 5 }])
})

test('a generator that cannot keep its times says that the run is void', async (t) => {
  const url = await serve(t, (request, response) => {
    request.resume()
    response.writeHead(201).end('{}')
  })
  const block = (number: number) => {
    const until = performance.now() + (number === 5 ? 200 : 0)
    while (performance.now() < until);
    return shotsAt(url)(number)
  }
  const arrivals = { perSecond: 100, seconds: 0.3 }
  const result = await openLoop({ url, most: 5, arrivals, shot: block, giveUpMs: 60_000, lagBoundMs: 50 })
  t.equal(result.void, true)
  t.ok(result.lag.max > 100)
})

test('connections are made from the addresses that are named, in turn', async (t) => {
  const from = new Set<string | undefined>()
  const url = await serve(t, (request, response) => {
    from.add(request.socket.remoteAddress)
    request.resume()
    setTimeout(() => response.writeHead(201).end('{}'), 50)
  })
  const sources = ['127.0.0.2', '127.0.0.3']
  await openLoop({ url, most: 4, sources, arrivals: { perSecond: 200, seconds: 0.1 }, shot: shotsAt(url), ...patient })
  t.same([...from].sort(), sources)
})
