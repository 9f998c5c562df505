import { statusOf, YOUNG_MS } from '../../campaign/carrying/catalogue.ts'
import { stockWordOf } from '../../campaign/definition/stock.ts'
import { turnEvent } from '../../events/moment.ts'
import {
  noteTurns,
  noteTurnTold,
  type StockTurn,
  turnedStock,
  type UntoldTurn,
  untoldTurns
} from '../../store/campaigns/sold-out.ts'
import { publishEvents } from './publish-events.ts'
import type { OwnEventsParts } from './tell-moments.ts'

const nameOf = ({ campaign, activity, item, turn }: StockTurn) => [campaign, activity, item, turn].join('/')

/**
 * Tells that units ran out on all shards, and that some are there again: `activity.soldout` and `activity.reopened`. A turn is noted first and
 * told then, under an id of its own, so it may be killed at any point; what turned twice between two looks did not turn.
 */
export class StockTeller {
  readonly #parts: OwnEventsParts
  readonly #now: () => number
  /** ran out at the last look */
  #seen: ReadonlySet<string> = new Set()

  constructor(parts: OwnEventsParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
  }

  /** @returns how many turned @throws what Postgres throws; NATS that is away is asked again later */
  async step(): Promise<number> {
    const { pool, catalogue } = this.#parts
    await this.#tell(await untoldTurns(pool))
    await catalogue.refresh(YOUNG_MS)
    const turned = (await turnedStock(pool)).filter((turn) => this.#isOpen(turn))
    // units that go from one shard to another are in none of them for a moment
    const sure = turned.filter((turn) => !turn.isOut || this.#seen.has(nameOf(turn)))
    this.#seen = new Set(turned.map(nameOf))
    if (sure.length === 0) return turned.length
    await noteTurns(pool, sure)
    await this.#tell(await untoldTurns(pool))
    return turned.length
  }

  /** What comes back once a session is over can be had by nobody. */
  #isOpen({ campaign, activity, item }: StockTurn): boolean {
    const found = this.#parts.catalogue.findActivity(campaign, activity)
    const now = this.#now()
    if (found === undefined || !['published', 'running', 'paused'].includes(statusOf(found.campaign, now))) return false
    const session = found.activity.sessions.find(({ id }) => id === item)
    return session === undefined || now < session.closesAt
  }

  async #tell(turns: readonly UntoldTurn[]): Promise<void> {
    const { pool, publisher, names, catalogue } = this.#parts
    const events = turns.map((turn) => {
      const found = catalogue.findActivity(turn.campaign, turn.activity)
      const of = found === undefined ? 'session' : stockWordOf(found.activity, turn.item)
      return turnEvent(names, { ...turn, of, at: turn.at.getTime() })
    })
    const { stored } = await publishEvents(publisher, events)
    for (const turn of turns.slice(0, stored)) await noteTurnTold(pool, turn)
  }
}
