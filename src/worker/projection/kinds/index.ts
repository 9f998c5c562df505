import type { FrameDecision } from '../../../journal/frame.ts'
import { type DecisionType, type EntityKind, entityKindOf } from '../../../record/decisions.ts'
import { recordKindOf } from '../../../record/entities.ts'
import { orders } from './order.ts'
import { redemptions } from './redemption.ts'
import type { Decided, KindRows, RowKind } from './row-kind.ts'
import { wins } from './win.ts'

/** Rows of what keeps a record with its user, made of the record. */
const ofEntities = { order: orders, win: wins } satisfies Record<EntityKind, RowKind>

/** Rows of decisions without a record, made of the report. A type that is not here has its row in `decisions` alone. */
const ofDecisions: Partial<Record<DecisionType, RowKind>> = { 'claim.accepted': redemptions }

const kindOf = (type: string): RowKind | undefined => ofDecisions[type as DecisionType]

/** @throws Error when a record or a report, of which a row is to be made, is not one */
export function checkKinds({ type, put, report = '' }: FrameDecision): void {
  const fields = put?.u ?? {}
  for (const field in fields) {
    const kind = recordKindOf(field)
    if (kind !== undefined) ofEntities[kind].check(field, fields[field] ?? '')
  }
  kindOf(type)?.check('', report)
}

/** Adds the row that a decision makes beside its own, if it makes one. */
export function addKindRow(rows: KindRows, decided: Decided): void {
  const { type, record } = decided.row
  kindOf(type)?.add(rows, decided)
  const entity = record === '' ? null : entityKindOf(type)
  if (entity !== null) ofEntities[entity].add(rows, decided)
}
