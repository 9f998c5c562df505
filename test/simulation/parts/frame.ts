/** Deltas by key and field: `s` is the stock, `u:<user>` a user. */
export type Deltas = Readonly<Record<string, Readonly<Record<string, number>>>>

export interface Decision {
  readonly seq: number
  readonly type:
    | 'accepted'
    | 'cancelled'
    | 'paid'
    | 'refund-due'
    | 'expired'
    | 'earned'
    | 'claimed'
    | 'adjusted'
    | 'credited'
  readonly user: string
  readonly key: string
  readonly hash: string
  /** `<epoch>-<sequence>` of the order it made or moved */
  readonly order?: string
  /** a credit to this user is due because of it */
  readonly creditTo?: string
  /** the cause of a credit, the intent of an adjustment */
  readonly cause?: string
  readonly add: Deltas
  /** the order's record right after it */
  readonly record?: string
}

/** The accepted decisions of one batch. */
export interface Frame {
  readonly epoch: number
  readonly batch: number
  readonly at: number
  readonly decisions: readonly Decision[]
}

export type Give = readonly [key: string, field: string, delta: number]

/** A frame that is not known to be journaled. */
export interface OpenFrame {
  /** `<epoch>-<batch>` */
  readonly entry: string
  readonly payload: string
  readonly gives: boolean
  readonly at: number
}

export function entryOf({ epoch, batch }: Pick<Frame, 'epoch' | 'batch'>): string {
  return `${epoch}-${batch}`
}

export function epochOf(entry: string): number {
  return Number(entry.slice(0, entry.indexOf('-')))
}

export function journalStream(epoch: number): string {
  return `JOURNAL_${epoch}`
}

export function journalSubject(epoch: number): string {
  return `journal.${epoch}`
}

/** The epoch of a journal stream; undefined for another stream. */
export function streamEpoch(name: string): number | undefined {
  return name.startsWith('JOURNAL_') ? Number(name.slice('JOURNAL_'.length)) : undefined
}

export const PUBLIC_STREAM = 'PUBLIC'
export const PUBLIC_SUBJECT = 'public'
