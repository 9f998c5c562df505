import { randomInt } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { CommandError, systemCodeOf } from '../../base/errors.ts'

const lowestPort = 20_000
/** each holds a file descriptor */
const mostMarks = 200
const marks: Socket[] = []

/** From which ports to choose: `lowest` and those below `end`. */
interface PortRange {
  readonly lowest: number
  readonly end: number
}

/**
 * A TCP port of `host` on which no program listens, below the range from which the system takes ports for outgoing
 * connections. A port from within that range (what binding port 0 gives) can be taken by any client while its server
 * restarts, even by a client of that server, which then is connected to itself.
 * No other stack on this machine chooses it for as long as this process lives, even while nobody listens there; of a process that
 * chooses hundreds, that holds for the newest ones.
 */
export async function freePort(host = '127.0.0.1', range: PortRange = ownRange()): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(range.lowest, range.end)
    if (await choose(port, host)) return port
  }
  throw new CommandError(
    `No free port was found on ${host} between ${range.lowest} and ${range.end - 1}.`,
    'The servers of the local stack need three of them.',
    'End what listens there and start again.'
  )
}

/**
 * Two who look at the same time would both take a port that is free. So whoever chooses it binds the UDP port of the same number, which
 * nothing here uses otherwise: the system lets one process have it, and has it back when that ends, however it ends.
 */
async function choose(port: number, host: string): Promise<boolean> {
  const mark = createSocket('udp4').unref()
  try {
    mark.bind({ port, address: '127.0.0.1', exclusive: true })
    await once(mark, 'listening')
  } catch (error) {
    mark.close()
    // a system that allows no UDP says nothing of the port
    if (systemCodeOf(error) === 'EADDRINUSE') return false
    return (await bindError(port, host)) === ''
  }
  if ((await bindError(port, host)) !== '') {
    mark.close()
    return false
  }
  marks.push(mark)
  if (marks.length > mostMarks) marks.shift()?.close()
  return true
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

function ownRange(): PortRange {
  return { lowest: lowestPort, end: Math.max(lowestPort + 1000, firstOutgoingPort()) }
}

function firstOutgoingPort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0])
  } catch {
    return 32_768
  }
}
