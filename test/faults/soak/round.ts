import { join } from 'node:path'
import type { Difference } from '../../support/judging/promise.ts'
import { type History, now } from '../../support/load/history.ts'
import { Sampler } from '../../support/load/pressure.ts'
import { seededRandom } from '../../support/random.ts'
import { waitFor } from '../../support/wait.ts'
import { confirmsTooLate, firstConfirmationAfter, judgeAtRest } from '../judge/judge.ts'
import { footprintsOf, logsWrong, refusalsLate, settledFootprints } from '../judge/processes.ts'
import { takenPartWrong } from '../judge/taken-part.ts'
import { Load } from '../load/load.ts'
import { lasting } from '../rows/tools.ts'
import { publish } from '../world/requests.ts'
import type { World } from '../world/world.ts'
import { draw, roundCampaign, type Supply, sale, supply, visit } from './campaign.ts'
import { type Fault, faults, type Ground, nextFault } from './faults.ts'
import { OrderChanges } from './order-changes.ts'
import { soakAlarms } from './soak-world.ts'

export interface RoundOptions {
  readonly world: World
  /** of its campaign */
  readonly id: string
  readonly seed: number
  readonly random: () => number
  /** how long faults go on */
  readonly strikeMs: number
  /** those that may strike; all unless said */
  readonly among?: readonly Fault[]
  /** whether bounds of time are judged (true) */
  readonly timed?: boolean
  /** other than that of a soak */
  readonly supply?: Supply
  /** how many strike at least, however long they take (1) */
  readonly least?: number
  /** for the history */
  readonly folder: string
  /** the journal was lost in an earlier round */
  readonly journalLost: boolean
  readonly say: (text: string) => void
}

/** One fault, or two that overlapped; times in ms since 1970. */
export interface Struck {
  readonly kinds: readonly string[]
  readonly what: string
  readonly struckAt: number
  readonly healedAt: number
}

export interface RoundResult {
  readonly id: string
  readonly ms: number
  readonly struck: readonly Struck[]
  readonly history: History
  readonly desk: string
  readonly lagMs: number
  readonly journalLost: boolean
  readonly differences: readonly Difference[]
}

const buyers = 16
/** about 60 decisions a second: after half an hour the shard holds the 100,000 for which 5 s of opening are promised */
const restMs = 400
const closingRestMs = 60
const recoveryMs = 60_000
/** with several shards the last units and prizes come one by one from where they are */
const closingMs = 400_000

/** What happens while a round runs. */
class Round {
  readonly #options: RoundOptions
  readonly #load: Load
  readonly #changes: OrderChanges
  readonly #struck: Struck[] = []
  readonly #found: Difference[] = []
  #journalLost: boolean

  constructor(options: RoundOptions) {
    this.#options = options
    this.#journalLost = options.journalLost
    const { world, id, seed, folder } = options
    this.#load = new Load({
      gateways: this.#gateways(),
      tokenSecret: world.tokenSecret,
      campaign: id,
      sale,
      buyers,
      restMs,
      deadlineMs: 2000,
      patienceMs: 30_000,
      seed,
      everyNthTwo: 5,
      comeBack: true,
      visit,
      historyFile: join(folder, `${id}.jsonl`)
    })
    // dice of its own: how many it throws depends on time, and the faults of a seed must not
    this.#changes = new OrderChanges(world, id, seededRandom(seed))
  }

  get #supply(): Supply {
    return this.#options.supply ?? supply
  }

  #gateways(): string[] {
    return this.#options.world.gateways.filter(({ child }) => child.alive).map(({ publicUrl }) => publicUrl)
  }

  async run(): Promise<RoundResult> {
    const { world, id } = this.#options
    const startedAt = performance.now()
    const before = footprintsOf(world.children)
    const sampler = new Sampler(world, id)
    let over = false
    const sampling = sampler.takeUntil(() => over)
    try {
      await this.#tried('strike', () => this.#strikeAll())
      await this.#tried('sell-out', () => this.#sellOut())
      await this.#load.end()
      const history = this.#load.history()
      const { lagMs } = this.#load
      this.#found.push(...(await this.#judge(history)))
      if (this.#options.timed !== false)
        this.#found.push(...this.#paceWrong(history), ...refusalsLate(history, lagMs, world.resumedAt))
      this.#found.push(...logsWrong(world.children, [], soakAlarms), ...(await settledFootprints(before)))
      for (const { sessions } of sampler.impossible()) this.#found.push({ rule: 'I3', what: JSON.stringify(sessions) })
      const ms = performance.now() - startedAt
      const [struck, differences, journalLost] = [this.#struck, this.#found, this.#journalLost]
      return { id, ms, struck, history, desk: this.#changes.summary, lagMs, journalLost, differences }
    } finally {
      over = true
      await this.#load.end()
      await this.#changes.stop()
      await sampling
    }
  }

  /** A step that fails is a difference like any other: what comes after it may tell why. */
  async #tried(rule: string, step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      this.#found.push({ rule, what: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }

  async #strikeAll(): Promise<void> {
    const { world, random, strikeMs } = this.#options
    await this.#load.flowing(20)
    const between = (from: number, to: number) => from + Math.floor(random() * (to - from + 1))
    const updateGateways = () => this.#load.useGateways(this.#gateways())
    const ground = { world, between, updateGateways }
    const endsAt = performance.now() + strikeMs
    while (performance.now() < endsAt || this.#struck.length < (this.#options.least ?? 1)) {
      await this.#strikeOnce(ground)
      await lasting(between(300, 3000))
    }
  }

  async #strikeOnce(ground: Ground): Promise<void> {
    const { among = faults } = this.#options
    const first = nextFault(among, ground)
    const light = among.filter(({ light }) => light)
    const kinds = first.light && ground.between(0, 2) === 0 ? [first, nextFault(light, ground)] : [first]
    if (kinds.some(({ losesJournal }) => losesJournal)) this.#journalLost = true
    const struckAt = now()
    const whats = await Promise.all(kinds.map((fault) => fault.strike(ground)))
    const what = whats.join(', and ')
    const healedAt = now()
    this.#struck.push({ kinds: kinds.map(({ kind }) => kind), what, struckAt, healedAt })
    const position = await this.#position()
    const ms = await this.#load.confirmsAgain(recoveryMs).catch((error: Error) => {
      throw new Error(`${what}: ${error.message}`)
    })
    // healed is only what is stored again too: else two parts would be away at one moment
    const stored = async () => (await this.#position()) !== position
    await waitFor(stored, { deadlineMs: recoveryMs, what: `frames to be stored after ${what}` })
    const whole = Math.round(now() - healedAt)
    this.#options.say(`  ${what}; confirms after ${Math.round(ms)} ms, stores after ${whole} ms`)
  }

  async #position(): Promise<string> {
    const { rows } = await this.#options.world.pool.query<{ position: string }>(
      "select string_agg(concat_ws('-', position_epoch, position_sequence), ' ' order by shard) as position from shards"
    )
    return rows[0]?.position ?? ''
  }

  /** Everything is paid from now on, until every unit is sold and every prize won. */
  async #sellOut(): Promise<void> {
    const { world, id } = this.#options
    this.#changes.close()
    this.#load.setRest(closingRestMs)
    const { stock, quotas } = this.#supply
    const most = Object.values(quotas).reduce((sum, quota) => sum + quota, 0)
    const done = async () => {
      const { rows } = await world.pool.query<{ paid: number; wins: number }>(
        `select (select coalesce(sum(paid), 0)::int from stock where campaign_id = $1 and activity_id = $2) as paid,
                (select count(*)::int from wins where campaign_id = $1 and activity_id = $3) as wins`,
        [id, sale, draw]
      )
      return rows[0]?.paid === stock && rows[0].wins >= most
    }
    if (this.#found.length === 0) {
      await waitFor(done, {
        deadlineMs: closingMs,
        what: 'every unit to be paid and every prize to be won',
        everyMs: 200
      })
    }
    await this.#load.stop()
    await this.#changes.stop()
    const open = await this.#load.settle()
    if (open !== '') this.#found.push({ rule: 'I7', what: open })
  }

  #judge(history: History): Promise<Difference[]> {
    const { world, id } = this.#options
    const { stock, quotas } = this.#supply
    const sales = { [sale]: { unitsPerUser: 2, sessions: { now: { stock, soldOut: true } } } }
    const promise = { campaign: id, sales, afterFault: true }
    const more = async () => [
      ...(await takenPartWrong(world, history, { campaign: id, draw, quotas, exhausted: true })),
      ...(await this.#changes.wrong())
    ]
    return judgeAtRest({ world, promise, planted: 0, journalLost: this.#journalLost, more }, history)
  }

  /** I11: the first confirmation comes soon after each heal. */
  #paceWrong(history: History): Difference[] {
    return this.#struck.flatMap(({ what, healedAt }) => {
      const ms = firstConfirmationAfter(history, healedAt)
      if (!confirmsTooLate(ms, this.#load.lagMs)) return []
      return [{ rule: 'I11', what: `${what}: the first confirmation came ${Math.round(ms)} ms after the heal` }]
    })
  }
}

/** One round of the soak: a campaign opens, faults strike while it sells out and is drawn, and everything is judged at rest. */
export async function playRound(options: RoundOptions): Promise<RoundResult> {
  await publish(options.world, roundCampaign(options.id, options.supply))
  return new Round(options).run()
}
