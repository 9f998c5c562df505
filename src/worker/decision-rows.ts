import { recordKindOf } from '../gate/entity-records.ts'
import { isoTime } from '../gate/iso-time.ts'
import type { Frame, FrameDecision } from '../journal/frame.ts'
import type { DecisionRow } from '../store/projected-rows.ts'

/** `<epoch>-<sequence>` of the order or win that a decision made or moved, '' when it concerns none. */
export function entityOf(frame: Frame, decision: FrameDecision): string {
  const kind = recordKindOf(decision.type)
  const moved = decision[kind.moved]
  if (moved !== undefined) return moved.slice(moved.indexOf('-') + 1)
  return decision.type === kind.begins ? `${frame.epoch}-${decision.seq}` : ''
}

/** The record of the order or win right after the decision, '' when it concerns none. */
export function recordOf(decision: FrameDecision, entity: string): string {
  return entity === '' ? '' : (decision.put?.u?.[recordKindOf(decision.type).prefix + entity] ?? '')
}

// Decisions of a frame share their deltas as one object: it is written as JSON once.
const written = new WeakMap<object, string>()

function jsonOf(value: object | undefined): string {
  if (value === undefined) return '{}'
  const known = written.get(value)
  if (known !== undefined) return known
  const text = JSON.stringify(value)
  written.set(value, text)
  return text
}

/** The record of an order or win has a column of its own, from which recovery writes it again. */
function withoutRecord({ put, type }: FrameDecision, entity: string): FrameDecision['put'] {
  if (put?.u === undefined) return put
  const { u, ...others } = put
  const { [recordKindOf(type).prefix + entity]: _record, ...fields } = u
  return Object.keys(fields).length === 0 ? others : { ...others, u: fields }
}

/** A decision as it is stored. */
export function decisionRow(frame: Frame, decision: FrameDecision): DecisionRow {
  const entity = entityOf(frame, decision)
  const record = recordOf(decision, entity)
  return {
    epoch: frame.epoch,
    sequence: decision.seq,
    batch: frame.batch,
    type: decision.type,
    user: decision.user,
    key: decision.key,
    hash: decision.hash,
    campaign: decision.campaign,
    activity: decision.activity,
    session: decision.session ?? '',
    entity,
    at: isoTime(frame.at),
    request: JSON.stringify(decision.request),
    adds: jsonOf(decision.add),
    puts: jsonOf(record === '' ? decision.put : withoutRecord(decision, entity)),
    record,
    report: decision.report ?? ''
  }
}
