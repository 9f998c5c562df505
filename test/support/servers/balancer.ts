import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { waitFor } from '../wait.ts'

interface Backend {
  readonly url: string
  readonly agent: Agent
  ready: boolean
  answered: number
}

const LOOK_EVERY_MS = 100
const PROBE_MS = 2000

/**
 * A load balancer of the simplest kind: it asks each gateway at /readyz, gives requests in turn to those that are ready, keeps
 * connections to them, and never sends a request twice. What it cannot deliver is a 502, and counted.
 */
export class Balancer {
  readonly #backends = new Map<string, Backend>()
  readonly #server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing))
  readonly #timer = setInterval(() => void this.#look(), LOOK_EVERY_MS)
  #turn = 0
  /** requests that no gateway answered, with the reason */
  readonly broken: string[] = []

  /** @returns its URL */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when the gateway gets requests. */
  async add(url: string): Promise<void> {
    const backend = { url, agent: new Agent({ keepAlive: true }), ready: false, answered: 0 }
    this.#backends.set(url, backend)
    await waitFor(() => backend.ready, { what: `${url} to be ready` })
  }

  /** @returns how many requests it answered */
  remove(url: string): number {
    const backend = this.#backends.get(url)
    this.#backends.delete(url)
    backend?.agent.destroy()
    return backend?.answered ?? 0
  }

  answeredBy(url: string): number {
    return this.#backends.get(url)?.answered ?? 0
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    for (const url of [...this.#backends.keys()]) this.remove(url)
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #look(): Promise<void> {
    for (const backend of this.#backends.values()) {
      const signal = AbortSignal.timeout(PROBE_MS)
      const answer = await fetch(`${backend.url}/readyz`, { signal }).catch(() => undefined)
      await answer?.arrayBuffer().catch(() => undefined)
      backend.ready = answer?.status === 200
    }
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const ready = [...this.#backends.values()].filter((backend) => backend.ready)
    const backend = ready[this.#turn++ % Math.max(1, ready.length)]
    const fail = (reason: string): void => {
      this.broken.push(reason)
      if (outgoing.headersSent) outgoing.destroy()
      else outgoing.writeHead(502).end()
    }
    if (backend === undefined) {
      fail('no gateway is ready')
      return
    }
    const { method, headers, url } = incoming
    const passed = request(`${backend.url}${url}`, { agent: backend.agent, method, headers }, (answer) => {
      const { connection: _own, ...rest } = answer.headers
      outgoing.writeHead(answer.statusCode ?? 502, rest)
      answer.pipe(outgoing)
      answer.on('end', () => {
        backend.answered += 1
      })
      answer.on('error', (error) => fail(error.message))
    })
    passed.on('error', (error) => fail(`${backend.url}: ${error.message}`))
    incoming.pipe(passed)
  }
}
