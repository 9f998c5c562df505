import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { CommandError, systemCodeOf } from '../../base/errors.ts'

const lowestPort = 20_000

/**
 * A TCP port of `host` on which no program listens, below the range from which the system takes ports for outgoing
 * connections. A port from within that range (what binding port 0 gives) can be taken by any client while its server
 * restarts, even by a client of that server, which then is connected to itself.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const highest = Math.max(lowestPort + 1000, firstOutgoingPort())
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(lowestPort, highest)
    if ((await bindError(port, host)) === '') return port
  }
  throw new CommandError(
    `No free port was found on ${host} between ${lowestPort} and ${highest - 1}.`,
    'The servers of the local stack need three of them.',
    'End what listens there and start again.'
  )
}

/** Whether `port` can be listened on now: '' or the code of the system's error (EADDRINUSE, EACCES, ...). */
export function bindError(port: number, host: string): Promise<string> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => resolve(systemCodeOf(error) || error.message))
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve('')))
  })
}

/** @throws CommandError when the port that variable `name` gives cannot be listened on */
export async function requireFreePort(name: string, port: number, host: string): Promise<void> {
  const code = await bindError(port, host)
  if (code === '') return
  if (code === 'EADDRINUSE') {
    throw new CommandError(
      `Port ${port} (${name}) is in use.`,
      'Another program listens there, perhaps another stack.',
      `End it, or choose another port: ${name}=${port + 100} npm start`
    )
  }
  throw new CommandError(
    `Port ${port} (${name}) on ${host} cannot be listened on: ${code}.`,
    code === 'EACCES' ? 'Ports below 1024 need root.' : 'The address is not one of this machine.',
    `Set ${name} and HOST to something this user may listen on.`
  )
}

function firstOutgoingPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0])
  } catch {
    return 32_768
  }
}
