import type { JournalLine } from '../../../src/verify/journal-line.ts'

type Scopes<V> = Record<string, Record<string, V>>

/** What a command decides; the other fields of its line follow from its place in the journal. */
export type ToyDecision = Pick<JournalLine, 'type' | 'user'> &
  Partial<Pick<JournalLine, 'key' | 'activity' | 'entity' | 'report' | 'record'>> & {
    readonly adds?: Scopes<number>
    readonly puts?: Scopes<string>
  }

interface ToyFrame {
  readonly batch: number
  readonly lines: JournalLine[]
  readonly gives: Array<[key: string, field: string, delta: number]>
  journaled: boolean
  settled: boolean
}

/** Redis and the journal of the toy gate: takes count at once, gives when their frame is settled, lost frames never were. */
export class ToyStore {
  epoch = 7
  sequence = 0
  /** ms since 1970 */
  now: number
  #batch = 0
  #keys = 0
  #frame: ToyFrame | undefined
  #outbox: ToyFrame[] = []
  #journal: JournalLine[] = []
  #numbers = new Map<string, number>()
  #texts = new Map<string, string>()

  constructor(now: number) {
    this.now = now
  }

  /** `<epoch>-<batch>` */
  get place(): string {
    return `${this.epoch}-${this.#batch}`
  }

  has(key: string, field: string): boolean {
    return this.#numbers.has(`${key} ${field}`)
  }

  number(key: string, field: string): number {
    return this.#numbers.get(`${key} ${field}`) ?? 0
  }

  text(key: string, field: string): string | undefined {
    return this.#texts.get(`${key} ${field}`)
  }

  /** Fields of a key that begin like this. */
  fields(key: string, prefix: string): Array<[field: string, value: string]> {
    return [...this.#texts]
      .filter(([name]) => name.startsWith(`${key} ${prefix}`))
      .map(([name, value]) => [name.slice(key.length + 1), value])
  }

  bump(key: string, field: string, delta: number): void {
    this.#numbers.set(`${key} ${field}`, this.number(key, field) + delta)
  }

  put(key: string, field: string, value: string): void {
    this.#texts.set(`${key} ${field}`, value)
  }

  give(key: string, field: string, delta: number): void {
    this.#frame?.gives.push([key, field, delta])
  }

  nextKey(): string {
    this.#keys += 1
    return `key-${this.#keys}`
  }

  batch(work: () => void): void {
    this.#batch += 1
    const frame = { batch: this.#batch, lines: [], gives: [], journaled: false, settled: false }
    this.#frame = frame
    work()
    if (frame.lines.length === 0) this.#batch -= 1
    else this.#outbox.push(frame)
  }

  decide(decision: ToyDecision): void {
    this.sequence += 1
    this.#frame?.lines.push({
      id: `0-${this.epoch}-${this.sequence}`,
      epoch: this.epoch,
      sequence: this.sequence,
      batch: this.#batch,
      at: new Date(this.now).toISOString(),
      key: `x:${this.nextKey()}`,
      campaign: 'c',
      activity: 'wheel',
      session: '',
      entity: '',
      request: {},
      adds: {},
      puts: {},
      report: '',
      record: '',
      ...decision
    })
  }

  /** A record whose frame is in the outbox: a command that needs it waits. */
  waits(frame: string): boolean {
    return this.place === frame || this.#outbox.some((one) => !one.settled && `${this.epoch}-${one.batch}` === frame)
  }

  /** The journal takes one of the frames that it does not have. */
  journalOne(index: number): void {
    const open = this.#outbox.filter(({ journaled }) => !journaled)
    const frame = open[index % Math.max(1, open.length)]
    if (frame) frame.journaled = true
  }

  settleOne(index: number): void {
    const open = this.#outbox.filter(({ journaled, settled }) => journaled && !settled)
    const frame = open[index % Math.max(1, open.length)]
    if (!frame) return
    frame.settled = true
    for (const [key, field, delta] of frame.gives) this.bump(key, field, delta)
  }

  journalAll(): void {
    for (const frame of this.#outbox) frame.journaled = true
  }

  settleAll(): void {
    this.journalAll()
    while (this.#outbox.some(({ settled }) => !settled)) this.settleOne(0)
  }

  /** The journal is all that is left, and all of it is usable. */
  recover(): void {
    this.#journal = this.journaled()
    this.#outbox = []
    this.#numbers = new Map()
    this.#texts = new Map()
    for (const line of this.#journal) this.#fold(line)
    this.epoch += 1
    this.sequence = 0
    this.#batch = 0
  }

  /** Decisions that the journal has, in their order. */
  journaled(): JournalLine[] {
    const open = this.#outbox.filter(({ journaled }) => journaled).flatMap(({ lines }) => lines)
    return [...this.#journal, ...open].sort((a, b) => a.epoch - b.epoch || a.sequence - b.sequence)
  }

  #fold(line: JournalLine): void {
    const keyOf = (scope: string) => (scope === 'u' ? `u:${line.user}` : scope.replace('s:c:wheel', 's'))
    for (const [scope, fields] of Object.entries(line.adds)) {
      for (const [field, delta] of Object.entries(fields)) this.bump(keyOf(scope), field, delta)
    }
    for (const [scope, fields] of Object.entries(line.puts)) {
      for (const [field, value] of Object.entries(fields)) this.put(keyOf(scope), field, value)
    }
    if (line.record !== '') this.put(`u:${line.user}`, `w:${line.entity}`, line.record)
  }
}
