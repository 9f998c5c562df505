import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Redis } from 'ioredis'
import { History, now, type Purchase } from '../support/load/history.ts'
import { LoadClient } from '../support/load/load-client.ts'
import type { Load } from './load/load.ts'
import type { SaleSpec } from './sale-spec.ts'
import type { Lane } from './world/lane.ts'
import type { Gateway } from './world/requests.ts'
import type { World } from './world/world.ts'

export const campaign = 'rush'
export const sale = 'phone'

/** One wish of a user of the row's own. */
export function wish(user: string, key = `key-of-${user}`, quantity = 1): Purchase {
  return { user, key, campaign, sale, quantity }
}

export interface SceneOptions {
  readonly seed: number
  readonly random: () => number
  readonly world: World
  readonly load: Load
  readonly sale: Required<Omit<SaleSpec, 'payWithinSeconds' | 'ratePerSecond' | 'home'>>
  /** whether bounds of time are judged */
  readonly timed: boolean
}

/** What a row's script works with. */
export class Scene {
  readonly seed: number
  readonly world: World
  readonly lane: Lane
  readonly load: Load
  readonly sale: SceneOptions['sale']
  readonly timed: boolean
  /** what was noted on the way, told with the verdict */
  readonly notes: string[] = []
  /** what the row asked by itself; judged together with what the crowd was told */
  readonly history = new History()
  /** dead letters that the row planted */
  planted = 0
  /** units that the sale has: the row may have added some */
  stock: number
  /** when the last fault began and ended (ms since 1970) */
  struckAt = 0
  healedAt = 0
  readonly #random: () => number
  readonly #lag = monitorEventLoopDelay({ resolution: 10 })
  readonly #afterwards: Array<() => Promise<void>> = []

  constructor(options: SceneOptions) {
    this.seed = options.seed
    this.world = options.world
    this.lane = options.world.lane
    this.load = options.load
    this.sale = options.sale
    this.timed = options.timed
    this.stock = options.sale.stock
    this.#random = options.random
    this.#lag.enable()
  }

  /** A whole number from `from` to `to`, the same for the same seed. */
  between(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1))
  }

  /** To be done when the row was judged and its processes are gone. */
  afterwards(work: () => Promise<void>): void {
    this.#afterwards.push(work)
  }

  /** How late timers of this process were at p99 (ms): other rows are played and judged in it, too. */
  get lagMs(): number {
    return Math.round(this.#lag.percentile(99) / 1e6)
  }

  async end(): Promise<void> {
    this.#lag.disable()
    for (const work of this.#afterwards.reverse()) await work()
  }

  note(text: string): void {
    this.notes.push(text)
  }

  /** The fault begins: buyers take their time, so that units are left when it is over. */
  struck(): void {
    this.struckAt = now()
    this.load.setRest(this.sale.restMeanwhileMs)
  }

  /** Everything is there again. */
  healed(): void {
    this.healedAt = now()
    this.load.setRest(this.sale.restMs)
  }

  /** A client of the row's own at one gateway; the caller closes it. */
  client(gateway: Gateway, deadlineMs = 4000): LoadClient {
    const { history, world, seed } = this
    const tokenOf = (user: string) => world.tokenOf(user)
    return new LoadClient({ publicUrl: gateway.publicUrl, tokenOf, history, deadlineMs, connections: 256, seed })
  }

  /** A connection to Redis for the time of some work. */
  withRedis<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    return this.world.withRedis(work)
  }

  /** Tells the buyers which gateways run now. */
  updateGateways(): void {
    this.load.useGateways(this.world.gateways.filter(({ child }) => child.alive).map(({ publicUrl }) => publicUrl))
  }
}
