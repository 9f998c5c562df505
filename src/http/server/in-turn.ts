import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** requests of one connection that wait; one more ends the connection */
const WAITING_MAX = 100

/**
 * A listener that handles the requests of one connection one after the other. Node emits all requests that a client
 * sent at once, and the answers after the first have no socket yet: they get no event when the client leaves, so what they
 * opened stays open, and what they wrote stays in memory. Here a request begins only when its answer can be written, so it
 * leaves nothing behind, and a slow reader holds one answer at most. Handling a few at a time would be faster for clients
 * that pipeline; no browser and no balancer does.
 */
export function inTurn(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>()

  function wait(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const before = waiting.get(socket) ?? 0
    if (before >= WAITING_MAX) socket.destroy()
    // requests that were parsed together with the one too many arrive here as well
    if (socket.destroyed) return
    waiting.set(socket, before + 1)
    // Node emits `socket` when the answer before this one has been written
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1)
      listener(request, response)
    })
  }

  return (request, response) => {
    if (response.socket === null) wait(request, response)
    else listener(request, response)
  }
}
