import type { Bugs } from '../bugs.ts'
import { batchOf, comparePlaces, type Decision, entryOf, epochOf, type Frame } from './frame.ts'
import { campaigns, LIMITS, stockKey } from './gate/gate-state.ts'
import {
  type Closable,
  emptyState,
  type OpeningRow,
  type OrderRow,
  type Position,
  type StoredDecision,
  type TablesState
} from './rows.ts'

/** A frame, and where in the journal it was read. */
export interface ReadFrame {
  readonly frame: Frame
  readonly stream: Position
}

interface TablesOptions {
  readonly bugs: Bugs
  readonly violated: (what: string) => void
  readonly clock: () => number
  /** two decisions of one key are at least this far apart */
  readonly apartMs: number
}

/** The tables beside the shard's row; the checks are those of the migrations, per decision in the order of the journal. */
export class Tables {
  state: TablesState = emptyState()
  readonly #options: TablesOptions

  constructor(options: TablesOptions) {
    this.#options = options
  }

  /** The last epoch that is known to have been opened. */
  get newestOpened(): number {
    let newest = 0
    for (const [epoch, { token }] of this.state.openings) if (token !== undefined) newest = Math.max(newest, epoch)
    return newest
  }

  /** Inserts frames that are not there yet, with all they lead to. */
  project(read: readonly ReadFrame[]): void {
    const { bugs } = this.#options
    const { frames, everFrames, deadLetters } = this.state
    for (const { frame, stream } of read) {
      const entry = entryOf(frame)
      const known = frames.has(entry) || this.#isPassed(entry)
      if (known && !bugs.has('no-frame-dedupe')) continue
      // it was void when a later epoch opened
      if (!known && frame.epoch < this.newestOpened && !bugs.has('late-frames-believed')) {
        deadLetters.add(entry)
        continue
      }
      frames.set(entry, { decisions: frame.decisions.length, stream })
      everFrames.add(entry)
      for (const decision of frame.decisions) this.#insert({ ...decision, epoch: frame.epoch, entry, at: frame.at })
    }
  }

  /** Is it one of those whose rows may be gone? */
  #isPassed(entry: string): boolean {
    if (this.#options.bugs.has('copies-by-row')) return false
    return batchOf(entry) <= (this.state.openings.get(epochOf(entry))?.complete ?? 0)
  }

  hasFrame(entry: string): boolean {
    return this.state.frames.has(entry) || this.#isPassed(entry)
  }

  count(key: string, field: string): number {
    return this.state.counters.get(key)?.get(field) ?? 0
  }

  #insert(decision: StoredDecision): void {
    const { violated, apartMs, bugs, clock } = this.#options
    const { decisions, keys } = this.state
    const { user, key, at } = decision
    const id = `${decision.epoch}-${decision.seq}`
    const earlier = keys.get(`${user} ${key}`) ?? []
    if (!bugs.has('no-frame-dedupe')) {
      if (this.has(id)) violated(`I2: a second decision ${id}, by frame ${decision.entry}`)
      if (earlier.some((other) => Math.abs(other.at - at) < apartMs)) {
        violated(`I2: a second decision of ${user} under ${key}: ${id}`)
      }
    }
    keys.set(`${user} ${key}`, [...earlier, { id, at }])
    decisions.set(id, decision)
    for (const [name, deltas] of Object.entries(decision.add)) {
      for (const [field, delta] of Object.entries(deltas)) this.#addTo(name, field, delta)
    }
    this.#check(id, decision)
    this.#follow(id, decision, clock())
  }

  has(id: string): boolean {
    return this.state.decisions.has(id) || this.state.moved.has(id)
  }

  #addTo(name: string, field: string, delta: number): void {
    const { counters } = this.state
    const fields = counters.get(name) ?? new Map<string, number>()
    counters.set(name, fields)
    fields.set(field, (fields.get(field) ?? 0) + delta)
  }

  #check(id: string, { add }: Decision): void {
    const { violated } = this.#options
    for (const [name, deltas] of Object.entries(add)) {
      for (const field of Object.keys(deltas)) {
        const value = this.count(name, field)
        if (value < 0) violated(`I3: ${name} ${field} is ${value} after ${id}`)
        if (field.startsWith('n:') && value > LIMITS.unitsPerUser) {
          violated(`I8: ${name} has ${value} units after ${id}`)
        }
      }
    }
    for (const stock of campaigns.map(stockKey)) {
      const sum = ['remaining', 'held', 'paid'].reduce((total, field) => total + this.count(stock, field), 0)
      if (sum !== this.count(stock, 'total')) violated(`I4: total is not remaining + held + paid after ${id}`)
    }
  }

  #follow(id: string, decision: Decision, now: number): void {
    const { type, user, campaign, creditTo, cause = '' } = decision
    const { orders, due, intents } = this.state
    const close = (row: Closable | undefined) => {
      if (!row) return
      row.closed = true
      row.closedAt = now
    }
    if (type === 'accepted') orders.set(id, { user, campaign, status: type, closed: false, closedAt: 0 })
    else if (decision.order !== undefined) close(this.#move(decision.order, type))
    if (creditTo !== undefined) due.set(id, { user: creditTo, campaign, closed: false, closedAt: 0 })
    if (type === 'credited') {
      if (!due.has(cause)) this.#options.violated(`credit ${id} has no cause`)
      if (due.get(cause)?.closed) this.#options.violated(`I2: ${id} is a second credit for ${cause}`)
      close(due.get(cause))
    }
    if (type === 'adjusted' || type === 'ended' || type === 'final') {
      if (intents.get(cause)?.closed) this.#options.violated(`I2: ${id} carries ${cause} out a second time`)
      close(intents.get(cause))
    }
    if (type === 'archived') this.#setAside(decision)
  }

  /** @returns the order once it can move no more */
  #move(order: string, type: Decision['type']): OrderRow | undefined {
    const row = this.state.orders.get(order)
    const { violated } = this.#options
    if (!row) {
      violated(`order ${order} is ${type} and is not there`)
    } else if (type === 'refund-due') {
      if (row.status === 'accepted') violated(`the money of order ${order} is due back while it can be paid`)
      if (row.status === 'paid') violated(`the money of order ${order} is due back and it was paid with it`)
      if (row.status === type) violated(`the money of order ${order} is due back twice`)
      row.status = type
    } else if (row.status !== 'accepted') violated(`order ${order} is ${type} after it was ${row.status}`)
    else row.status = type
    return row
  }

  /** The rows of an archived campaign: they are no part of what Redis should hold any more. */
  #setAside({ campaign, del = {}, last = false }: Decision): void {
    const { counters, archived } = this.state
    for (const [key, fields] of Object.entries(del)) {
      if (fields.includes('*')) counters.delete(key)
      else for (const field of fields) counters.get(key)?.delete(field)
    }
    if (last) archived.add(campaign)
  }

  /** The row of an opening, made where it is missing. */
  name(epoch: number): OpeningRow {
    const known = this.state.openings.get(epoch)
    const row = known ?? {
      created: false,
      last: undefined,
      deleted: false,
      token: undefined,
      complete: 0,
      completeSeq: 0
    }
    this.state.openings.set(epoch, row)
    return row
  }

  /** The last batch of an epoch, where all before it are there as well; undefined where there is a hole. */
  wholeUpTo(epoch: number): number | undefined {
    const complete = this.state.openings.get(epoch)?.complete ?? 0
    const behind = [...this.state.frames.keys()].filter(
      (entry) => epochOf(entry) === epoch && batchOf(entry) > complete
    )
    const last = Math.max(complete, ...behind.map(batchOf))
    return last - complete === behind.length ? last : undefined
  }

  /** Are all frames of an opening there up to this one? Later ones may be, too. */
  isWholeUpTo(epoch: number, batch: number): boolean {
    const complete = this.state.openings.get(epoch)?.complete ?? 0
    const behind = [...this.state.frames.keys()].filter(
      (entry) => epochOf(entry) === epoch && batchOf(entry) > complete && batchOf(entry) <= batch
    )
    return batch <= complete || batch - complete === behind.length
  }

  /** Decisions that are there, in their order. */
  inOrder(): StoredDecision[] {
    return [...this.state.decisions.values()].sort(comparePlaces)
  }

  /** All decisions there ever were, in their order. */
  everInOrder(): StoredDecision[] {
    return [...this.state.moved.values(), ...this.state.decisions.values()].sort(comparePlaces)
  }

  /** Epochs of the openings whose streams should exist, oldest first. */
  liveOpenings(below: number): number[] {
    return [...this.state.openings]
      .filter(([epoch, { deleted }]) => epoch < below && !deleted)
      .map(([epoch]) => epoch)
      .sort((a, b) => a - b)
  }

  /** What a backup holds. */
  copy(): TablesState {
    return structuredClone(this.state)
  }

  /** @param copy is not used again */
  goBack(copy: TablesState): void {
    this.state = copy
  }
}
