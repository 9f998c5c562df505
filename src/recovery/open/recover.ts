import { randomUUID } from 'node:crypto'
import { failPoint } from '../../config/fail-points.ts'
import { LAYOUT } from '../../gate/redis/base.ts'
import { type ClosedData, loadScripts, type OpeningScripts } from '../../gate/redis/opening-scripts.ts'
import { requireWholeSlot } from '../../gate/redis/slot-watch.ts'
import { NoRoomError } from '../../journal/room.ts'
import { journalEpochs, streamInfo } from '../../journal/streams.ts'
import { newestDecisionAt } from '../../store/shard/openings.ts'
import { beginEpoch, markOpen, recordCreated, recordDeleted, recordOpening } from '../../store/shard/shards.ts'
import { catchUp, whyRebuild } from './catch-up.ts'
import { type Fence, fence } from './fence.ts'
import { publishOutbox, readLooseFrames, republish } from './lost-journal.ts'
import type { LogStep, RecoveryParts } from './parts.ts'
import { rebuild } from './rebuild.ts'
import { createWithRoom } from './room.ts'
import { SupersededError } from './write-redis.ts'

const DRAIN_MS = 120_000

interface Opened {
  readonly scripts: OpeningScripts
  /** whether Redis kept what it had: then what somebody else wrote there is still there */
  readonly caughtUp: boolean
}

/** Step 2: after it no call of another epoch writes. @returns what the data of Redis are */
async function closeGate(scripts: OpeningScripts): Promise<ClosedData | undefined> {
  const closed = await scripts.close()
  if (closed.status === 'OK') return closed.data
  if (closed.status === 'HIGHER') {
    throw new SupersededError(
      `Redis was opened under epoch ${closed.epoch}, Postgres says ${scripts.epoch}: Postgres is older than Redis. ` +
        'Restore the newest Postgres backup, or wait: each attempt raises the epoch by one.'
    )
  }
  throw new SupersededError('Redis was exchanged while the gate was being closed.')
}

/** Steps 5 and 6: catching up costs what Redis lacks, a rebuild what there is. @returns whether Redis caught up */
async function fillRedis(
  parts: RecoveryParts,
  { scripts, data }: { readonly scripts: OpeningScripts; readonly data: ClosedData | undefined },
  log: LogStep
): Promise<boolean> {
  const reason = await whyRebuild(parts, data)
  if (data !== undefined && reason === undefined) {
    log('catching up', data)
    await catchUp(parts, { scripts, data }, log)
    return true
  }
  log('writing Redis anew', { reason })
  await rebuild(parts, scripts, log)
  return false
}

async function isLive({ jsm, names, shard }: RecoveryParts, epoch: number): Promise<boolean> {
  const info = await streamInfo(jsm, names.journalStream(shard, epoch))
  return info !== undefined && info.config.sealed !== true
}

async function openGate(parts: RecoveryParts, scripts: OpeningScripts): Promise<void> {
  const { session, shard, ownerTerm, caller, prefix } = parts
  const { epoch, replid, shas } = scripts
  await requireWholeSlot(caller, prefix)
  const token = randomUUID().replaceAll('-', '')
  const newestAt = await newestDecisionAt(session, shard)
  await markOpen(session, { shard, ownerTerm, epoch, replid, shas, token })
  if (failPoint) await failPoint('R9')
  if (!(await scripts.open({ epoch, token, layout: LAYOUT }, newestAt)))
    throw new SupersededError('Redis was exchanged before the gate could open.')
}

async function drainSealed({ projector, logger, shard }: RecoveryParts, toDrain: Fence['toDrain']): Promise<void> {
  for (const sealed of toDrain) {
    if (sealed.epoch < projector.position.epoch) continue
    logger.info(
      { shard, step: 'reading the journal to its end', ...sealed },
      'recovery: reading the journal to its end'
    )
    const refused = sealed.overtaken ? 'stands on the stream of an opening that never opened' : undefined
    await projector.drain(sealed.epoch, sealed.lastSequence, { deadlineMs: DRAIN_MS, ...(refused && { refused }) })
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
export async function recover(parts: RecoveryParts): Promise<Opened> {
  const { session, shard, ownerTerm, caller, prefix, projector, logger } = parts
  const started = performance.now()
  const known = await journalEpochs(parts.jsm, parts.names, shard)
  const epoch = await beginEpoch(session, { shard, ownerTerm, above: known.at(-1) ?? 0 })
  const log: LogStep = (step, details = {}) => logger.info({ shard, epoch, step, ...details }, `recovery: ${step}`)
  log('closing')
  if (failPoint) await failPoint('R1')
  const scripts = await loadScripts(caller, { shard, epoch, prefix })
  if (failPoint) await failPoint('R2')
  const data = await closeGate(scripts)
  if (failPoint) await failPoint('R3')
  log('publishing what was decided and not journaled', await publishOutbox(parts, (old) => isLive(parts, old)))
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
  if (republished > 0) await projector.drain(epoch, republished, { deadlineMs: DRAIN_MS })
  // only now: a recovery that stopped before would leave the next one no sign that a stream was lost
  for (const lostEpoch of gone) await recordDeleted(session, shard, lostEpoch)
  if (failPoint) await failPoint('R6')
  const caughtUp = await fillRedis(parts, { scripts, data }, log)
  log('opening')
  if (failPoint) await failPoint('R8')
  await openGate(parts, scripts)
  log('open', { ms: Math.round(performance.now() - started) })
  return { scripts, caughtUp }
}
