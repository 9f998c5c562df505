import type { Frame, FrameDecision } from '../../journal/frame.ts'
import { entityOfDecision, recordField } from '../../record/entities.ts'
import { userField } from '../../record/fields.ts'
import { logical, scopeKey } from '../../record/keys.ts'
import { replayRecord } from '../../record/replay.ts'
import type { FoldedDecision } from '../../store/projection/restore.ts'

/**
 * Fields of a hash. A number is a sum of deltas, to be added to the earlier value; a string replaces the earlier value, and null says
 * that the field is removed. A hash without fields is removed as a whole.
 */
export type FoldedFields = ReadonlyMap<string, number | string | null>

/** A decision of a frame in the form that the fold takes. */
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
    // the puts contain it
    record: '',
    report: decision.report ?? '',
    dels: decision.del ?? null
  }
}

/** The fields of a row of the checkpoint: JSON text of a list of field, value, ... */
export function parseFields(text: string): Map<string, string> {
  const list = JSON.parse(text) as string[]
  const fields = new Map<string, string>()
  for (let at = 0; at + 1 < list.length; at += 2) fields.set(list[at] ?? '', list[at + 1] ?? '')
  return fields
}

function sum(known: number | string | null | undefined, delta = 0): number | string {
  if (known === null) return String(delta)
  return typeof known === 'string' ? String((Number(known) || 0) + delta) : (known ?? 0) + delta
}

/** Folds decisions into hashes of Redis by logical key: one code for every kind of activity. */
export class Fold {
  readonly #hashes = new Map<string, Map<string, number | string | null>>()
  readonly #wanted: (key: string) => boolean

  /** @param wanted whether a key's hash is folded; all are by default */
  constructor(wanted: (key: string) => boolean = () => true) {
    this.#wanted = wanted
  }

  get hashes(): ReadonlyMap<string, FoldedFields> {
    return this.#hashes
  }

  /** Forgets the hashes; the decisions added next are folded by themselves. */
  clear(): void {
    this.#hashes.clear()
  }

  #fields(key: string): Map<string, number | string | null> | undefined {
    const known = this.#hashes.get(key)
    if (known || !this.#wanted(key)) return known
    const fields = new Map<string, number | string | null>()
    this.#hashes.set(key, fields)
    return fields
  }

  /** Begins a hash with what it was before the decisions that are added. */
  seed(key: string, fields: ReadonlyMap<string, string>): void {
    if (this.#wanted(key)) this.#hashes.set(key, new Map(fields))
  }

  add(decision: FoldedDecision): void {
    for (const scope in decision.adds) {
      const fields = this.#fields(scopeKey(scope, decision))
      const deltas = decision.adds[scope]
      if (fields) for (const field in deltas) fields.set(field, sum(fields.get(field), deltas[field]))
    }
    for (const scope in decision.puts) {
      const fields = this.#fields(scopeKey(scope, decision))
      const values = decision.puts[scope]
      if (fields) for (const field in values) fields.set(field, String(values[field] ?? ''))
    }
    if (decision.dels) this.#remove(decision.dels)
    const user = this.#fields(logical.user(decision.user))
    if (!user) return
    user.set(userField.decisions, sum(user.get(userField.decisions), 1))
    user.set(decision.key, replayRecord(decision, decision.at_ms))
    if (decision.record !== '') user.set(recordField(decision.type, decision.entity), decision.record)
  }

  #remove(dels: Readonly<Record<string, readonly string[]>>): void {
    for (const key in dels) {
      const fields = this.#fields(key)
      const removed = dels[key] ?? []
      // nothing is written to it any more: its campaign is gone
      if (removed.length === 0) fields?.clear()
      else for (const field of removed) fields?.set(field, null)
    }
  }
}
