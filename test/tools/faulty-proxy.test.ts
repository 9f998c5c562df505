import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { FaultyProxy } from '../support/servers/proxy.ts'
import { waitFor } from '../support/wait.ts'

interface Line {
  readonly socket: Socket
  heard: string
  closed: boolean
}

/** An echo server behind a proxy, both ended with the test; `reached` is what the server has read so far. */
async function echoBehindProxy(t: Test): Promise<{ proxy: FaultyProxy; reached: () => string; dial: () => Line }> {
  let reached = ''
  const sockets = new Set<Socket>()
  const echo: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => sockets.delete(socket))
    socket.on('data', (bytes) => {
      reached += bytes.toString()
      socket.write(bytes)
    })
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const proxy = new FaultyProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port })
  await proxy.listen()
  const lines: Line[] = []
  t.teardown(async () => {
    for (const line of lines) line.socket.destroy()
    await proxy.close()
    for (const socket of sockets) socket.destroy()
    echo.close()
    await once(echo, 'close')
  })
  const dial = () => {
    const line: Line = { socket: connect(proxy.port, '127.0.0.1'), heard: '', closed: false }
    line.socket.on('data', (bytes) => {
      line.heard += bytes.toString()
    })
    line.socket.on('error', () => {})
    line.socket.on('close', () => {
      line.closed = true
    })
    lines.push(line)
    return line
  }
  return { proxy, reached: () => reached, dial }
}

const soon = { what: 'the proxy to do it' }

t.test('without a fault the proxy passes everything in both directions, large writes included', async (t) => {
  const { proxy, dial } = await echoBehindProxy(t)
  const line = dial()
  const text = 'abcdefgh'.repeat(100_000)
  line.socket.write(text)
  await waitFor(() => line.heard.length === text.length, soon)
  t.equal(line.heard, text)
  t.equal(proxy.counts.requestBytes, text.length)
  line.socket.end()
  await waitFor(() => line.closed, soon)
})

t.test('a delay holds every byte back for its time and keeps the order', async (t) => {
  const { proxy, dial } = await echoBehindProxy(t)
  proxy.delay(60)
  const line = dial()
  const startedAt = performance.now()
  for (const letter of 'abcdef') line.socket.write(letter)
  await waitFor(() => line.heard.length === 6, soon)
  t.equal(line.heard, 'abcdef')
  t.ok(performance.now() - startedAt >= 115, 'both directions were delayed')
})

t.test('dropped requests do not reach the server, dropped replies do', async (t) => {
  const { proxy, reached, dial } = await echoBehindProxy(t)
  const line = dial()
  line.socket.write('one.')
  await waitFor(() => line.heard === 'one.', soon)

  proxy.dropRequests()
  line.socket.write('two.')
  await waitFor(() => proxy.counts.lostRequestBytes === 4, soon)
  t.equal(reached(), 'one.')
  proxy.heal()
  await waitFor(() => line.closed, soon)
  t.equal(line.heard, 'one.', 'a connection with a hole in it is cut, not healed')

  proxy.dropReplies()
  const second = dial()
  second.socket.write('three.')
  await waitFor(() => reached() === 'one.three.' && proxy.counts.lostReplyBytes === 6, soon)
  t.equal(second.heard, '')
})

t.test('a black hole accepts connections, moves nothing, and loses nothing once it is healed', async (t) => {
  const { proxy, reached, dial } = await echoBehindProxy(t)
  proxy.blackHole()
  const line = dial()
  line.socket.write('patience')
  await waitFor(() => proxy.counts.requestBytes === 8, soon)
  t.equal(reached(), '')
  t.notOk(line.closed)
  proxy.heal()
  await waitFor(() => line.heard === 'patience', soon)
})

t.test('a cut breaks connections at once, and refuses new ones until it is healed', async (t) => {
  const { proxy, dial } = await echoBehindProxy(t)
  const line = dial()
  line.socket.write('x')
  await waitFor(() => line.heard === 'x', soon)
  proxy.cut({ refuseNew: true })
  await waitFor(() => line.closed, soon)
  const refused = dial()
  await waitFor(() => refused.closed, soon)
  proxy.heal()
  const healed = dial()
  healed.socket.write('y')
  await waitFor(() => healed.heard === 'y', soon)
  t.equal(proxy.counts.cutConnections, 2)
})
