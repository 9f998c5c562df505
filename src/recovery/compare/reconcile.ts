import type { JetStreamManager } from 'nats'
import type { Pool } from 'pg'
import { FloodgateError } from '../../base/errors.ts'
import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import { type InRedis, readBacklog } from '../../gate/redis/outbox.ts'
import { scanKeys } from '../../gate/redis/state.ts'
import type { JournalConnection } from '../../journal/connection.ts'
import { StreamReader } from '../../journal/reader.ts'
import { streamInfo } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import { logical, userOfKey } from '../../record/keys.ts'
import { knownEntries } from '../../store/projection/frame-rows.ts'
import { decisionsOfUsers, knownSequences, stockAt, usersAt } from '../../store/projection/reconcile.ts'
import { readStock } from '../../store/projection/restore.ts'
import { nextUsers, type UserCursor, unknownUsers } from '../../store/projection/users.ts'
import { listOpenings, readShard } from '../../store/shard/shards.ts'
import { withoutReplays } from '../open/forget-in.ts'
import { type Snapshot, takeSnapshot } from '../open/snapshot.ts'
import { compareRules, compareStock, compareUsers, type Difference, ruleKeys, stockKeyOf } from './compare.ts'

export interface ReconcileParts extends InRedis {
  readonly pool: Pool
  readonly connection: JournalConnection
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly shard: number
}

/** The shard is closed, was opened again meanwhile, or too much is on its way: a comparison is not possible now. */
export class NotComparableError extends FloodgateError {
  readonly code = 'not-comparable'
  readonly meaning = 'Nothing was compared.'
  readonly remedy = 'Compare again when the shard is open and Postgres has what was decided.'
}

export interface Reconciliation {
  readonly epoch: number
  readonly users: number
  readonly stocks: number
  readonly frames: number
  /** at most `MOST_DIFFERENCES` */
  readonly differences: readonly Difference[]
  /** whether there are more differences than those listed */
  readonly truncated: boolean
}

const USERS_AT_ONCE = 100
const MESSAGES_AT_ONCE = 256
const MOST_DIFFERENCES = 1000
/**
 * What waits in Redis is read and parsed as a whole for each comparison, and Redis does nothing else meanwhile: 8 MB, some 18,000
 * purchases, take it a few ms, and the worker a tenth of a second. All that may wait would stop the gate once a second.
 */
const HELD_BYTES = 8 * 1024 ** 2
const HELD_FRAMES = 256

/** @throws NotComparableError while the shard is closed, or too much waits for the journal or Postgres */
export async function snapshotOf(parts: ReconcileParts, keys: readonly string[]): Promise<Snapshot> {
  const { outbox, keptBytes } = await readBacklog(parts)
  if (keptBytes > HELD_BYTES || outbox > HELD_FRAMES)
    throw new NotComparableError(
      `${outbox} frames wait for the journal, and ${keptBytes} bytes of frames for Postgres.`
    )
  const snapshot = await takeSnapshot(parts, keys)
  if (!snapshot.isOpen)
    throw new NotComparableError('The shard is closed or being opened: compare again when it is open.')
  return snapshot
}

/** @param hashes logical keys whose rows of the checkpoint are what the decisions go on from; none: all decisions are read */
export async function comparisonOf(
  parts: ReconcileParts,
  snapshot: Snapshot,
  { users, hashes }: { readonly users: readonly string[]; readonly hashes: readonly string[] }
) {
  const { pool, shard, prefix } = parts
  const { epoch, batch } = snapshot
  const held = snapshot.held.map(({ frame }) => frame.batch)
  const { forgotten } = snapshot
  const at = await usersAt(pool, { shard, epoch, batch }, { users, hashes, held, forgotten })
  if (at === undefined) throw new NotComparableError('The checkpoint is ahead of what was read of Redis.')
  // what is forgotten and still there is no difference
  const alike = new Map(snapshot.hashes)
  for (const [user, gone] of at.gone) alike.set(logical.user(user), withoutReplays(alike.get(logical.user(user)), gone))
  return {
    shard,
    prefix,
    snapshot: { ...snapshot, hashes: alike },
    isForgetting: at.gone.size > 0,
    begun: at.begun,
    stored: at.decisions,
    storedBatches: at.stored
  }
}

/** Compares the next users. @param after undefined for the first @returns next: undefined when these were the last */
export async function reconcileUsers(
  parts: ReconcileParts,
  after: UserCursor | undefined,
  most: number = USERS_AT_ONCE
): Promise<{ differences: Difference[]; users: number; next: UserCursor | undefined; epoch: number }> {
  const { users, next } = await nextUsers(parts.pool, { shard: parts.shard, prefix: logical.user(''), most }, after)
  const people = users.filter((user) => user !== SYSTEM_USER)
  return { ...(await compareThese(parts, people)), users: people.length, next }
}

async function compareThese(
  parts: ReconcileParts,
  users: readonly string[]
): Promise<{ differences: Difference[]; epoch: number }> {
  const hashes = users.map(logical.user)
  const snapshot = await snapshotOf(parts, hashes)
  return {
    differences: compareUsers(await comparisonOf(parts, snapshot, { users, hashes }), users),
    epoch: snapshot.epoch
  }
}

/** Looks at every key of Redis: the hash of a user of whom nothing is stored must be that of somebody whose first decision is on its way. */
export async function* strangeUsers(parts: ReconcileParts): AsyncGenerator<Difference[]> {
  const { pool, shard } = parts
  for await (const page of scanKeys(parts)) {
    const users = page.flatMap((key) => userOfKey(key) ?? [])
    const unknown = await unknownUsers(pool, { shard, prefix: logical.user('') }, users)
    for (let from = 0; from < unknown.length; from += USERS_AT_ONCE)
      yield (await compareThese(parts, unknown.slice(from, from + USERS_AT_ONCE))).differences
    yield []
  }
}

/** Compares all stock and all rules. */
export async function reconcileStock(parts: ReconcileParts): Promise<{ differences: Difference[]; stocks: number }> {
  const { pool, shard, prefix } = parts
  const far = { shard, epoch: Number.MAX_SAFE_INTEGER, batch: 0 }
  const keys = [
    ...(await readStock(pool, shard)).map(stockKeyOf),
    ...ruleKeys(await decisionsOfUsers(pool, [SYSTEM_USER], { upTo: far }))
  ]
  const snapshot = await snapshotOf(parts, [...new Set(keys)])
  const place = { shard, epoch: snapshot.epoch, batch: snapshot.batch }
  const held = snapshot.held.map(({ frame }) => frame.batch)
  const { stock, later, frames } = await stockAt(pool, { place, held }, (db) => readStock(db, shard))
  const known = stock.filter((row) => snapshot.hashes.has(stockKeyOf(row)))
  const comparison = { shard, prefix, snapshot, begun: new Map<string, string>(), stored: [], storedBatches: frames }
  return {
    differences: [
      ...compareStock(comparison, known, later),
      ...compareRules(await comparisonOf(parts, snapshot, { users: [SYSTEM_USER], hashes: [] }))
    ],
    stocks: known.length
  }
}

/** Compares each message of the existing streams, up to Postgres' position, with the frames and dead letters stored, both ways. */
async function reconcileJournal(parts: ReconcileParts): Promise<{ differences: Difference[]; frames: number }> {
  const { pool, jsm, names, shard } = parts
  const row = await readShard(pool, shard)
  const differences: Difference[] = []
  let frames = 0
  for (const { epoch } of await listOpenings(pool, shard)) {
    const stream = names.journalStream(shard, epoch)
    const info = await streamInfo(jsm, stream)
    if (!info || info.state.messages === 0 || !row) continue
    const end = epoch < row.position.epoch ? info.state.last_seq : row.position.sequence
    if (epoch > row.position.epoch) continue
    const found = await readStretch(parts, {
      stream,
      epoch,
      from: info.state.first_seq,
      to: Math.min(end, info.state.last_seq)
    })
    differences.push(...found.differences)
    frames += found.frames
  }
  return { differences, frames }
}

interface Stretch {
  readonly stream: string
  readonly epoch: number
  readonly from: number
  readonly to: number
}

async function readStretch(
  parts: ReconcileParts,
  stretch: Stretch
): Promise<{ differences: Difference[]; frames: number }> {
  const { pool, jsm, connection, shard } = parts
  const { stream, from, to } = stretch
  const known = await knownSequences(pool, { ...stretch, shard })
  const differences: Difference[] = []
  const seen = new Set<number>()
  const entries = new Set<string>()
  const strange: Array<{ sequence: number; id: string; first: number }> = []
  const reader = new StreamReader({ connection, jsm, stream, from })
  try {
    while (reader.next <= to) {
      const messages = await reader.read(MESSAGES_AT_ONCE, 2000)
      if (messages.length === 0) break
      for (const { sequence, text } of messages) {
        if (sequence > to) continue
        seen.add(sequence)
        const id = /"epoch":(\d+),"batch":(\d+)/.exec(text)?.slice(1).join('-') ?? ''
        const isKnown = known.frames.has(sequence) || known.deadLetters.has(sequence)
        const first = id === '' || !entries.has(id)
        entries.add(id)
        if (first && !isKnown)
          strange.push({ sequence, id, first: Number(/"decisions":\[{"seq":(\d+)/.exec(text)?.[1]) })
      }
    }
  } finally {
    await reader.close()
  }
  // the projection skips a second copy of a frame: its id is stored under the sequence of the first copy, which may have gone
  const asked = strange.map(({ id, first }) => {
    const [epoch, batch] = id.split('-').map(Number)
    return { epoch: epoch ?? 0, batch: batch ?? 0, first }
  })
  const copies = new Set(await knownEntries(pool, shard, asked))
  strange.forEach(({ sequence, id }, place) => {
    if (copies.has(place)) return
    differences.push(journalDifference(stretch, sequence, { expected: 'a row', found: null, id: `${shard}-${id}` }))
  })
  for (const sequence of known.frames) {
    if (!seen.has(sequence))
      differences.push(journalDifference(stretch, sequence, { expected: 'a message', found: null, id: '' }))
  }
  return { differences, frames: seen.size }
}

function journalDifference(
  { stream }: Stretch,
  sequence: number,
  what: Pick<Difference, 'expected' | 'found' | 'id'>
): Difference {
  return { kind: 'journal', key: stream, field: String(sequence), ...what }
}

/**
 * Compares Redis, journal and Postgres of a whole shard while it works. Each chunk is read in one instant of Redis.
 * @param onProgress called after each chunk
 * @throws NotComparableError while the shard is closed; the error of a server that does not answer
 */
export async function reconcile(
  parts: ReconcileParts,
  onProgress: (users: number) => void = () => {}
): Promise<Reconciliation> {
  const differences: Difference[] = []
  const stock = await reconcileStock(parts)
  differences.push(...stock.differences)
  let users = 0
  let epoch = 0
  let after: UserCursor | undefined
  do {
    const chunk = await reconcileUsers(parts, after)
    differences.push(...chunk.differences)
    users += chunk.users
    epoch = chunk.epoch
    after = chunk.next
    onProgress(users)
  } while (after !== undefined && differences.length < MOST_DIFFERENCES)
  const journal = await reconcileJournal(parts)
  differences.push(...journal.differences)
  return {
    epoch,
    users,
    stocks: stock.stocks,
    frames: journal.frames,
    differences: differences.slice(0, MOST_DIFFERENCES),
    truncated: after !== undefined || differences.length > MOST_DIFFERENCES
  }
}
