import {
  entityOfDecision,
  type Frame,
  type FrameDecision,
  recordField,
  replayRecord,
  scopeKey
} from '../journal/frame.ts'
import type { FoldedDecision } from '../store/restore.ts'

type Fields = Map<string, number | string>

/** A decision of a frame as the fold takes it. */
export function foldedDecision(frame: Frame, decision: FrameDecision): FoldedDecision {
  return {
    epoch: frame.epoch,
    sequence: decision.seq,
    batch: frame.batch,
    type: decision.type,
    user: decision.user,
    campaign: decision.campaign,
    activity: decision.activity,
    key: decision.key,
    hash: decision.hash,
    entity: entityOfDecision(frame, decision),
    at_ms: frame.at,
    adds: decision.add ?? {},
    puts: decision.put ?? {},
    // it stands among the puts
    record: '',
    report: decision.report ?? ''
  }
}

function sum(known: number | string | undefined, delta = 0): number {
  return typeof known === 'number' ? known + delta : (Number(known) || 0) + delta
}

/** Hashes of Redis by logical key, folded from decisions: one code for every kind of activity. */
export class Fold {
  readonly hashes = new Map<string, Fields>()

  #fields(key: string): Fields {
    const known = this.hashes.get(key)
    if (known) return known
    const fields: Fields = new Map()
    this.hashes.set(key, fields)
    return fields
  }

  add(decision: FoldedDecision): void {
    for (const scope in decision.adds) {
      const deltas = decision.adds[scope]
      const fields = this.#fields(scopeKey(scope, decision))
      for (const field in deltas) fields.set(field, sum(fields.get(field), deltas[field]))
    }
    for (const scope in decision.puts) {
      const values = decision.puts[scope]
      const fields = this.#fields(scopeKey(scope, decision))
      for (const field in values) fields.set(field, values[field] ?? '')
    }
    const user = this.#fields(`u:${decision.user}`)
    user.set('d', sum(user.get('d'), 1))
    user.set(decision.key, replayRecord(decision, decision.at_ms))
    if (decision.record !== '') user.set(recordField(decision.type, decision.entity), decision.record)
  }
}
