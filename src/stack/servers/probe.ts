import { connect } from 'node:net'

const answerMs = 1000

/**
 * Asks a server on loopback over plain TCP: sends `request` once connected (at once, or after the server's greeting)
 * and returns whether `expected` came back within a second. Never throws.
 */
export function answersWith(port: number, request: string, expected: RegExp): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let received = ''
    const finish = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(answerMs, () => finish(false))
    socket.on('error', () => finish(false))
    socket.on('close', () => finish(false))
    socket.on('connect', () => socket.write(request))
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (expected.test(received)) finish(true)
    })
  })
}
