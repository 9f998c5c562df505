import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** requests of one connection that wait for their turn; one more ends the connection */
const WAITING_MAX = 100

/**
 * A listener that takes the requests of one connection one after the other. Node hands over all requests that a client
 * sent at once, and the answers of those behind the first have no socket yet: nobody tells them when the client goes, so
 * what they opened stays open, and what they wrote is held in memory, unread. A request that begins when its answer can be
 * written cannot leave anything behind, and a slow reader is owed one answer. Taking a few at a time would serve clients
 * that pipeline faster; no browser and no balancer does.
 */
export function inTurn(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>()

  function wait(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const before = waiting.get(socket) ?? 0
    if (before >= WAITING_MAX) socket.destroy()
    // what was parsed along with the one too many comes here as well
    if (socket.destroyed) return
    waiting.set(socket, before + 1)
    // they are told by Node when the answer before theirs has been written
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
