import type { JetStreamManager } from 'nats'
import type { Client } from 'pg'
import type { Logger } from 'pino'
import { failPoint } from '../../config/fail-points.ts'
import { loadScripts, type OpeningScripts } from '../../gate/redis/opening-scripts.ts'
import type { ConnectedShard } from '../../gate/shard/connect-shard.ts'
import { NoRoomError } from '../../journal/room.ts'
import { type StreamSettings, sealStream } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import { alongIndexes, readDecisions, readStock } from '../../store/projection/restore.ts'
import { readBalances } from '../../store/reading/ledger.ts'
import {
  beginEpoch,
  listOpenings,
  markOpen,
  type Position,
  recordCreated,
  recordDeleted,
  recordOpening,
  recordSealed
} from '../../store/shard/shards.ts'
import { Fold } from './fold-users.ts'
import { publishOutbox, readLooseFrames, republish } from './lost-journal.ts'
import { createWithRoom } from './room.ts'
import { Sample, verify } from './verify.ts'
import { RestoreCalls, SupersededError, wipe } from './write-redis.ts'

/** What recovery needs from the projection, so that it does not import the worker. */
interface Drain {
  readonly position: Position
  drain(epoch: number, upTo: number, deadlineMs: number): Promise<void>
}

export interface RecoveryParts extends Pick<ConnectedShard, 'redis' | 'caller' | 'connection' | 'shard' | 'prefix'> {
  readonly session: Client
  readonly ownerTerm: number
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly streams: StreamSettings
  readonly projector: Drain
  readonly logger: Logger
}

const DRAIN_MS = 120_000
const LOG_EVERY = 100_000

interface Fence {
  /** sealed streams that still hold frames after the position, oldest first */
  readonly toDrain: ReadonlyArray<{ readonly epoch: number; readonly lastSequence: number }>
  readonly journalLost: boolean
  /** epochs whose streams are gone: noted as deleted only when nothing in them is needed any more */
  readonly gone: readonly number[]
}

/**
 * Step 3: seals every older stream for good. A stream counts as lost when Postgres names it, has not read it to its end, and it is
 * gone; so does one that ends before Postgres' position in it.
 */
async function fence(parts: RecoveryParts, epoch: number): Promise<Fence> {
  const { session, shard, jsm, names, projector, logger } = parts
  const toDrain: Array<{ epoch: number; lastSequence: number }> = []
  const gone: number[] = []
  let journalLost = false
  const lost = (stream: string) => {
    journalLost = true
    logger.error({ alarm: 'JOURNAL_LOST', stream }, 'a journal stream is gone, or the part that Postgres has read')
  }
  for (const opening of await listOpenings(session, shard)) {
    if (opening.epoch >= epoch) continue
    const name = names.journalStream(shard, opening.epoch)
    const lastSequence = await sealStream(jsm, name)
    if (lastSequence === undefined) {
      const passed = opening.epoch < projector.position.epoch || drained(opening, projector.position)
      if (opening.created && !passed) lost(name)
      gone.push(opening.epoch)
      continue
    }
    if (projector.position.epoch === opening.epoch && projector.position.sequence > lastSequence) lost(name)
    await recordSealed(session, { shard, epoch: opening.epoch, lastSequence })
    toDrain.push({ epoch: opening.epoch, lastSequence })
  }
  return { toDrain, journalLost, gone }
}

function drained(opening: { epoch: number; lastSequence: number | null }, position: Position): boolean {
  return opening.lastSequence !== null && position.epoch === opening.epoch && position.sequence >= opening.lastSequence
}

/** Step 2: after it no call of another epoch writes. */
async function closeGate(scripts: OpeningScripts): Promise<void> {
  const reply = await scripts.close()
  if (reply === 'OK') return
  if (reply.startsWith('HIGHER')) {
    throw new SupersededError(
      `Redis was opened under epoch ${reply.slice(7)}, Postgres says ${scripts.epoch}: Postgres is older than Redis. ` +
        'Restore the newest Postgres backup, or wait: each attempt raises the epoch by one.'
    )
  }
  throw new SupersededError('Redis was exchanged while the gate was being closed.')
}

/**
 * Steps 5 and 6. Redis adds up the sums of each page of decisions, so recovery holds one page and not the whole shard, and
 * Redis writes one page while Postgres reads the next.
 * @param log reports progress: with millions of decisions this takes long
 */
async function restoreRedis(
  parts: RecoveryParts,
  scripts: OpeningScripts,
  log: (step: string, details: object) => void
): Promise<{ hashes: number; decisions: number }> {
  const { session, shard, redis, prefix } = parts
  const target = { redis, prefix, scripts }
  await wipe(target)
  if (failPoint) await failPoint('R7')
  const calls = new RestoreCalls(target)
  const window = new Fold()
  const sample = new Sample()
  let decisions = 0
  await alongIndexes(session, async () => {
    for await (const page of readDecisions(session, shard)) {
      for (const decision of page) {
        window.add(decision)
        sample.add(decision)
      }
      await calls.write(window.hashes)
      window.clear()
      decisions += page.length
      if (decisions % LOG_EVERY === 0) log('folding', { decisions })
    }
  })
  await calls.end()
  const written = { decisions, hashes: calls.created }
  log('comparing Redis with Postgres', written)
  const summed = { stock: await readStock(session, shard), balances: readBalances(session, shard) }
  await verify(target, { hashes: calls.created, sample }, summed)
  return written
}

async function openGate(parts: RecoveryParts, scripts: OpeningScripts): Promise<void> {
  await markOpen(parts.session, {
    shard: parts.shard,
    ownerTerm: parts.ownerTerm,
    epoch: scripts.epoch,
    replid: scripts.replid,
    shas: scripts.shas
  })
  if (failPoint) await failPoint('R9')
  if (!(await scripts.open())) throw new SupersededError('Redis was exchanged before the gate could open.')
}

async function drainSealed({ projector, logger, shard }: RecoveryParts, toDrain: Fence['toDrain']): Promise<void> {
  for (const sealed of toDrain) {
    if (sealed.epoch < projector.position.epoch) continue
    logger.info(
      { shard, step: 'reading the journal to its end', ...sealed },
      'recovery: reading the journal to its end'
    )
    await projector.drain(sealed.epoch, sealed.lastSequence, DRAIN_MS)
  }
}

/**
 * @param readFirst older streams to read to their end where there is no room for a new stream: they can then give room. Empty for a
 * lost journal, because its frames must be published again before anything is read.
 */
async function createStream(parts: RecoveryParts, epoch: number, readFirst: Fence['toDrain']): Promise<void> {
  try {
    await createWithRoom(parts, epoch)
  } catch (error) {
    if (!(error instanceof NoRoomError) || readFirst.length === 0) throw error
    await drainSealed(parts, readFirst)
    await createWithRoom(parts, epoch)
  }
}

/**
 * Opens a shard: at first start, after a restart, a failover, a wipe or a lost journal, always by the same steps. It may stop
 * at any step; the next attempt starts at the first step, under the next epoch.
 * @throws the error of any server that does not answer; the shard stays closed then
 */
export async function recover(parts: RecoveryParts): Promise<OpeningScripts> {
  const { session, shard, ownerTerm, caller, prefix, projector, logger } = parts
  const started = performance.now()
  const epoch = await beginEpoch(session, { shard, ownerTerm })
  const log = (step: string, details: object = {}) =>
    logger.info({ shard, epoch, step, ...details }, `recovery: ${step}`)
  log('closing')
  if (failPoint) await failPoint('R1')
  const scripts = await loadScripts(caller, { shard, epoch, prefix })
  if (failPoint) await failPoint('R2')
  await closeGate(scripts)
  if (failPoint) await failPoint('R3')
  log('publishing what was decided and not journaled', await publishOutbox(parts))
  log('fencing the journal')
  const { toDrain, journalLost, gone } = await fence(parts, epoch)
  if (failPoint) await failPoint('R4')
  await recordOpening(session, shard, epoch)
  await createStream(parts, epoch, journalLost ? [] : toDrain)
  await recordCreated(session, shard, epoch)
  if (failPoint) await failPoint('R5')
  // before anything is read: a recovery that stopped after it had read a part of this stream would leave no sign that the older
  // stream was lost, and the next recovery would delete the outbox with frames that were not published again yet
  let republished = 0
  if (journalLost) {
    const frames = await readLooseFrames(parts)
    log('publishing again what Redis kept of the lost journal', { frames: frames.length })
    republished = await republish(parts, epoch, frames)
  }
  await drainSealed(parts, toDrain)
  // the end comes from the acks, not from asking the stream: a stream that is lost in its turn would answer that it is empty
  if (republished > 0) await projector.drain(epoch, republished, DRAIN_MS)
  // only now: a recovery that stopped before would leave the next one no sign that a stream was lost
  for (const lostEpoch of gone) await recordDeleted(session, shard, lostEpoch)
  if (failPoint) await failPoint('R6')
  log('folding', { decisions: 0 })
  const written = await restoreRedis(parts, scripts, log)
  log('opening', written)
  if (failPoint) await failPoint('R8')
  await openGate(parts, scripts)
  log('open', { ms: Math.round(performance.now() - started) })
  return scripts
}
