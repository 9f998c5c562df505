import { Difference } from './difference.ts'
import type { JournalHeader, JournalLine, LeftDecisions } from './journal-line.ts'

/** Decisions of one epoch that are not in the journal. */
export interface Gap {
  readonly epoch: number
  readonly from: number
  readonly to: number
}

const MOST_GAPS = 1000

interface Place {
  readonly epoch: number
  readonly sequence: number
}

function placeIn(id: string): Place {
  const [, epoch = 0, sequence = 0] = id.split('-').map(Number)
  return { epoch, sequence }
}

/** Whether a gap lies, at least in part, in a stretch. */
function overlaps({ from, through }: { readonly from: Place; readonly through: Place }, gap: Gap): boolean {
  const beginsBefore = from.epoch < gap.epoch || (from.epoch === gap.epoch && from.sequence <= gap.to)
  const endsAfter = through.epoch > gap.epoch || (through.epoch === gap.epoch && through.sequence >= gap.from)
  return beginsBefore && endsAfter
}

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
  /** the same of decisions that an archive holds: the gate saw their effects, and nobody here does */
  archived = 0
  readonly archivedOf = new Map<string, number>()
  /** the first thousand */
  readonly gaps: Gap[] = []

  readonly #left: Array<{
    readonly of: LeftDecisions
    readonly from: Place
    readonly through: Place
    decisions: number
  }>
  #begins: string | undefined

  constructor({ shard, begins, left = [] }: Pick<JournalHeader, 'shard' | 'begins' | 'left'>) {
    this.shard = shard
    this.#begins = begins
    // those that nothing keeps explain a gap first: nothing follows from them
    this.#left = left
      .toSorted((a, b) => Number(a.sha256 !== null) - Number(b.sha256 !== null))
      .map((of) => ({ of, from: placeIn(of.from), through: placeIn(of.through), decisions: of.decisions }))
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
    if (this.#begins !== undefined) this.#skipTo(id, { sequence, batch })
    if (epoch < this.epoch || sequence <= this.sequence) {
      throw new Difference('the order of decisions', `one after ${this.shard}-${this.epoch}-${this.sequence}`, id)
    }
    const moment = Date.parse(at)
    const skipped = sequence - this.sequence - 1
    const step = batch - this.batch
    const gap = skipped > 0 ? { epoch, from: this.sequence + 1, to: sequence - 1 } : undefined
    const isArchived = gap !== undefined && this.#left.some((one) => overlaps(one, gap))
    this.#checkBatch({ skipped, step, batch, moment, isArchived })
    if (gap !== undefined) this.#note(gap)
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
    this.archived = 0
  }

  /** The first decision of a file that begins with its campaign: what was decided before is none of it. */
  #skipTo(id: string, { sequence, batch }: { readonly sequence: number; readonly batch: number }): void {
    if (id !== this.#begins) throw new Difference('the first decision', this.#begins, id)
    this.#begins = undefined
    this.sequence = sequence - 1
    this.batch = batch - 1
  }

  #checkBatch(next: { skipped: number; step: number; batch: number; moment: number; isArchived: boolean }): void {
    const { skipped, step, batch, moment, isArchived } = next
    // of a frame with several campaigns, an archive takes some decisions and not the others
    const mayBeParts = isArchived && step >= 0 && step <= skipped + 1
    const fits =
      mayBeParts || (skipped === 0 ? step === 1 || (step === 0 && this.batch > 0) : step > 1 && step - 1 <= skipped)
    if (!fits) {
      const expected = skipped === 0 ? `${this.batch} or ${this.batch + 1}` : `${this.batch + 2} or later`
      throw new Difference('the batch', expected, batch)
    }
    if (step === 0 ? moment === this.at : moment >= this.at) return
    const rest = step === 0 ? ', as all of its batch' : ' or later'
    throw new Difference('the time', new Date(this.at).toISOString() + rest, new Date(moment).toISOString())
  }

  /** @returns how many decisions of a gap no archive accounts for */
  #account(gap: Gap): number {
    let count = gap.to - gap.from + 1
    for (const one of this.#left) {
      if (!overlaps(one, gap)) continue
      const explained = Math.min(count, one.decisions)
      one.decisions -= explained
      count -= explained
      if (one.of.sha256 === null || explained === 0) continue
      this.archived += explained
      this.archivedOf.set(one.of.campaign, (this.archivedOf.get(one.of.campaign) ?? 0) + explained)
    }
    return count
  }

  #note(gap: Gap): void {
    const count = this.#account(gap)
    if (count === 0) return
    this.missing += count
    this.missingInAll += count
    if (this.gaps.length < MOST_GAPS) this.gaps.push(gap)
  }
}
