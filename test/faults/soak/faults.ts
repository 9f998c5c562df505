import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { PartName } from '../../../src/stack/processes/programs.ts'
import { lasting } from '../rows/tools.ts'
import type { Child } from '../world/child.ts'
import { resume, suspend } from '../world/lane.ts'
import { type Line, lines, type World } from '../world/world.ts'

/** Where faults strike, and the dice that say how. */
export interface Ground {
  readonly world: World
  /** a whole number from `from` to `to` */
  readonly between: (from: number, to: number) => number
  /** tells the buyers which gateways run */
  readonly updateGateways: () => void
}

/** A kind of fault; `strike` ends when everything is there again, and says what happened. */
export interface Fault {
  readonly kind: string
  /** how often it comes, compared with the others */
  readonly weight: number
  /** slows down or breaks connections only: two of them may overlap */
  readonly light: boolean
  /** takes the data of NATS along */
  readonly losesJournal?: boolean
  readonly strike: (ground: Ground) => Promise<string>
}

const servers: readonly PartName[] = ['redis', 'nats', 'postgres']

function oneOf<T>(items: readonly T[], { between }: Ground): T {
  const item = items[between(0, items.length - 1)]
  if (item === undefined) throw new Error('there is nothing to choose from')
  return item
}

function running(children: readonly Child[], ground: Ground): Child {
  return oneOf(
    children.filter(({ alive }) => alive),
    ground
  )
}

export async function killGateway(ground: Ground): Promise<string> {
  const { world, between, updateGateways } = ground
  const child = running(
    world.gateways.map((gateway) => gateway.child),
    ground
  )
  await child.kill()
  await lasting(between(0, 1500))
  const next = await world.startGateway()
  await world.ready()
  updateGateways()
  return `${child.name} killed, ${next.child.name} started`
}

export async function killWorker(ground: Ground): Promise<string> {
  const { world, between } = ground
  const child = running(world.workers, ground)
  await child.kill()
  await lasting(between(0, 1500))
  return `${child.name} killed, ${(await world.startWorker()).name} started`
}

async function killServer(ground: Ground): Promise<string> {
  const server = ground.world.lane.server(oneOf(servers, ground))
  const ms = ground.between(0, 2000)
  await server.kill()
  await lasting(ms)
  await server.restart()
  return `${server.part} killed and restarted after ${ms} ms`
}

async function pauseProcess(ground: Ground): Promise<string> {
  const { world, between } = ground
  const child = running([...world.gateways.map((gateway) => gateway.child), ...world.workers], ground)
  const ms = between(500, 8000)
  child.signal('SIGSTOP')
  await lasting(ms)
  child.signal('SIGCONT')
  return `${child.name} stopped for ${ms} ms`
}

async function pauseServer(ground: Ground): Promise<string> {
  const server = ground.world.lane.server(oneOf(servers, ground))
  const ms = ground.between(500, 8000)
  suspend(server)
  await lasting(ms)
  resume(server)
  return `${server.part} stopped for ${ms} ms`
}

/** What is done to a line until it is healed. */
function disturbed(
  what: string,
  { weight, light, longestMs }: { readonly weight: number; readonly light: boolean; readonly longestMs: number },
  start: (ground: Ground, line: Line) => void
): Fault {
  return {
    kind: what,
    weight,
    light,
    async strike(ground) {
      const line = oneOf(lines, ground)
      const ms = ground.between(300, longestMs)
      start(ground, line)
      await lasting(ms)
      ground.world.line(line).heal()
      return `${line}: ${what} for ${ms} ms`
    }
  }
}

async function wipeRedis({ world }: Ground): Promise<string> {
  return world.withRedis(async (redis) => {
    const keys = await redis.dbsize()
    await redis.multi().flushall().script('FLUSH').exec()
    return `redis wiped of ${keys} keys`
  })
}

async function flushScripts({ world }: Ground): Promise<string> {
  await world.withRedis((redis) => redis.script('FLUSH'))
  return 'scripts flushed'
}

/** NATS forgets everything: killed, its store removed, started again. */
export async function wipeJournal({ world }: Pick<Ground, 'world'>): Promise<string> {
  const nats = world.lane.server('nats')
  await nats.kill()
  rmSync(join(nats.folder, 'jetstream'), { recursive: true, force: true })
  await nats.restart()
  return 'the store of nats wiped'
}

const brief = { weight: 3, light: true, longestMs: 3000 }
const long = { weight: 3, light: false, longestMs: 5000 }

export const faults: readonly Fault[] = [
  { kind: 'gateway killed', weight: 3, light: false, strike: killGateway },
  { kind: 'worker killed', weight: 3, light: false, strike: killWorker },
  { kind: 'server killed', weight: 5, light: false, strike: killServer },
  { kind: 'process stopped', weight: 4, light: false, strike: pauseProcess },
  { kind: 'server stopped', weight: 4, light: false, strike: pauseServer },
  disturbed('connections cut', brief, ({ world, between }, line) =>
    world.line(line).cut({ refuseNew: between(0, 1) === 1 })
  ),
  disturbed('latency', brief, ({ world, between }, line) => world.line(line).delay(between(20, 200))),
  disturbed('requests lost', long, ({ world }, line) => world.line(line).dropRequests()),
  disturbed('replies lost', long, ({ world }, line) => world.line(line).dropReplies()),
  disturbed('black hole', long, ({ world }, line) => world.line(line).blackHole()),
  { kind: 'redis wiped', weight: 3, light: false, strike: wipeRedis },
  { kind: 'scripts flushed', weight: 1, light: false, strike: flushScripts },
  { kind: 'journal wiped', weight: 1, light: false, losesJournal: true, strike: wipeJournal }
]

/** The next fault of a stream of them. */
export function nextFault(among: readonly Fault[], ground: Ground): Fault {
  const total = among.reduce((sum, { weight }) => sum + weight, 0)
  let rest = ground.between(1, total)
  for (const fault of among) {
    rest -= fault.weight
    if (rest <= 0) return fault
  }
  throw new Error('the weights do not add up')
}
