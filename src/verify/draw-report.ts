import { isPart } from '../record/decisions.ts'
import type { Gap, JournalOrder } from './journal-order.ts'
import type { CheckedPrize } from './spin/prize.ts'
import type { Spin } from './spin/spin.ts'

/** What a verified draw came to. */
export interface DrawReport {
  readonly spins: number
  readonly users: number
  /** ISO times, '' without a spin */
  readonly first: string
  readonly last: string
  /** how often each prize, and each sub-prize as `<prize>/<sub>`, was given */
  readonly prizes: ReadonlyMap<string, number>
  /** how often each reason kept or replaced the picked prize */
  readonly reasons: ReadonlyMap<string, number>
  readonly revoked: number
  /** spins whose prize is not decided yet, because it may be in another shard */
  readonly drawn: number
  /** decisions that are not in the journal, and void */
  readonly missing: { readonly decisions: number; readonly gaps: readonly Gap[] }
  /** decisions that are in archives which the file does not have, by campaign */
  readonly archived: ReadonlyMap<string, number>
  /** spins before which a decision is missing, so that the number of the spin before may be that of a void one */
  readonly unlinked: number
  /** spins that are right only because something is missing before them */
  readonly byMissing: number
  /** spins that could have ended otherwise: quota journaled so long before (ms at most) need not have been usable yet */
  readonly open: { readonly spins: number; readonly longestMs: number }
}

/** Counts what was verified. */
export class Tally {
  #spins = 0
  #users = 0
  #first = ''
  #last = ''
  readonly #prizes = new Map<string, number>()
  readonly #reasons = new Map<string, number>()
  #revoked = 0
  #drawn = 0
  #unlinked = 0
  #byMissing = 0
  #open = 0
  #longestMs = 0

  spin(spin: Spin, checked: CheckedPrize, about: { first: boolean; linked: boolean }): void {
    const { line } = spin
    this.#spins += 1
    if (about.first) this.#users += 1
    if (!about.linked) this.#unlinked += 1
    this.#first ||= line.at
    this.#last = line.at
    if (isPart(line.type)) this.#drawn += 1
    else this.#given(spin, checked)
  }

  /** The prize of a spin that was drawn. */
  end(spin: Spin, checked: CheckedPrize): void {
    this.#drawn -= 1
    this.#given(spin, checked)
  }

  #given({ report, at }: Spin, { sub, openSince, byMissing }: CheckedPrize): void {
    if (byMissing) this.#byMissing += 1
    count(this.#prizes, report.prize)
    if (sub) count(this.#prizes, `${report.prize}/${sub.id}`)
    if (report.why !== '') count(this.#reasons, report.why)
    if (openSince === undefined) return
    this.#open += 1
    this.#longestMs = Math.max(this.#longestMs, at - openSince)
  }

  revocation(): void {
    this.#revoked += 1
  }

  /** @param orders one for each shard */
  report(orders: readonly JournalOrder[]): DrawReport {
    const decisions = orders.reduce((sum, { missingInAll }) => sum + missingInAll, 0)
    const gaps = orders.flatMap((order) => order.gaps)
    return {
      spins: this.#spins,
      users: this.#users,
      first: this.#first,
      last: this.#last,
      prizes: this.#prizes,
      reasons: this.#reasons,
      revoked: this.#revoked,
      drawn: this.#drawn,
      missing: { decisions, gaps },
      archived: summed(orders.map(({ archivedOf }) => archivedOf)),
      unlinked: this.#unlinked,
      byMissing: this.#byMissing,
      open: { spins: this.#open, longestMs: this.#longestMs }
    }
  }
}

function summed(all: ReadonlyArray<ReadonlyMap<string, number>>): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [campaign, decisions] of all.flatMap((one) => [...one]))
    sums.set(campaign, (sums.get(campaign) ?? 0) + decisions)
  return sums
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
