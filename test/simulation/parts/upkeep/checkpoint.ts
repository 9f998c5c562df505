import type { Bugs } from '../../bugs.ts'
import { batchOf, comparePlaces, type Hashes, type Place, placeText } from '../frame.ts'
import { decisionOf, isReplay } from '../gate/gate-state.ts'
import type { StoredDecision } from '../rows.ts'
import type { Tables } from '../tables.ts'
import { foldInto, withoutGone } from './fold.ts'

/** What a Redis says that it holds, as `close` read it. */
export interface Held {
  /** `<epoch>;<token>`; undefined when nobody knows whose data these are */
  readonly base: string | undefined
  readonly batch: number
  readonly seq: number
  readonly marker: Place
}

export function baseText(epoch: number, token: string | undefined): string {
  return `${epoch};${token ?? ''}`
}

function later(a: Place, b: Place): Place {
  return comparePlaces(a, b) < 0 ? b : a
}

/** Moves `complete` of each opening over the frames that are there without a hole. */
function moveComplete({ state: { openings, frames } }: Tables): void {
  for (const [epoch, row] of openings) {
    for (;;) {
      const next = frames.get(`${epoch}-${row.complete + 1}`)
      if (!next) break
      row.complete += 1
      row.completeSeq += next.decisions
    }
  }
}

/** Folds what is complete into the rows of the checkpoint: all of an opening that a later one followed, else up to its first hole. */
export function advanceCheckpoint(tables: Tables, bugs: Bugs): void {
  moveComplete(tables)
  const { newestOpened } = tables
  const { checkpoint, openings } = tables.state
  const isComplete = ({ epoch, entry }: StoredDecision) =>
    epoch < newestOpened || (epoch === newestOpened && batchOf(entry) <= (openings.get(epoch)?.complete ?? 0))
  const next = tables
    .inOrder()
    .filter((each) => comparePlaces(each, checkpoint.place) > 0 && (bugs.has('checkpoint-at-last') || isComplete(each)))
  foldInto(checkpoint.rows, next, { bugs })
  withoutGone(checkpoint.rows)
  const last = next.at(-1)
  if (last) checkpoint.place = { epoch: last.epoch, seq: last.seq }
}

/** What Redis forgot leaves the checkpoint as well. */
export function noteMarker(tables: Tables, marker: Place, bugs: Bugs): void {
  const { checkpoint } = tables.state
  if (comparePlaces(marker, checkpoint.place) > 0) return
  checkpoint.marker = later(checkpoint.marker, marker)
  for (const fields of checkpoint.rows.values()) {
    for (const [field, value] of fields) {
      if (!isReplay(field) || comparePlaces(decisionOf(String(value)), checkpoint.marker) > 0) continue
      fields.delete(field)
      if (bugs.has('d-by-decision')) fields.set('d', Number(fields.get('d') ?? 0) - 1)
    }
  }
}

/** Why a Redis is no prefix of the truth; undefined when it is one. */
export function whyNoPrefix(tables: Tables, held: Held, bugs: Bugs): string | undefined {
  if (held.base === undefined) return 'it has no base'
  const { openings, frames, floor } = tables.state
  const epoch = Number(held.base.slice(0, held.base.indexOf(';')))
  const row = openings.get(epoch)
  const isKnown = row?.token !== undefined && baseText(epoch, row.token) === held.base
  if (!isKnown && !bugs.has('token-ignored')) return `opening ${held.base} is not known`
  // it forgets only what it has: so the marker alone says whether it has what is gone, and has forgotten it
  const known = bugs.has('floor-by-base') ? { epoch, seq: held.seq } : held.marker
  if (comparePlaces(known, floor) < 0 && !bugs.has('floor-ignored')) return 'it is below the floor'
  if (bugs.has('no-count')) return undefined
  const complete = row?.complete ?? 0
  let [found, decisions] = [0, row?.completeSeq ?? 0]
  for (let batch = complete + 1; batch <= held.batch; batch += 1) {
    const frame = frames.get(`${epoch}-${batch}`)
    if (!frame) continue
    found += 1
    decisions += frame.decisions
  }
  if (found < held.batch - complete) return `${held.batch - complete - found} batches are void`
  if (held.batch > complete && decisions !== held.seq) return `${held.seq} decisions, and Postgres has ${decisions}`
  return undefined
}

/** Whole frames after a place, in order. */
export function framesAfter(tables: Tables, place: Place): StoredDecision[][] {
  const frames: StoredDecision[][] = []
  for (const decision of tables.inOrder()) {
    if (comparePlaces(decision, place) <= 0) continue
    const open = frames.at(-1)
    if (open?.[0]?.entry === decision.entry) open.push(decision)
    else frames.push([decision])
  }
  return frames
}

/** Everything that Redis should hold, by the checkpoint and what comes after it. */
export function foldAll(tables: Tables, bugs: Bugs): Hashes {
  const { rows, place } = tables.state.checkpoint
  const after = tables.inOrder().filter((each) => comparePlaces(each, place) > 0)
  const copy: Hashes = new Map([...rows].map(([key, fields]) => [key, new Map(fields)]))
  return withoutGone(foldInto(copy, after, { bugs }))
}

export interface Forgettable {
  readonly entries: ReadonlyArray<readonly [user: string, key: string, id: string]>
  readonly to: Place
}

/** The oldest replays behind a marker that may be forgotten, none beyond one that may not. */
export function forgettable(
  tables: Tables,
  marker: Place,
  { before, most, bugs }: { before: number; most: number; bugs: Bugs }
): Forgettable {
  const { checkpoint } = tables.state
  const entries: Array<readonly [user: string, key: string, id: string]> = []
  let to = marker
  for (const decision of tables.inOrder()) {
    if (comparePlaces(decision, marker) <= 0) continue
    const isBeyond = comparePlaces(decision, checkpoint.place) > 0
    if (isBeyond || entries.length === most || !mayForget(tables, decision, { before, bugs })) break
    to = { epoch: decision.epoch, seq: decision.seq }
    entries.push([decision.user, decision.key, placeText(decision)])
  }
  return { entries, to }
}

/** An internal key goes when its row has been closed for long, not when its decision is old. */
function mayForget(
  { state }: Tables,
  decision: StoredDecision,
  { before, bugs }: { before: number; bugs: Bugs }
): boolean {
  const { orders, due, intents, lapses } = state
  if (decision.at >= before) return false
  if (bugs.has('forget-open-keys')) return true
  const row = decision.key.startsWith('x:expire')
    ? orders.get(decision.order ?? '')
    : decision.type === 'credited'
      ? due.get(decision.cause ?? '')
      : decision.type === 'lapsed'
        ? lapses.get(decision.campaign)
        : intents.get(decision.cause ?? '')
  return row === undefined || (row.closed && row.closedAt < before)
}
