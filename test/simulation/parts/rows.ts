import { type Decision, type Hashes, NOWHERE } from './frame.ts'
import type { Opening } from './gate/gate-state.ts'

/** A place in the journal: the stream of an epoch and a sequence in it. */
export interface Position {
  readonly epoch: number
  readonly sequence: number
}

/** The row of the shard: who may write. */
export interface ShardRow {
  epoch: number
  state: 'closed' | 'open'
  opening: Opening
  term: number
  position: Position
}

export interface StoredDecision extends Decision {
  readonly epoch: number
  readonly entry: string
  readonly at: number
}

export interface OpeningRow {
  created: boolean
  last: number | undefined
  deleted: boolean
  /** committed with "open"; absent for an opening that never opened, and for one of an earlier version */
  token: string | undefined
  /** batch up to which all frames of this opening are there, and the sequence at its end */
  complete: number
  completeSeq: number
}

export interface FrameRow {
  readonly decisions: number
  readonly stream: Position
}

export interface Closable {
  closed: boolean
  closedAt: number
}

export interface OrderRow extends Closable {
  readonly user: string
  readonly campaign: string
  status: string
}

interface DueRow extends Closable {
  readonly user: string
  readonly campaign: string
}

export interface IntentRow extends Closable {
  readonly op: 'adjust' | 'end' | 'final'
  readonly campaign: string
  readonly delta: number
}

/** What a campaign gives expires at a moment of its definition: a job takes it from each user. */
interface LapseRow extends Closable {
  /** in the gate's time */
  readonly moment: number
  /** up to where it lists, and when that was noted; absent before the moment has come */
  mark: { readonly epoch: number; readonly batch: number; readonly at: number } | undefined
  /** whose points expire, and whether it is done; absent until they are listed */
  users: Map<string, { closed: boolean }> | undefined
}

export function isBefore(a: Position, b: Position): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.sequence < b.sequence)
}

export const emptyState = () => ({
  openings: new Map<number, OpeningRow>(),
  /** rows that are there; those up to `complete` may go */
  frames: new Map<string, FrameRow>(),
  everFrames: new Set<string>(),
  /** by `<epoch>-<sequence>`, in the order of the journal */
  decisions: new Map<string, StoredDecision>(),
  /** those of archived campaigns, as their files have them */
  moved: new Map<string, StoredDecision>(),
  counters: new Map<string, Map<string, number>>(),
  orders: new Map<string, OrderRow>(),
  /** credits that are due, by their cause */
  due: new Map<string, DueRow>(),
  /** what operators asked for */
  intents: new Map<string, IntentRow>(),
  /** by campaign, for those whose points expire */
  lapses: new Map<string, LapseRow>(),
  checkpoint: { rows: new Map() as Hashes, place: NOWHERE, marker: NOWHERE },
  /** the last decision whose row has left */
  floor: NOWHERE,
  leastVersion: 1,
  archived: new Set<string>(),
  deadLetters: new Set<string>(),
  eventsPlace: undefined as Position | undefined,
  keys: new Map<string, Array<{ readonly id: string; readonly at: number }>>()
})

export type TablesState = ReturnType<typeof emptyState>
