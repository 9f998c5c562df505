import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type pg from 'pg'
import { loadConfig } from '../../../src/config/config.ts'
import type { PartName } from '../../../src/stack/processes/programs.ts'
import { freePort } from '../../../src/stack/servers/ports.ts'
import { migrate } from '../../../src/store/connection/migrate.ts'
import { createPool } from '../../../src/store/connection/pool.ts'
import { ensureOperator } from '../../../src/store/operators/operators.ts'
import { storefrontToken } from '../../support/http/storefront-token.ts'
import type { Places } from '../../support/judging/evidence.ts'
import { FaultyProxy } from '../../support/servers/proxy.ts'
import { freshNamespace } from '../../support/servers/servers.ts'
import { waitFor } from '../../support/wait.ts'
import { Child } from './child.ts'
import type { Lane } from './lane.ts'
import { type Answer, type Ask, type Gateway, request } from './requests.ts'

/** A line between processes and a server that a row may disturb: `gateway-nats` is that of all gateways to NATS. */
export type Line = `${'gateway' | 'worker'}-${PartName}`

/** Every line. */
export const lines: readonly Line[] = [
  'gateway-redis',
  'gateway-nats',
  'gateway-postgres',
  'worker-redis',
  'worker-nats',
  'worker-postgres'
]

export interface WorldSpec {
  /** 2 */
  readonly gateways?: number
  /** FAIL_POINTS of each worker that stands by while the first one owns the shard; none by default */
  readonly standbys?: readonly string[]
  /** lines that run through a proxy */
  readonly lines?: readonly Line[]
  /** FAIL_POINTS of the first gateway and the first worker */
  readonly gatewayFails?: string
  readonly workerFails?: string
  /** environment of all processes */
  readonly env?: Readonly<Record<string, string>>
}

interface WorldOptions {
  readonly lane: Lane
  readonly spec: WorldSpec
  /** compiled build/src/cli.js, of the project or of a copy with a planted bug */
  readonly cli: string
  readonly folder: string
}

const secret = 'the-secret-of-storefront-tokens-in-fault-rows'
const operators = ['author-token-of-fault-rows-0123456789', 'reviewer-token-of-fault-rows-0123456789'] as const
const readyDeadlineMs = 180_000

/** One deployment in a namespace of its own: gateways and workers as processes, the servers of a lane behind them. */
export class World {
  readonly namespace = freshNamespace()
  readonly lane: Lane
  readonly gateways: Gateway[] = []
  readonly workers: Child[] = []
  /** every process that was ever started here */
  readonly children: Child[] = []

  /** When gateways went on after a pause, ms since 1970: what waited in them is answered late by the pause alone. */
  get resumedAt(): number[] {
    return this.children.filter(({ name }) => name.startsWith('gateway')).flatMap(({ resumedAt }) => resumedAt)
  }
  readonly pool: pg.Pool
  readonly folder: string
  readonly #options: WorldOptions
  readonly #proxies = new Map<Line, FaultyProxy>()
  readonly #tokens = new Map<string, string>()
  #redisUrl: string

  private constructor(options: WorldOptions) {
    this.#options = options
    this.lane = options.lane
    this.folder = options.folder
    this.#redisUrl = options.lane.url('redis')
    const config = loadConfig({ DATABASE_URL: options.lane.url('postgres'), NAMESPACE: this.namespace })
    this.pool = createPool(config, { max: 4, name: 'fault-row' })
  }

  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options)
    try {
      await world.#begin()
      return world
    } catch (error) {
      await world.stop()
      throw error
    }
  }

  async #begin(): Promise<void> {
    const { lane, spec, folder } = this.#options
    mkdirSync(folder, { recursive: true })
    await migrate(loadConfig({ DATABASE_URL: lane.url('postgres'), NAMESPACE: this.namespace }))
    for (const [index, token] of operators.entries()) {
      await ensureOperator(this.pool, { name: `operator-${index}`, role: 'admin', token })
    }
    for (const line of spec.lines ?? []) await this.#layLine(line)
    await this.startWorker(spec.workerFails)
    for (let n = 0; n < (spec.gateways ?? 2); n++) await this.startGateway(n === 0 ? spec.gatewayFails : undefined)
    await this.ready()
    // later, so that the first one owns the shard
    const standbys: Child[] = []
    for (const fails of spec.standbys ?? []) standbys.push(await this.startWorker(fails))
    // one that finds a server away while it starts ends: it must stand by before anything is struck
    const standsBy = () => standbys.every((worker) => worker.printed('the gate is open') > 0)
    await waitFor(standsBy, { deadlineMs: readyDeadlineMs, what: 'the standbys to stand by' })
  }

  async #layLine(line: Line): Promise<void> {
    const { hostname, port } = new URL(this.lane.url(partOf(line)))
    const proxy = new FaultyProxy({ host: hostname, port: Number(port) })
    await proxy.listen()
    this.#proxies.set(line, proxy)
  }

  /** @throws Error when the row's world does not name it */
  line(line: Line): FaultyProxy {
    const proxy = this.#proxies.get(line)
    if (proxy === undefined) throw new Error(`the world of this row has no line ${line}`)
    return proxy
  }

  #urlFor(kind: 'gateway' | 'worker', part: PartName): string {
    const url = new URL(this.lane.url(part))
    const proxy = this.#proxies.get(`${kind}-${part}`)
    if (proxy !== undefined) url.host = `127.0.0.1:${proxy.port}`
    return url.toString()
  }

  #environment(kind: 'gateway' | 'worker', fails: string): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      NAMESPACE: this.namespace,
      REDIS_URL: this.#urlFor(kind, 'redis'),
      NATS_URL: this.#urlFor(kind, 'nats'),
      DATABASE_URL: this.#urlFor(kind, 'postgres'),
      TOKEN_SECRET: secret,
      RATE_LIMIT_USER_PER_SECOND: '0',
      RATE_LIMIT_ADDRESS_PER_SECOND: '0',
      JOURNAL_MAX_BYTES: String(32 * 1024 ** 2),
      DRAIN_MS: '5000',
      LOG_LEVEL: 'info',
      FAIL_POINTS: fails,
      ...this.#options.spec.env
    }
  }

  async #startChild(command: 'gateway' | 'worker', env: NodeJS.ProcessEnv): Promise<Child> {
    const count = this.children.filter(({ name }) => name.startsWith(command)).length
    const name = `${command}-${count + 1}`
    const logFile = join(this.folder, `${name}.log`)
    const child = await Child.start({ name, command, env, logFile, cli: this.#options.cli })
    this.children.push(child)
    return child
  }

  async startWorker(fails = '', env: Readonly<Record<string, string>> = {}): Promise<Child> {
    const worker = await this.#startChild('worker', { ...this.#environment('worker', fails), ...env })
    this.workers.push(worker)
    return worker
  }

  async startGateway(fails = ''): Promise<Gateway> {
    const [port, adminPort] = [await freePort(), await freePort()]
    const env = { ...this.#environment('gateway', fails), PORT: String(port), ADMIN_PORT: String(adminPort) }
    const child = await this.#startChild('gateway', env)
    const gateway = { child, publicUrl: `http://127.0.0.1:${port}`, adminUrl: `http://127.0.0.1:${adminPort}` }
    this.gateways.push(gateway)
    return gateway
  }

  /** The n-th gateway of this world, from 0. */
  gateway(n: number): Gateway {
    const gateway = this.gateways[n]
    if (gateway === undefined) throw new Error(`no gateway ${n}`)
    return gateway
  }

  worker(n: number): Child {
    const worker = this.workers[n]
    if (worker === undefined) throw new Error(`no worker ${n}`)
    return worker
  }

  /** Waits until every gateway that runs is ready. */
  async ready(): Promise<void> {
    for (const { child, publicUrl } of this.gateways) {
      const isReady = async () =>
        !child.alive || (await request(`${publicUrl}/readyz`, '', { path: '' })).status === 200
      await waitFor(isReady, { deadlineMs: readyDeadlineMs, what: `${child.name} to be ready`, everyMs: 40 })
    }
  }

  /** The Redis in charge: after a fail-over another one than the lane's. */
  get redisUrl(): string {
    return this.#redisUrl
  }

  /** A fail-over: every line to Redis, which the row's world must have, leads to another one from now on. */
  moveRedis(url: string): void {
    this.#redisUrl = url
    const { hostname, port } = new URL(url)
    for (const kind of ['gateway-redis', 'worker-redis'] as const) {
      this.line(kind).retarget({ host: hostname, port: Number(port) })
    }
  }

  /** A connection to Redis for the time of some work. */
  async withRedis<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.#redisUrl, { maxRetriesPerRequest: 2 })
    redis.on('error', () => {})
    try {
      return await work(redis)
    } finally {
      redis.disconnect()
    }
  }

  tokenOf(user: string): string {
    const known = this.#tokens.get(user)
    if (known !== undefined) return known
    const token = storefrontToken(secret, user)
    this.#tokens.set(user, token)
    return token
  }

  get tokenSecret(): string {
    return secret
  }

  /** Asks the first gateway that runs, is not paused, and answers. */
  async admin(ask: Ask, operator: 0 | 1 = 0, gateways: readonly Gateway[] = this.gateways): Promise<Answer> {
    let last: Answer = { status: 0, body: 'no gateway runs' }
    for (const { child, adminUrl } of gateways) {
      if (!child.alive || child.paused) continue
      last = await request(`${adminUrl}${ask.path}`, operators[operator], ask)
      if (last.status !== 0) return last
    }
    return last
  }

  /** A request of a storefront's user at one gateway. */
  ask(user: string, ask: Ask, gateway = this.gateway(0)): Promise<Answer> {
    return request(`${gateway.publicUrl}${ask.path}`, this.tokenOf(user), ask)
  }

  /** Where the checker finds its evidence: past every proxy. */
  places(): Places {
    const adminGet = async (path: string) => {
      const { status, body } = await this.admin({ path })
      if (status !== 200) throw new Error(`GET ${path} was answered with ${status} ${JSON.stringify(body)}`)
      return body
    }
    return {
      databaseUrl: this.lane.url('postgres'),
      natsUrl: this.lane.url('nats'),
      redisUrl: this.#redisUrl,
      namespace: this.namespace,
      adminGet
    }
  }

  /** The first shard's epoch as Postgres has it; open when all shards are. */
  async shard(): Promise<{ epoch: number; state: string }> {
    const sql = 'select epoch, min(state) over () as state from shards order by shard limit 1'
    return (await this.pool.query<{ epoch: number; state: string }>(sql)).rows[0] ?? { epoch: 0, state: 'none' }
  }

  /** Waits until the shard is open under a higher epoch. @returns it */
  async reopened(after: number, deadlineMs = 120_000): Promise<number> {
    let epoch = after
    const higher = async () => {
      const row = await this.shard().catch(() => ({ epoch: 0, state: '' }))
      epoch = row.epoch
      return row.state === 'open' && row.epoch > after
    }
    await waitFor(higher, { deadlineMs, what: `the shard to be open under an epoch above ${after}` })
    return epoch
  }

  async stop(): Promise<void> {
    for (const proxy of this.#proxies.values()) proxy.heal()
    await Promise.all(this.children.map((child) => child.stop(4000)))
    for (const proxy of this.#proxies.values()) await proxy.close()
    await this.pool.end().catch(() => {})
  }
}

function partOf(line: Line): PartName {
  return line.slice(line.indexOf('-') + 1) as PartName
}
