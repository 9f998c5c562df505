import type { Bugs } from '../bugs.ts'
import { type Decision, entryOf, epochOf, type Frame } from './frame.ts'
import { LIMITS, type Opening, STOCK } from './gate-script.ts'

/** A place in the journal: the stream of an epoch and a sequence in it. */
export interface Position {
  readonly epoch: number
  readonly sequence: number
}

/** The row of the shard: who may write. */
export interface ShardRow {
  epoch: number
  state: 'closed' | 'open'
  opening: Opening
  term: number
  position: Position
}

export interface StoredDecision extends Decision {
  readonly epoch: number
  readonly entry: string
}

export function isBefore(a: Position, b: Position): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.sequence < b.sequence)
}

/** The tables beside the shard's row; the checks are those of the migrations, per decision in the order of the journal. */
export class Tables {
  readonly openings = new Map<number, { created: boolean; last: number | undefined; deleted: boolean }>()
  readonly frames = new Set<string>()
  /** by `<epoch>-<sequence>`, in the order of the journal */
  readonly decisions = new Map<string, StoredDecision>()
  readonly counters = new Map<string, Map<string, number>>()
  readonly orders = new Map<string, { readonly user: string; status: string }>()
  /** credits that are due, by their cause */
  readonly due = new Map<string, { readonly user: string; closed: boolean }>()
  /** adjustments that operators asked for */
  readonly intents = new Map<string, { readonly delta: number; closed: boolean }>()
  readonly deadLetters: string[] = []
  eventsPlace: Position | undefined
  readonly #keys = new Set<string>()
  readonly #bugs: Bugs
  readonly #violated: (what: string) => void

  constructor(bugs: Bugs, violated: (what: string) => void) {
    this.#bugs = bugs
    this.#violated = violated
  }

  /** Inserts frames that are not there yet, with all they lead to. */
  project(frames: readonly Frame[]): void {
    for (const frame of frames) {
      const entry = entryOf(frame)
      const known = this.frames.has(entry)
      this.frames.add(entry)
      if (known && !this.#bugs.has('no-frame-dedupe')) continue
      for (const decision of frame.decisions) this.#insert(frame.epoch, entry, decision)
    }
  }

  count(key: string, field: string): number {
    return this.counters.get(key)?.get(field) ?? 0
  }

  #insert(epoch: number, entry: string, decision: Decision): void {
    const id = `${epoch}-${decision.seq}`
    const { user, key } = decision
    if (!this.#bugs.has('no-frame-dedupe')) {
      if (this.decisions.has(id)) this.#violated(`I2: a second decision ${id}, by frame ${entry}`)
      if (this.#keys.has(`${user} ${key}`)) this.#violated(`I2: a second decision of ${user} under ${key}: ${id}`)
    }
    this.#keys.add(`${user} ${key}`)
    this.decisions.set(id, { ...decision, epoch, entry })
    for (const [name, deltas] of Object.entries(decision.add)) {
      for (const [field, delta] of Object.entries(deltas)) this.#addTo(name, field, delta)
    }
    this.#check(id, decision)
    this.#follow(id, decision)
  }

  #addTo(name: string, field: string, delta: number): void {
    const counters = this.counters.get(name) ?? new Map<string, number>()
    this.counters.set(name, counters)
    counters.set(field, (counters.get(field) ?? 0) + delta)
  }

  #check(id: string, { add }: Decision): void {
    for (const [name, deltas] of Object.entries(add)) {
      for (const field of Object.keys(deltas)) {
        const value = this.count(name, field)
        if (value < 0) this.#violated(`I3: ${name} ${field} is ${value} after ${id}`)
        if (field === 'n' && value > LIMITS.unitsPerUser) this.#violated(`I8: ${name} has ${value} units after ${id}`)
      }
    }
    const sum = ['remaining', 'held', 'paid'].reduce((total, field) => total + this.count(STOCK, field), 0)
    if (sum !== this.count(STOCK, 'total')) this.#violated(`I4: total is not remaining + held + paid after ${id}`)
  }

  #follow(id: string, { type, user, order, creditTo, cause }: Decision): void {
    if (type === 'accepted') this.orders.set(id, { user, status: type })
    else if (order !== undefined) {
      const row = this.orders.get(order)
      if (!row) this.#violated(`order ${order} is ${type} and is not there`)
      else if (type === 'refund-due') {
        if (row.status === 'accepted') this.#violated(`the money of order ${order} is due back while it can be paid`)
      } else if (row.status !== 'accepted') this.#violated(`order ${order} is ${type} after it was ${row.status}`)
      else row.status = type
    }
    if (creditTo !== undefined) this.due.set(id, { user: creditTo, closed: false })
    const due = type === 'credited' ? this.due.get(cause ?? '') : undefined
    if (type === 'credited' && due === undefined) this.#violated(`credit ${id} has no cause`)
    if (due) due.closed = true
    const intent = type === 'adjusted' ? this.intents.get(cause ?? '') : undefined
    if (intent) intent.closed = true
  }

  /** Decisions in the order of the journal. */
  inOrder(): StoredDecision[] {
    return [...this.decisions.values()].sort((a, b) => a.epoch - b.epoch || a.seq - b.seq)
  }

  /** Fields of hashes by key, as decisions in order fold to them: sums of deltas as numbers, last values as strings. */
  fold(decisions: readonly StoredDecision[] = this.inOrder()): Map<string, Map<string, number | string>> {
    const hashes = new Map<string, Map<string, number | string>>()
    const hash = (key: string) => {
      const known = hashes.get(key) ?? new Map<string, number | string>()
      hashes.set(key, known)
      return known
    }
    for (const decision of decisions) {
      for (const [key, deltas] of Object.entries(decision.add)) {
        const fields = hash(key)
        for (const [field, delta] of Object.entries(deltas)) fields.set(field, Number(fields.get(field) ?? 0) + delta)
      }
      const user = hash(`u:${decision.user}`)
      user.set(decision.key, `${decision.hash};${decision.epoch}-${decision.seq};${decision.entry}`)
      if (decision.order !== undefined) user.set(`o:${decision.order}`, decision.record ?? '')
    }
    return hashes
  }

  /** Epochs of the openings whose streams should exist, oldest first. */
  liveOpenings(below: number): number[] {
    return [...this.openings]
      .filter(([epoch, { deleted }]) => epoch < below && !deleted)
      .map(([epoch]) => epoch)
      .sort((a, b) => a - b)
  }

  hasFrame(entry: string): boolean {
    return this.frames.has(entry)
  }

  /** frames of an epoch that are stored */
  framesOf(epoch: number): string[] {
    return [...this.frames].filter((entry) => epochOf(entry) === epoch)
  }
}
