/** Deltas by key and field: `s:<campaign>` is the stock, `u:<user>` a user. */
export type Deltas = Readonly<Record<string, Readonly<Record<string, number>>>>
/** Last values by key and field, for what does not sum. */
export type Puts = Readonly<Record<string, Readonly<Record<string, string>>>>
/** Fields that go, by key; `*` is the whole hash. */
export type Dels = Readonly<Record<string, readonly string[]>>

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
    | 'ended'
    | 'final'
    | 'archived'
    | 'lapsed'
    | 'taken-back'
    | 'spent'
  readonly campaign: string
  readonly user: string
  readonly key: string
  readonly hash: string
  /** `<epoch>-<sequence>` of the order it made or moved */
  readonly order?: string
  /** a credit to this user is due because of it */
  readonly creditTo?: string
  /** the cause of a credit, the intent of an adjustment */
  readonly cause?: string
  /** the decision whose points are taken back, and how many of them were not there any more */
  readonly gift?: { readonly id: string; readonly missing: number }
  readonly add: Deltas
  readonly put?: Puts
  readonly del?: Dels
  /** the how-manyth unit of its campaign */
  readonly position?: string
  /** the decision of the campaign's spin before this one */
  readonly previous?: string
  /** of an archive: nothing is left to take away */
  readonly last?: boolean
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

/** Fields of a hash: a number adds to what is there, a string replaces it, null takes it away; `*` null is the whole hash. */
export type Fields = Map<string, number | string | null>
export type Hashes = Map<string, Fields>

/** A place in the order of decisions: epoch, then sequence. */
export interface Place {
  readonly epoch: number
  readonly seq: number
}

export const NOWHERE: Place = { epoch: 0, seq: 0 }

/** Below 0 where `a` comes before `b`. */
export function comparePlaces(a: Place, b: Place): number {
  return a.epoch - b.epoch || a.seq - b.seq
}

export function placeText({ epoch, seq }: Place): string {
  return `${epoch}-${seq}`
}

export function placeOf(text: string): Place {
  const [epoch = '0', seq = '0'] = text.split('-')
  return { epoch: Number(epoch), seq: Number(seq) }
}

export function batchOf(entry: string): number {
  return Number(entry.slice(entry.indexOf('-') + 1))
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
