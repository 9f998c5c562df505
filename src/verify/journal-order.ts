import { Difference } from './difference.ts'
import type { JournalLine } from './journal-line.ts'

/** Decisions of one epoch that are not in the journal. */
export interface Gap {
  readonly epoch: number
  readonly from: number
  readonly to: number
}

const MOST_GAPS = 1000

/**
 * The order of a shard's decisions: sequences of an epoch rise by one, and so do its batches. What is missing was never
 * journaled and is void, and since a frame is journaled whole or not at all, whole batches are missing with it.
 */
export class JournalOrder {
  readonly shard: number
  epoch = 0
  sequence = 0
  batch = 0
  /** ms since 1970 */
  at = 0
  /** decisions of this epoch that are missing so far: the gate saw their effects until the epoch ended */
  missing = 0
  /** of all epochs */
  missingInAll = 0
  /** the first thousand */
  readonly gaps: Gap[] = []

  constructor(shard: number) {
    this.shard = shard
  }

  /**
   * Goes on to the next decision.
   * @returns whether an epoch begins with it: everything that was journaled before is usable
   * @throws Difference when it cannot stand here
   */
  advance({ id, epoch, sequence, batch, at }: JournalLine): boolean {
    const place = `${this.shard}-${epoch}-${sequence}`
    if (id !== place) throw new Difference('the id', place, id)
    const begins = epoch > this.epoch
    if (begins) this.#begin(epoch)
    if (epoch < this.epoch || sequence <= this.sequence) {
      throw new Difference('the order of decisions', `one after ${this.shard}-${this.epoch}-${this.sequence}`, id)
    }
    const moment = Date.parse(at)
    const skipped = sequence - this.sequence - 1
    const step = batch - this.batch
    this.#checkBatch({ skipped, step, batch, moment })
    if (skipped > 0) this.#note({ epoch, from: this.sequence + 1, to: sequence - 1 })
    this.sequence = sequence
    this.batch = batch
    this.at = moment
    return begins
  }

  #begin(epoch: number): void {
    this.epoch = epoch
    this.sequence = 0
    this.batch = 0
    this.at = 0
    this.missing = 0
  }

  #checkBatch(next: { skipped: number; step: number; batch: number; moment: number }): void {
    const { skipped, step, batch, moment } = next
    const fits = skipped === 0 ? step === 1 || (step === 0 && this.batch > 0) : step > 1 && step - 1 <= skipped
    if (!fits) {
      const expected = skipped === 0 ? `${this.batch} or ${this.batch + 1}` : `${this.batch + 2} or later`
      throw new Difference('the batch', expected, batch)
    }
    if (step === 0 ? moment === this.at : moment >= this.at) return
    const rest = step === 0 ? ', as all of its batch' : ' or later'
    throw new Difference('the time', new Date(this.at).toISOString() + rest, new Date(moment).toISOString())
  }

  #note(gap: Gap): void {
    const count = gap.to - gap.from + 1
    this.missing += count
    this.missingInAll += count
    if (this.gaps.length < MOST_GAPS) this.gaps.push(gap)
  }
}
