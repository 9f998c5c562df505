import { connect, type Socket } from 'node:net'
import type { ListenJob, ListenResult } from './jobs.ts'

/** Addresses of the loopback network, as a gateway gives each only a part of its places. */
const ADDRESSES = 200
const AT_ONCE = 100

interface Listener {
  readonly socket: Socket
  events: number
  bytes: number
}

function open(job: ListenJob, number: number): Promise<Listener> {
  const { hostname, port } = new URL(job.url)
  const localAddress = `127.${10 + (number % ADDRESSES)}.0.1`
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), localAddress })
    const listener: Listener = { socket, events: 0, bytes: 0 }
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.write(`GET ${job.path} HTTP/1.1\r\nhost: ${hostname}\r\naccept: text/event-stream\r\n\r\n`)
    })
    socket.once('data', (head) => {
      if (!head.toString('latin1').startsWith('HTTP/1.1 200')) reject(new Error(head.toString('latin1').slice(0, 300)))
      // a change is one write of the gateway; two that come as one piece are told apart by their ends
      socket.on('data', (part) => {
        listener.bytes += part.length
        for (let at = part.indexOf('\n\n'); at >= 0; at = part.indexOf('\n\n', at + 2)) listener.events += 1
      })
      resolve(listener)
    })
  })
}

const listeners: Listener[] = []

async function listen(job: ListenJob): Promise<number> {
  while (listeners.length < job.listeners) {
    const some = Math.min(AT_ONCE, job.listeners - listeners.length)
    const opened = Array.from({ length: some }, (_, index) => open(job, listeners.length + index))
    listeners.push(...(await Promise.all(opened)))
  }
  return listeners.length
}

/** What each has got since the last question. */
function count(): ListenResult {
  const events = listeners.map((listener) => listener.events).sort((a, b) => a - b)
  const bytes = listeners.reduce((sum, listener) => sum + listener.bytes, 0)
  for (const listener of listeners) Object.assign(listener, { events: 0, bytes: 0 })
  const lost = listeners.filter(({ socket }) => socket.destroyed || socket.readableEnded).length
  return { least: events[0] ?? 0, median: events[Math.floor(events.length / 2)] ?? 0, bytes, lost }
}

process.on('message', (job: ListenJob | 'count') => {
  if (job === 'count') process.send?.(count())
  else
    void listen(job).then(
      (opened) => process.send?.({ opened }),
      (error: Error) => process.send?.({ opened: listeners.length, failed: error.message })
    )
})
process.on('disconnect', () => process.exit(0))
