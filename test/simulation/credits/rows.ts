import type { CreditBug } from './bugs.ts'
import type { Decision } from './shard.ts'

export interface CreditRow {
  readonly cause: string
  readonly role: string
  readonly user: string
  state: 'due' | 'done' | 'refused' | 'voided' | 'taken-back'
  voided: boolean
  attempts: number
  /** undefined: nobody has to do anything any more */
  nextAt: number | undefined
}

/** What became of a row that a driver took. */
export type Settled = { readonly to: 'done' | 'refused' | 'taken-back' } | { readonly to: 'later'; readonly at: number }

/** How long nobody takes a row again that a driver has taken. */
const ASKED_MS = 1200

/** The tables of the followers, as src/store/following writes them; each method is one statement. */
export class Rows {
  readonly credits = new Map<string, CreditRow>()
  /** causes that are void, whether or not they were followed yet */
  readonly voids = new Set<string>()
  /** by listener: what it counted of what users did */
  readonly counts = new Map<string, number>()
  readonly #bug: CreditBug | undefined

  constructor(bug: CreditBug | undefined) {
    this.#bug = bug
  }

  /** What a listener writes for what it reads. */
  follow(listener: string, decisions: readonly Decision[], now: number): void {
    for (const { type, id, cause, creditTo } of decisions) {
      if (type === 'did') {
        this.counts.set(listener, (this.counts.get(listener) ?? 0) + 1)
        this.#note({ cause: id, role: listener, user: creditTo }, now)
      }
      if (type === 'voided') this.#void(cause, now)
    }
  }

  take(most: number, now: number): CreditRow[] {
    const due = [...this.credits.values()].filter(({ nextAt }) => nextAt !== undefined && nextAt <= now).slice(0, most)
    for (const row of due) {
      if (this.#bug !== 'asked-unnoted') row.attempts += 1
      row.nextAt = now + ASKED_MS
    }
    return due.map((row) => ({ ...row }))
  }

  /** Only the last one who took a row may say what became of it. */
  settle(taken: CreditRow, settled: Settled, now: number): void {
    const row = this.credits.get(nameOf(taken))
    if (!row || (row.attempts !== taken.attempts && this.#bug !== 'late-word-counts')) return
    if (settled.to === 'later') {
      row.nextAt = settled.at
      return
    }
    row.state = settled.to
    row.nextAt = settled.to === 'done' && row.voided && this.#bug !== 'void-unseen' ? now : undefined
  }

  open(): number {
    return [...this.credits.values()].filter(({ nextAt }) => nextAt !== undefined).length
  }

  #note(credit: Pick<CreditRow, 'cause' | 'role' | 'user'>, now: number): void {
    if (this.credits.has(nameOf(credit))) return
    const voided = this.voids.has(credit.cause)
    const state = voided ? 'voided' : 'due'
    this.credits.set(nameOf(credit), { ...credit, state, voided, attempts: 0, nextAt: voided ? undefined : now })
  }

  #void(cause: string, now: number): void {
    if (this.#bug !== 'void-dropped') this.voids.add(cause)
    for (const row of this.credits.values()) {
      if (row.cause !== cause || row.voided) continue
      row.voided = true
      if (row.state === 'due' && row.attempts === 0) row.state = 'voided'
      else if (row.state !== 'refused' && (this.#bug !== 'void-unseen' || row.state === 'due')) row.nextAt = now
      if (row.state === 'voided') row.nextAt = undefined
    }
  }
}

export function nameOf({ cause, role }: Pick<CreditRow, 'cause' | 'role'>): string {
  return `${cause} ${role}`
}
