import { costField, type FairSetup, type Give } from './setup.ts'

const DAY = 86_400_000

/** A user as the model keeps it: numbers by the names of their fields in Redis, records without the frame that wrote them. */
export class ModelUser {
  readonly numbers = new Map<string, number>()
  readonly records = new Map<string, string>()
  /** records written in this round: a command that needs one waits */
  readonly touched = new Set<string>()
  /** decisions of this round */
  readonly fresh = new Set<string>()

  get(field: string): number {
    return this.numbers.get(field) ?? 0
  }

  add(field: string, delta: number): void {
    this.numbers.set(field, this.get(field) + delta)
  }
}

/** The number of the local day of a moment in the zone of a campaign. */
export function dayOf({ zone }: Pick<FairSetup, 'zone'>, at: number): number {
  const offset = zone.findLast(({ from }) => from <= at) ?? zone[0]
  return Math.floor((at + (offset?.minutes ?? 0) * 60_000) / DAY)
}

interface DealParts {
  readonly setup: FairSetup
  readonly user: ModelUser
  readonly stock: Map<string, number>
  readonly now: number
  /** local day that it counts for */
  readonly day: number
  /** `<epoch>-<sequence>` that the decision will have */
  readonly entity: string
}

/** What one decision takes and gives, before it is made: nothing of it is seen until `apply`. */
export class Deal {
  readonly setup: FairSetup
  readonly user: ModelUser
  readonly stock: Map<string, number>
  readonly now: number
  readonly day: number
  readonly entity: string
  readonly given: Array<{ unit: string; field: string; amount: number }> = []
  readonly #adds = new Map<string, number>()
  readonly #gives = new Map<string, number>()
  readonly #puts = new Map<string, string>()
  readonly #taken = new Map<string, number>()
  facts = ''
  moves = ''
  capped = ''
  /** of the card that multiplied what was given */
  factor = 1

  constructor({ setup, user, stock, now, day, entity }: DealParts) {
    this.setup = setup
    this.user = user
    this.stock = stock
    this.now = now
    this.day = day
    this.entity = entity
  }

  add(field: string, delta: number): void {
    this.#adds.set(field, (this.#adds.get(field) ?? 0) + delta)
  }

  give(field: string, delta: number): void {
    this.#gives.set(field, (this.#gives.get(field) ?? 0) + delta)
  }

  put(field: string, value: string): void {
    this.#puts.set(field, value)
  }

  /** Moves units of `<activity>/<name>` from remaining to paid; negative: back, usable once journaled. */
  take(name: string, units: number): void {
    this.#taken.set(name, units)
  }

  left(name: string): number {
    return this.stock.get(`${name}:remaining`) ?? 0
  }

  move(unit: string, delta: number, balance: number): void {
    this.moves += `|${unit} ${delta} ${balance}`
  }

  /** The user's number as this decision has changed it so far. */
  here(field: string): number {
    return this.user.get(field) + (this.#adds.get(field) ?? 0)
  }

  /** Counts a participation. */
  count(activity: string, quantity: number, byDay: boolean): void {
    const { campaign } = this.setup
    this.add(`n:${campaign}/${activity}`, quantity)
    if (byDay) this.add(`n:${campaign}/${activity}@${this.day}`, 1)
    if (!this.user.numbers.has(`n:${campaign}`)) this.add(`n:${campaign}`, 0)
  }

  reward(reward: readonly Give[], factor = 1): void {
    for (const give of reward) {
      if (give.multiplied && give.hours === undefined) this.factor = factor
      if (give.hours === undefined) this.#credit(give, give.multiplied ? give.amount * factor : give.amount)
      else this.#card(give, give.hours)
    }
  }

  #card({ unit, field, amount, activities = [] }: Give, hours: number): void {
    const until = this.now + hours * 3_600_000
    const held = (this.#puts.get(field) ?? this.user.records.get(field) ?? '').split(',')
    const own = `${until};${amount};${activities.join('+')};@${this.entity}`
    // at most twenty, the oldest goes
    const cards = [...held.filter((card) => Number(card.split(';')[0]) > this.now), own].slice(-20)
    this.put(field, cards.join())
    this.move(unit, amount, until)
    this.given.push({ unit, field, amount })
  }

  #credit({ unit, field, cap }: Give, wanted: number): void {
    const counter = `cx${field.slice(2)}@${this.day}`
    const credited = cap > 0 ? Math.min(wanted, Math.max(0, cap - this.here(counter))) : wanted
    if (credited < wanted) this.capped = unit
    if (cap > 0 && credited > 0) this.add(counter, credited)
    this.give(field, credited)
    this.move(unit, credited, this.here(field) + (this.#gives.get(field) ?? 0))
    this.given.push({ unit, field, amount: credited })
  }

  /** Pays for a spin: chances of the day first. @returns what is left of them, '' where there are none, or a refusal */
  pay(): string | 'INSUFFICIENT_BALANCE' {
    const { draw } = this.setup
    let left = 0
    if (draw.daily > 0) {
      left = Math.max(0, this.#carried() + draw.daily - this.user.get(this.#spinsOf(this.day)))
      if (left > 0) return String(left - 1)
    }
    const field = costField(this.setup)
    const balance = this.user.get(field)
    if (draw.cost === 0 && draw.daily === 0) return ''
    if (draw.cost === 0 || balance < draw.cost) return 'INSUFFICIENT_BALANCE'
    this.add(field, -draw.cost)
    this.move(draw.unit === 'points' ? 'points' : 'chances:wheel', -draw.cost, balance - draw.cost)
    return draw.daily > 0 ? '0' : ''
  }

  #spinsOf(day: number): string {
    return `n:${this.setup.campaign}/wheel@${day}`
  }

  #carried(): number {
    const { draw, campaign } = this.setup
    if (!draw.keep) return 0
    const field = `dk:${campaign}/wheel`
    const [day, kept] = (this.user.records.get(field) ?? '').split(';').map(Number)
    if (day === this.day) return kept ?? 0
    const left = day ? Math.max(0, (kept ?? 0) + draw.daily - this.user.get(this.#spinsOf(day))) : 0
    const first = day ? day + 1 : dayOf(this.setup, this.setup.opensAt)
    const carried = Math.min(left + (this.day - first) * draw.daily, 30 * draw.daily)
    this.put(field, `${this.day};${carried}`)
    return carried
  }

  /** Makes the decision. @returns what settling its frame does */
  apply(): () => void {
    const { user, stock } = this
    const move = (field: string, units: number) => stock.set(field, (stock.get(field) ?? 0) + units)
    for (const [field, delta] of this.#adds) user.add(field, delta)
    user.add('d', 1)
    user.fresh.add(this.entity)
    for (const [field, value] of this.#puts) {
      user.records.set(field, value)
      user.touched.add(field)
    }
    for (const [name, units] of this.#taken) {
      move(`${name}:paid`, units)
      if (units > 0) move(`${name}:remaining`, -units)
    }
    return () => {
      for (const [field, delta] of this.#gives) if (delta !== 0) user.add(field, delta)
      for (const [name, units] of this.#taken) if (units < 0) move(`${name}:remaining`, -units)
    }
  }
}
