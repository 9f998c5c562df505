import type { Message } from './parts/fake-nats.ts'
import { entryOf, epochOf, type Frame, streamEpoch } from './parts/frame.ts'

/** What the run must not know: what was promised to whom, and what the journal ever had. */
export class Oracle {
  readonly failures: string[] = []
  /** `<user> <key>` -> what a client was told in a 201, and for which request ('' when it asked for the status) */
  readonly confirmed = new Map<string, { readonly id: string; readonly hash: string }>()
  /** frames that some journal stream stored at some time */
  readonly journaled = new Set<string>()
  /** frames that recoveries deleted before any journal stream had them */
  readonly dropped = new Set<string>()
  /** streams of lower epochs are sealed, for good */
  fencedBelow = 0
  highestEpoch = 0
  /** the journal was lost once: what was not told as events by then cannot be demanded */
  journalWasLost = false
  readonly #tell: (what: string) => void

  constructor(tell: (what: string) => void) {
    this.#tell = tell
  }

  fail(what: string): void {
    this.#tell(what)
    this.failures.push(what)
  }

  stored(stream: string, { payload, id }: Message): void {
    const epoch = streamEpoch(stream)
    if (epoch === undefined) return
    const entry = entryOf(JSON.parse(payload) as Frame)
    this.journaled.add(entry)
    if (epoch < this.fencedBelow)
      this.fail(`I10: ${stream} stored ${id || entry} behind the fence of ${this.fencedBelow}`)
  }

  fenced(epoch: number): void {
    this.fencedBelow = Math.max(this.fencedBelow, epoch)
  }

  /** Postgres' epoch was seen. */
  sawEpoch(epoch: number): void {
    if (epoch < this.highestEpoch) this.fail(`I10: epoch ${epoch} after ${this.highestEpoch}`)
    this.highestEpoch = Math.max(this.highestEpoch, epoch)
  }

  /** A client was told 201. */
  confirm(who: string, { id, entry, hash }: { id: string; entry: string; hash: string }): void {
    if (!this.journaled.has(entry))
      this.fail(`I12: ${who} was told 201 for ${id}, whose frame ${entry} is not journaled`)
    const known = this.confirmed.get(who)
    if (known && known.id !== id) this.fail(`I6: ${who} was told ${known.id} and then ${id}`)
    if (known && known.hash !== hash && known.hash !== '' && hash !== '') {
      this.fail(`I6: ${who} was told ${id} for two requests`)
    }
    this.confirmed.set(who, { id, hash: known?.hash || hash })
  }

  /** A client was told that its key decided nothing, and why, after it had been told 201. */
  refuse(who: string, code: string): void {
    this.fail(`I6: ${who} was told ${this.confirmed.get(who)?.id} and then ${code}`)
  }

  /** highest epoch of a journaled frame */
  newestJournaled(): number {
    return Math.max(0, ...[...this.journaled].map(epochOf))
  }
}
