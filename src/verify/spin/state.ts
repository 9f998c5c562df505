import { LENT, RECEIVED } from '../../record/decisions.ts'
import { creditOf, drawCounters, userField } from '../../record/fields.ts'
import { logical, scopeKey, userOfKey } from '../../record/keys.ts'
import { movesOf } from '../../record/reports/moves.ts'
import { mustBe } from '../difference.ts'
import type { JournalBalances, JournalLine } from '../journal-line.ts'
import { type GivingFrame, Supply } from '../supply.ts'
import { readSpinRules, type SpinRules } from './rules.ts'

/** What the draw looks at of a user. */
export interface Spinner {
  /** counters by field: they move at the decision */
  readonly counts: Map<string, number>
  /** values by field */
  readonly texts: Map<string, string>
  /** balances by field: what is given to them is usable once journaled */
  readonly balances: Map<string, Supply>
  /** wins that were taken back, by counter: they leave it once journaled */
  readonly freed: Map<string, Supply>
}

/** The quota of a prize. */
interface Quota {
  readonly remaining: Supply
  /** what the shard was given, without what came and went by loan */
  readonly own: Supply
  readonly received: Supply
  lent: number
  /** prizes given and not taken back */
  paid: number
}

export interface DrawPlace {
  readonly campaign: string
  readonly draw: string
}

interface KnownWin {
  readonly user: string
  readonly prize: string
  revoked: boolean
}

/** What the fields of a quota tell of. */
const suppliesBy: Readonly<Record<string, 'remaining' | 'own' | 'received'>> = {
  remaining: 'remaining',
  total: 'own',
  received: 'received'
}

const isLoan = (type: string) => type === LENT || type === RECEIVED

type Numbers = Readonly<Record<string, number>>
type Texts = Readonly<Record<string, string>>

/** Everything that decides a draw's spins, as the journal has it: one fold, decision by decision. */
export class DrawState {
  /** the draw's last number */
  chain = ''
  /** wins of this draw by entity */
  readonly wins = new Map<string, KnownWin>()
  readonly #names: {
    readonly id: string
    readonly pools: string
    readonly campaign: string
    readonly draw: string
    readonly stock: string
  }
  readonly #counted: (field: string) => boolean
  readonly #kept: ReadonlySet<string>
  readonly #wins: string
  readonly #campaign = new Map<string, string>()
  readonly #draw = new Map<string, string>()
  readonly #quotas = new Map<string, Quota>()
  /** by key of the pool */
  readonly #codes = new Map<string, Supply>()
  readonly #users = new Map<string, Spinner>()
  #rules: SpinRules | undefined
  #frames: GivingFrame[] = []

  constructor({ campaign, draw }: DrawPlace) {
    this.#names = {
      id: campaign,
      pools: logical.pool(campaign, ''),
      campaign: logical.campaign(campaign),
      draw: logical.activity(campaign, draw),
      stock: logical.stock(campaign, draw)
    }
    this.#counted = drawCounters(campaign, draw)
    const { disqualified, chancesKept, doubler, drawn, losses, wins } = userField
    const ofDraw = [chancesKept, losses, drawn].map((field) => field(campaign, draw))
    this.#kept = new Set([disqualified(campaign), doubler(campaign), ...ofDraw])
    this.#wins = wins(campaign, draw)
  }

  /** Logical key of the draw's stock. */
  get stock(): string {
    return this.#names.stock
  }

  /** The rules in force. @throws RulesError when the journal holds none that can be read */
  get rules(): SpinRules {
    this.#rules ??= readSpinRules(this.#campaign, this.#draw)
    return this.#rules
  }

  /** A new epoch: recovery wrote everything that was journaled into Redis. */
  begin(): void {
    for (const frame of this.#frames) frame.settled = true
    this.#frames = []
  }

  user(id: string): Spinner {
    const known = this.#users.get(id)
    if (known) return known
    const fresh: Spinner = { counts: new Map(), texts: new Map(), balances: new Map(), freed: new Map() }
    this.#users.set(id, fresh)
    return fresh
  }

  quota(prize: string): Quota {
    const known = this.#quotas.get(prize)
    if (known) return known
    const fresh: Quota = { remaining: new Supply(), own: new Supply(), received: new Supply(), lent: 0, paid: 0 }
    this.#quotas.set(prize, fresh)
    return fresh
  }

  /** Codes of a pool of the campaign that are left. */
  codes(pool: string): Supply {
    return supplyIn(this.#codes, logical.pool(this.#names.id, pool))
  }

  balance(user: string, field: string): Supply {
    return supplyIn(this.user(user).balances, field)
  }

  /** Takes in what a user had before: it was usable long before the first spin, which came after the publication of its draw. */
  hold({ user, before }: JournalBalances): void {
    for (const [field, held] of Object.entries(before)) this.balance(user, field).take(-held)
  }

  /** Takes in what a decision took, gave and wrote. @throws Difference when it took more than there was */
  apply(line: JournalLine): void {
    for (const [scope, deltas] of Object.entries(line.adds)) {
      const key = scopeKey(scope, line)
      if (key === this.#names.stock) this.#moveStock(line, deltas)
      else if (key.startsWith(this.#names.pools)) this.#moveCodes(line, key, deltas)
      else {
        const user = userOfKey(key)
        if (user !== undefined) this.#moveUser(line, user, deltas)
      }
    }
    for (const [scope, values] of Object.entries(line.puts)) this.#write(scopeKey(scope, line), values, line.batch)
  }

  #write(key: string, values: Texts, batch: number): void {
    if (key === this.#names.campaign || key === this.#names.draw) {
      const fields = key === this.#names.campaign ? this.#campaign : this.#draw
      // a publication opens a campaign only once it has read the whole stock back from Redis
      if (fields.get('ready') === '0' && values.ready === '1') {
        for (const { remaining } of this.#quotas.values()) remaining.reached(remaining.most(batch), batch)
      }
      for (const [field, value] of Object.entries(values)) fields.set(field, value)
      this.#rules = undefined
    } else if (key === this.#names.stock) {
      this.chain = values.chain ?? this.chain
    } else {
      const user = userOfKey(key)
      for (const [field, value] of Object.entries(user === undefined ? {} : values)) {
        if (this.#kept.has(field)) this.user(user ?? '').texts.set(field, value)
      }
    }
  }

  #moveCodes(line: JournalLine, key: string, deltas: Numbers): void {
    const delta = deltas['codes:remaining'] ?? 0
    const moved = { gave: Math.max(0, delta), took: Math.max(0, -delta), name: `codes:remaining of ${key}` }
    this.#move(supplyIn(this.#codes, key), line, moved)
  }

  #moveStock(line: JournalLine, deltas: Numbers): void {
    for (const [name, delta] of Object.entries(deltas)) {
      const colon = name.lastIndexOf(':')
      const quota = this.quota(name.slice(0, colon))
      const field = name.slice(colon + 1)
      if (field === 'paid' || field === 'lent') quota[field] += delta
      const supply = suppliesBy[field]
      if (supply === undefined || (supply === 'own' && isLoan(line.type))) continue
      this.#move(quota[supply], line, { gave: Math.max(0, delta), took: Math.max(0, -delta), name })
    }
  }

  #moveUser(line: JournalLine, id: string, deltas: Numbers): void {
    const moves = movesOf(line.report)
    for (const [field, delta] of Object.entries(deltas)) {
      const credit = creditOf(field)
      if (credit !== undefined) {
        const gains = moves.filter((move) => move.unit === credit.unit && move.delta > 0)
        const gave = gains.length > 0 ? gains.reduce((sum, move) => sum + move.delta, 0) : Math.max(0, delta)
        this.#move(this.balance(id, field), line, { gave, took: gave - delta, name: `${field} of ${id}` })
      } else if (delta < 0 && `${field}/`.startsWith(`${this.#wins}/`)) {
        supplyIn(this.user(id).freed, field).give(this.#frameOf(line), -delta)
      } else if (this.#counted(field)) {
        const { counts } = this.user(id)
        counts.set(field, (counts.get(field) ?? 0) + delta)
      }
    }
  }

  /** Takes at once and gives once its frame is settled. */
  #move(supply: Supply, line: JournalLine, moved: { gave: number; took: number; name: string }): void {
    const { gave, took, name } = moved
    supply.take(took)
    if (took > 0) {
      const left = supply.most(line.batch)
      mustBe(left >= 0, `${name} after it`, { expected: 'nothing below zero', found: left })
    }
    if (gave > 0) supply.give(this.#frameOf(line), gave)
  }

  #frameOf({ batch, at }: JournalLine): GivingFrame {
    const last = this.#frames.at(-1)
    if (last?.batch === batch) return last
    const frame = { batch, at: Date.parse(at), settled: false }
    this.#frames.push(frame)
    return frame
  }
}

function supplyIn(supplies: Map<string, Supply>, field: string): Supply {
  const known = supplies.get(field)
  if (known) return known
  const fresh = new Supply()
  supplies.set(field, fresh)
  return fresh
}
