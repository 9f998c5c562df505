import { Redis } from 'ioredis'
import { now } from '../support/history.ts'
import type { Load } from './load/load.ts'
import type { Row, SaleSpec } from './row.ts'
import type { Lane } from './world/lane.ts'
import type { World } from './world/world.ts'

export const campaign = 'rush'
export const sale = 'phone'

export interface SceneOptions {
  readonly row: Row
  readonly seed: number
  readonly random: () => number
  readonly world: World
  readonly load: Load
  readonly sale: Required<Omit<SaleSpec, 'payWithinSeconds'>>
}

/** What a row's script works with. */
export class Scene {
  readonly seed: number
  readonly world: World
  readonly lane: Lane
  readonly load: Load
  readonly sale: SceneOptions['sale']
  /** what was noted on the way, told with the verdict */
  readonly notes: string[] = []
  /** when the last fault began and ended (ms since 1970) */
  struckAt = 0
  healedAt = 0
  readonly #random: () => number

  constructor(options: SceneOptions) {
    this.seed = options.seed
    this.world = options.world
    this.lane = options.world.lane
    this.load = options.load
    this.sale = options.sale
    this.#random = options.random
  }

  /** A whole number from `from` to `to`, the same for the same seed. */
  between(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1))
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

  /** A connection to the lane's Redis for the time of some work. */
  async withRedis<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.lane.url('redis'), { maxRetriesPerRequest: 2 })
    redis.on('error', () => {})
    try {
      return await work(redis)
    } finally {
      redis.disconnect()
    }
  }

  /** Tells the buyers which gateways run now. */
  updateGateways(): void {
    this.load.useGateways(this.world.gateways.filter(({ child }) => child.alive).map(({ publicUrl }) => publicUrl))
  }
}
