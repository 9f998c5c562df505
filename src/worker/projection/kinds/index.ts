import type { Frame, FrameDecision } from '../../../journal/frame.ts'
import { type DecisionType, type EntityKind, reportKindOf } from '../../../record/decisions.ts'
import { entityAfter, recordedKindOf, recordKindOf } from '../../../record/entities.ts'
import { userField } from '../../../record/fields.ts'
import type { ReportKind } from '../../../record/reports/index.ts'
import { assists } from './assist.ts'
import { comments, likes, moderated } from './discussion.ts'
import { fulfilments } from './fulfilment.ts'
import { orders } from './order.ts'
import { redemptions } from './redemption.ts'
import { reservations } from './reservation.ts'
import type { Decided, KindRows, RowKind } from './row-kind.ts'
import { shares } from './share.ts'
import { spins } from './spin.ts'
import { answers } from './survey.ts'
import { wins } from './win.ts'

/** Rows of what keeps a record with its user, made of the record. */
const ofEntities = { order: orders, win: wins } satisfies Record<EntityKind, RowKind>

/** Rows of decisions that keep no record, made of the report. One whose kind is not here has its row in `decisions` alone. */
const ofReports: Partial<Record<ReportKind, RowKind>> = {
  fulfilment: fulfilments,
  redemption: redemptions,
  reservation: reservations,
  share: shares,
  assist: assists,
  survey: answers,
  spin: spins,
  comment: comments,
  like: likes
}

/** Rows of decisions without a report, made of what they wrote. */
const ofPuts: Readonly<Record<string, RowKind>> = {
  'comment.hidden': moderated,
  'comment.restored': moderated
} satisfies Partial<Record<DecisionType, RowKind>>

function reportRows(type: string): RowKind | undefined {
  const kind = reportKindOf(type)
  return kind === null ? undefined : ofReports[kind]
}

/** @throws Error when a record or a report, of which a row is to be made, is not one */
export function checkKinds(frame: Pick<Frame, 'shard' | 'epoch'>, decision: FrameDecision): void {
  const { type, put, report = '' } = decision
  const { name, order } = entityAfter(frame, decision)
  const read = order === undefined ? undefined : userField.order(name)
  const fields = put?.u ?? {}
  for (const field in fields) {
    const kind = field === read ? undefined : recordKindOf(field)
    if (kind !== undefined) ofEntities[kind].check(field, fields[field] ?? '')
  }
  reportRows(type)?.check('', report)
  ofPuts[type]?.check('', JSON.stringify(put ?? {}))
}

/** Adds the row that a decision makes beside its own, if it makes one. */
export function addKindRow(rows: KindRows, decided: Decided): void {
  const { type, record } = decided.row
  reportRows(type)?.add(rows, decided)
  ofPuts[type]?.add(rows, decided)
  if (record !== '') ofEntities[recordedKindOf(type)].add(rows, decided)
}
