import { setTimeout as pause } from 'node:timers/promises'
import { type CampaignState, readState } from '../judging/evidence.ts'
import type { Stack } from '../servers/stack.ts'
import { waitFor } from '../wait.ts'
import type { LoadClient, Trick } from './load-client.ts'

export interface PressureOptions {
  readonly campaign: string
  readonly sale: string
  /** buyers at once; each takes one unit for a new user, then rests */
  readonly buyers: number
}

/** A sale of 900 units lasts for seconds at the quick pace, and outlasts any restart at the slow one. */
const restMs = { quick: 60, slow: 600 }

const sampleEveryMs = 400

const tricks: ReadonlyArray<Trick | undefined> = [
  undefined,
  'twice',
  undefined,
  'cut-after-write',
  'replay',
  'cut-mid-answer'
]

/**
 * Buyers who keep coming until they are stopped: load that flows through a fault and after it. They rest between
 * purchases, because at full speed a sale of a test's size is over before a fault can strike.
 */
export class Pressure {
  readonly #client: LoadClient
  readonly #options: PressureOptions
  readonly #loops: Promise<void>[]
  #stopped = false
  #users = 0
  #pace: keyof typeof restMs = 'quick'

  constructor(client: LoadClient, options: PressureOptions) {
    this.#client = client
    this.#options = options
    this.#loops = Array.from({ length: options.buyers }, () => this.#keepBuying())
  }

  /** Slow while a part is away, so that units are left for the moment when it is back. */
  setPace(pace: keyof typeof restMs): void {
    this.#pace = pace
  }

  /** Resolves when the last buyer has their answer. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#loops)
  }

  async #keepBuying(): Promise<void> {
    const { campaign, sale } = this.#options
    while (!this.#stopped) {
      const number = this.#users++
      const wish = { user: `${campaign}-${number}`, key: `${campaign}-key-${number}`, campaign, sale, quantity: 1 }
      await this.#client.buy(wish, tricks[number % tricks.length])
      await pause(restMs[this.#pace])
    }
  }
}

/** Samples of what the admin port says about a campaign; a moment without an answer is left out. */
export class Sampler {
  readonly samples: CampaignState[] = []
  readonly #stack: Pick<Stack, 'places'>
  readonly #campaign: string

  constructor(stack: Pick<Stack, 'places'>, campaign: string) {
    this.#stack = stack
    this.#campaign = campaign
  }

  /** Takes one sample. @returns it, or undefined when the admin port or Redis did not answer */
  async take(): Promise<CampaignState | undefined> {
    try {
      const state = await readState(this.#stack.places(), this.#campaign)
      this.samples.push(state)
      return state
    } catch {
      return undefined
    }
  }

  /** Takes samples again and again until it is over. */
  async takeUntil(over: () => boolean): Promise<void> {
    const tick = async () => {
      await this.take()
      return over()
    }
    await waitFor(tick, { deadlineMs: 1_800_000, everyMs: sampleEveryMs })
  }

  /** All `stock` units are sold and journaled, as far as the gate knows. A wiped Redis tells of no units at all. */
  async isSoldOut(stock: number): Promise<boolean> {
    const state = await this.take()
    if (state === undefined) return false
    const sold = state.sessions.reduce((sum, { held, paid }) => sum + held + paid, 0)
    const left = state.sessions.reduce((sum, { remaining }) => sum + remaining, 0)
    return sold === stock && left === 0 && state.shards.every((shard) => shard.state === 'open' && shard.outbox === 0)
  }

  /** Samples that show more sold than there is, or less than nothing left. */
  impossible(): CampaignState[] {
    return this.samples.filter(({ sessions }) =>
      sessions.some(({ total, remaining, held, paid }) => remaining < 0 || held < 0 || paid < 0 || held + paid > total)
    )
  }
}
