import type { Frame, FrameDecision } from '../journal/frame.ts'
import { type EntityKind, entityKindOf, makesEntity } from './decisions.ts'
import { userField } from './fields.ts'
import { decodeOrder, type OrderRecord } from './order.ts'
import { decodeWin, type WinRecord } from './win.ts'

/** What a decision made or moved, at most one of them. */
export interface Entity {
  readonly order?: OrderRecord
  readonly win?: WinRecord
}

/** Reads the record of each. @throws Error when it is not readable */
const readers = {
  order: (id, record) => ({ order: decodeOrder(id, record) }),
  win: (id, record) => ({ win: decodeWin(id, record) })
} satisfies Readonly<Record<EntityKind, (id: string, record: string) => Entity>>

/** What a decision with a record is about: a type that is about neither an order nor a win made a win, the prize of its reward. */
export const recordedKindOf = (type: string): EntityKind => entityKindOf(type) ?? 'win'

/** The field of the user's hash that keeps the record of what a decision is about. @param entity `entityOfDecision` of it, not '' */
export function recordField(type: string, entity: string): string {
  return userField[recordedKindOf(type)](entity)
}

const prefixes = (Object.keys(readers) as EntityKind[]).map((kind) => [kind, userField[kind]('')] as const)

/** The kind of record that a field of a user's hash keeps; undefined for every other field. */
export function recordKindOf(field: string): EntityKind | undefined {
  return prefixes.find(([, prefix]) => field.startsWith(prefix))?.[0]
}

/** `<epoch>-<sequence>` of the order or win that a decision made or moved, '' when it is about none. */
export function entityOfDecision(frame: Pick<Frame, 'epoch'>, decision: FrameDecision): string {
  const moved = decision.order ?? decision.win
  if (moved !== undefined) return moved.slice(moved.indexOf('-') + 1)
  const own = `${frame.epoch}-${decision.seq}`
  return makesEntity(decision.type) || decision.put?.u?.[userField.win(own)] !== undefined ? own : ''
}

/** Whether a decision made the order or win that it is about, so that both have one id. */
export function madeItself({ epoch, sequence, entity }: { epoch: number; sequence: number; entity: string }): boolean {
  return entity === `${epoch}-${sequence}`
}

/** The record that a decision wrote of its order or win, '' where it is about none. @param entity `entityOfDecision` of it */
export function recordOfDecision({ type, put }: FrameDecision, entity: string): string {
  return entity === '' ? '' : (put?.u?.[recordField(type, entity)] ?? '')
}

/** What a decision made or moved, as it is right after the decision. */
interface EntityAfter extends Entity {
  /** `entityOfDecision` of it */
  readonly name: string
  /** `recordOfDecision` of it */
  readonly record: string
}

const READ = Symbol('what the decision is about')

/**
 * The order or win right after a decision of a frame, as its record says; nothing where it is about none, or wrote no record of it. It is
 * read once, however many ask: the check of the frame, its row and its event.
 * @throws Error when the record is not readable
 */
export function entityAfter(
  frame: Pick<Frame, 'shard' | 'epoch'>,
  decision: FrameDecision & { [READ]?: EntityAfter }
): EntityAfter {
  const known = decision[READ]
  if (known !== undefined) return known
  const name = entityOfDecision(frame, decision)
  const record = recordOfDecision(decision, name)
  const read = { name, record, ...entityIn(decision.type, `${frame.shard}-${name}`, record) }
  decision[READ] = read
  return read
}

/**
 * The order or win that a decision is about, as its record says; nothing where the record is ''.
 * @param id `<shard>-<epoch>-<sequence>` of the order or win
 * @throws Error when the record is not readable
 */
export function entityIn(type: string, id: string, record: string): Entity {
  return record === '' ? {} : readers[recordedKindOf(type)](id, record)
}
