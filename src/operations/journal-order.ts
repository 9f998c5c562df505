import { Difference, mustBe } from './difference.ts'
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
    if (begins) Object.assign(this, { epoch, sequence: 0, batch: 0, at: 0, missing: 0 })
    mustBe(epoch === this.epoch && sequence > this.sequence, 'the order of decisions', {
      expected: `a decision after ${this.shard}-${this.epoch}-${this.sequence}`,
      found: id
    })
    const moment = Date.parse(at)
    const skipped = sequence - this.sequence - 1
    const step = batch - this.batch
    this.#checkBatch({ skipped, step, batch, moment })
    if (skipped > 0) this.#note({ epoch, from: this.sequence + 1, to: sequence - 1 })
    Object.assign(this, { sequence, batch, at: moment })
    return begins
  }

  #checkBatch(next: { skipped: number; step: number; batch: number; moment: number }): void {
    const { skipped, step, batch, moment } = next
    const expected = skipped === 0 ? `batch ${this.batch} or ${this.batch + 1}` : `a batch from ${this.batch + 2} on`
    const fits = skipped === 0 ? step === 1 || (step === 0 && this.batch > 0) : step > 1 && step - 1 <= skipped
    mustBe(fits, 'the batch', { expected, found: batch })
    const inTime = step === 0 ? moment === this.at : moment >= this.at
    mustBe(inTime, 'the time', {
      expected: `${new Date(this.at).toISOString()}${step === 0 ? ', as all of its batch' : ' or later'}`,
      found: new Date(moment).toISOString()
    })
  }

  #note(gap: Gap): void {
    const count = gap.to - gap.from + 1
    this.missing += count
    this.missingInAll += count
    if (this.gaps.length < MOST_GAPS) this.gaps.push(gap)
  }
}
