import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import { isRing, userField } from '../../record/fields.ts'
import { isStockKey, isUserKey, logical, scopeKey } from '../../record/keys.ts'
import type { FoldedDecision } from '../../store/projection/restore.ts'
import type { StockDelta } from '../../store/projection/rows.ts'
import { Fold, type FoldedFields, foldedDecision, parseFields } from '../open/fold-users.ts'
import { evenCounts } from '../open/forget-in.ts'
import type { Snapshot } from '../open/snapshot.ts'
import { ringOf } from './ring.ts'

/** A field or message on which two of Redis, journal and Postgres do not agree. */
export interface Difference {
  readonly kind: 'user' | 'rules' | 'stock' | 'journal'
  /** logical key of the hash, or the stream */
  readonly key: string
  readonly field: string
  /** the value by the journal, as Postgres has it; null for none */
  readonly expected: string | null
  readonly found: string | null
  /** the decision that last wrote the field, `<shard>-<epoch>-<sequence>`, or a frame's id; '' where none is known */
  readonly id: string
}

/** Sums of the gives of held frames that are not settled yet, by logical key and field. */
function openGives(snapshot: Snapshot, prefix: string): Map<string, number> {
  const open = new Map<string, number>()
  for (const { gives } of snapshot.held) {
    for (const [key, field, delta] of gives) {
      const place = `${key.slice(prefix.length)} ${field}`
      open.set(place, (open.get(place) ?? 0) + delta)
    }
  }
  return open
}

const touches = (decision: FoldedDecision, key: string, field: string): boolean =>
  [decision.adds, decision.puts].some((parts) =>
    Object.entries(parts).some(([scope, fields]) => scopeKey(scope, decision) === key && field in fields)
  ) || decision.key === field

function lastWriter(
  shard: number,
  decisions: readonly FoldedDecision[],
  place: { key: string; field: string }
): string {
  const writer = decisions.findLast((decision) => touches(decision, place.key, place.field))
  return writer ? `${shard}-${writer.epoch}-${writer.sequence}` : ''
}

/** An absent field and zero count as equal: Redis does not have a field that was only given before the give is settled. */
function same(expected: string | undefined, found: string | undefined): boolean {
  return expected === found || ((expected ?? '0') === '0' && (found ?? '0') === '0')
}

interface Comparison {
  readonly shard: number
  readonly prefix: string
  readonly snapshot: Snapshot
  /** rows of the checkpoint from which the compared hashes go on, by key */
  readonly begun: ReadonlyMap<string, string>
  /** decisions about the compared keys that Postgres has beyond these, up to the snapshot's frame, in order */
  readonly stored: readonly FoldedDecision[]
  /** batches of held frames that Postgres has stored */
  readonly storedBatches: ReadonlySet<number>
}

/**
 * The stored decisions and those of held frames that Postgres does not have yet, in the order in which they were decided: a frame may be stored
 * before an earlier one, of another gateway, has reached the journal.
 */
function allDecisions({ snapshot, stored, storedBatches }: Comparison): FoldedDecision[] {
  const held = snapshot.held
    .filter(({ frame }) => frame.epoch === snapshot.epoch && !storedBatches.has(frame.batch))
    .flatMap(({ frame }) => frame.decisions.map((decision) => foldedDecision(frame, decision)))
  return [...stored, ...held].sort((a, b) => a.epoch - b.epoch || a.sequence - b.sequence)
}

/** The fields of a folded hash that are there. */
const written = (fields: FoldedFields): Array<readonly [field: string, value: string]> =>
  [...fields].flatMap(([field, value]) => (value === null ? [] : [[field, String(value)] as const]))

function compareHash(
  comparison: Comparison,
  place: { kind: Difference['kind']; key: string; onlyExpected: boolean },
  parts: { expected: FoldedFields; decisions: readonly FoldedDecision[]; open: ReadonlyMap<string, number> }
): Difference[] {
  const { kind, key, onlyExpected } = place
  const even = kind === 'user' ? evenCounts : (entries: Iterable<readonly [string, string]>) => new Map(entries)
  const found = even(Object.entries(comparison.snapshot.hashes.get(key) ?? {}))
  const known = even(written(parts.expected))
  const fields = new Set([
    ...known.keys(),
    ...(onlyExpected ? [] : [...found.keys()].filter((field) => !isRing(field)))
  ])
  const differences: Difference[] = []
  for (const field of fields) {
    const sum = known.get(field)
    const late = parts.open.get(`${key} ${field}`) ?? 0
    const expected = late === 0 ? sum : String(Number(sum ?? 0) - late)
    if (same(expected, found.get(field))) continue
    const id = lastWriter(comparison.shard, parts.decisions, { key, field })
    differences.push({ kind, key, field, expected: expected ?? null, found: found.get(field) ?? null, id })
  }
  return differences
}

/** What was decided of some users, as hashes. */
function foldUsers(comparison: Comparison, users: readonly string[]) {
  const wanted = new Set(users)
  const decisions = allDecisions(comparison).filter(({ user, dels }) => wanted.has(user) || dels !== null)
  const fold = new Fold()
  for (const [key, fields] of comparison.begun) fold.seed(key, parseFields(fields))
  for (const decision of decisions) fold.add(decision)
  return { decisions, hashes: fold.hashes }
}

/** Compares every field of users' hashes with the fold of their decisions. */
export function compareUsers(comparison: Comparison, users: readonly string[]): Difference[] {
  const open = openGives(comparison.snapshot, comparison.prefix)
  const { decisions, hashes } = foldUsers(comparison, users)
  return users.flatMap((user) => {
    const key = logical.user(user)
    const own = decisions.filter((decision) => decision.user === user)
    const expected = hashes.get(key) ?? new Map<string, string>()
    return compareHash(comparison, { kind: 'user', key, onlyExpected: false }, { expected, decisions: own, open })
  })
}

const counts = [userField.decisions, userField.forgotten]

/** The fields that a user's hash should have: a list of field, value, ... */
export function expectedOfUser(comparison: Comparison, user: string): string[] {
  const key = logical.user(user)
  const expected = new Map(written(foldUsers(comparison, [user]).hashes.get(key) ?? new Map()))
  const found = comparison.snapshot.hashes.get(key) ?? {}
  const own = counts.flatMap((field) => (found[field] === undefined ? [] : [[field, found[field]] as const]))
  // as it counts itself where that comes to the same: its ring goes by it; else the ring is written anew, too
  if (evenCounts(own).get(userField.decisions) === evenCounts(expected).get(userField.decisions)) {
    for (const field of counts) expected.delete(field)
    for (const [field, value] of own) expected.set(field, value)
  } else for (const [field, value] of ringOf(expected)) expected.set(field, value)
  return [...expected].flat()
}

/** Whether something that was given to a hash is not settled yet. */
export function hasOpenGives({ snapshot, prefix }: Comparison, key: string): boolean {
  return snapshot.held.some(({ gives }) => gives.some(([physical]) => physical === prefix + key))
}

/** Compares what operators' decisions put into the rules of campaigns and activities. */
export function compareRules(comparison: Comparison): Difference[] {
  const decisions = allDecisions(comparison).filter(({ user }) => user === SYSTEM_USER)
  const expected = new Map<string, Map<string, string>>()
  for (const decision of decisions) {
    for (const [scope, values] of Object.entries(decision.puts)) {
      const key = scopeKey(scope, decision)
      const fields = expected.get(key) ?? new Map<string, string>()
      for (const [field, value] of Object.entries(values)) fields.set(field, value)
      expected.set(key, fields)
    }
    for (const [key, fields] of Object.entries(decision.dels ?? {})) {
      if (fields.length === 0) expected.delete(key)
      else for (const field of fields) expected.get(key)?.delete(field)
    }
  }
  const none = new Map<string, number>()
  return [...expected].flatMap(([key, fields]) =>
    comparison.snapshot.hashes.has(key)
      ? compareHash(comparison, { kind: 'rules', key, onlyExpected: true }, { expected: fields, decisions, open: none })
      : []
  )
}

/** Keys of the hashes into which operators' decisions put rules. */
export function ruleKeys(decisions: readonly FoldedDecision[]): string[] {
  const keys = new Set<string>()
  for (const decision of decisions) {
    for (const scope of Object.keys(decision.puts)) keys.add(scopeKey(scope, decision))
  }
  return [...keys].filter((key) => !isUserKey(key))
}

const counters = ['total', 'remaining', 'held', 'paid'] as const
export const stockKeyOf = (row: Pick<StockDelta, 'campaign_id' | 'activity_id'>): string =>
  logical.stock(row.campaign_id, row.activity_id)

function addStockDeltas(sums: Map<string, number>, decision: FoldedDecision, sign: 1 | -1): void {
  for (const [scope, fields] of Object.entries(decision.adds)) {
    const key = scopeKey(scope, decision)
    for (const [field, delta] of Object.entries(fields)) {
      const place = `${key} ${field}`
      if (isStockKey(key)) sums.set(place, (sums.get(place) ?? 0) + sign * delta)
    }
  }
}

/**
 * Compares stock in Redis with the sums in Postgres: less the frames that came after the snapshot, plus the held frames that
 * Postgres did not have, less the gives that are not settled yet.
 */
export function compareStock(
  comparison: Comparison,
  rows: readonly StockDelta[],
  later: readonly FoldedDecision[]
): Difference[] {
  const { snapshot, prefix, shard } = comparison
  const sums = new Map<string, number>()
  for (const decision of later) addStockDeltas(sums, decision, -1)
  const held = allDecisions({ ...comparison, stored: [] })
  for (const decision of held) addStockDeltas(sums, decision, 1)
  const open = openGives(snapshot, prefix)
  return rows.flatMap((row) => {
    const key = stockKeyOf(row)
    const found = snapshot.hashes.get(key) ?? {}
    return counters.flatMap((counter) => {
      const field = `${row.session_id}:${counter}`
      const place = `${key} ${field}`
      const expected = String(row[counter] + (sums.get(place) ?? 0) - (open.get(place) ?? 0))
      if (same(expected, found[field])) return []
      const id = lastWriter(shard, held, { key, field })
      return [{ kind: 'stock' as const, key, field, expected, found: found[field] ?? null, id }]
    })
  })
}
