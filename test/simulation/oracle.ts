import type { Message } from './parts/fake-nats.ts'
import { comparePlaces, entryOf, epochOf, type Frame, placeOf, streamEpoch } from './parts/frame.ts'

interface OracleOptions {
  readonly tell: (what: string) => void
  /** may a replay of a decision of this time be gone by now? */
  readonly isForgotten: (at: number) => boolean
}

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
  /** recoveries that gave Redis what was missing, and those that wrote everything anew */
  caughtUp = 0
  rebuilt = 0
  /** when decisions were made, by id */
  readonly #at = new Map<string, number>()
  readonly #options: OracleOptions

  constructor(options: OracleOptions) {
    this.#options = options
  }

  fail(what: string): void {
    this.#options.tell(what)
    this.failures.push(what)
  }

  /** May the key of a decision be used again? */
  isForgotten(id: string): boolean {
    return this.#options.isForgotten(this.#at.get(id) ?? 0)
  }

  stored(stream: string, { payload, id }: Message): void {
    const epoch = streamEpoch(stream)
    if (epoch === undefined) return
    const frame = JSON.parse(payload) as Frame
    const entry = entryOf(frame)
    this.journaled.add(entry)
    for (const { seq } of frame.decisions) this.#at.set(`${frame.epoch}-${seq}`, frame.at)
    if (epoch < this.fencedBelow)
      this.fail(`I10: ${stream} stored ${id || entry} behind the fence of ${this.fencedBelow}`)
  }

  fenced(epoch: number): void {
    this.fencedBelow = Math.max(this.fencedBelow, epoch)
  }

  /** Postgres was restored: its epoch is an older one. */
  wentBack(epoch: number): void {
    this.highestEpoch = epoch
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
    const earlier = this.confirmed.get(who)
    // the key of a decision that is forgotten may be used again, and an answer may have been long on its way
    if (earlier && comparePlaces(placeOf(id), placeOf(earlier.id)) < 0 && this.isForgotten(id)) return
    const known = earlier && earlier.id !== id && this.isForgotten(earlier.id) ? undefined : earlier
    if (known && known.id !== id) this.fail(`I6: ${who} was told ${known.id} and then ${id}`)
    if (known && known.hash !== hash && known.hash !== '' && hash !== '') {
      this.fail(`I6: ${who} was told ${id} for two requests`)
    }
    this.confirmed.set(who, { id, hash: known?.hash || hash })
  }

  /**
   * A client was told that its key decided nothing, and why, after it had been told 201. An earlier Redis that was given up may still answer a
   * gateway that has not heard of the next opening: it knows nothing of that one's decisions.
   */
  refuse(who: string, id: string, { code, epoch = Number.POSITIVE_INFINITY }: { code: string; epoch?: number }): void {
    if (!this.isForgotten(id) && epoch >= epochOf(id)) this.fail(`I6: ${who} was told ${id} and then ${code}`)
  }

  /** highest epoch of a journaled frame */
  newestJournaled(): number {
    return Math.max(0, ...[...this.journaled].map(epochOf))
  }
}
