import { throughElection } from '../../journal/election.ts'
import { journalEpochs, sealStream } from '../../journal/streams.ts'
import { listOpenings, type Position, recordCreated, recordOpening, recordSealed } from '../../store/shard/shards.ts'
import type { RecoveryParts } from './parts.ts'

export interface Fence {
  /**
   * sealed streams that still hold frames after the position, oldest first; the frames of one that was overtaken are void: a later
   * opening has decided without them
   */
  readonly toDrain: ReadonlyArray<{
    readonly epoch: number
    readonly lastSequence: number
    readonly overtaken: boolean
  }>
  readonly journalLost: boolean
  /** epochs whose streams are gone: noted as deleted only when nothing in them is needed any more */
  readonly gone: readonly number[]
}

/**
 * Step 3: seals every older stream for good. A stream counts as lost when Postgres names it, has not read it to its end, and it is
 * gone; so does one that ends before Postgres' position in it.
 */
export async function fence(parts: RecoveryParts, epoch: number): Promise<Fence> {
  const { session, shard, jsm, names, projector, logger } = parts
  const toDrain: Array<Fence['toDrain'][number]> = []
  const gone: number[] = []
  let journalLost = false
  const lost = (stream: string) => {
    journalLost = true
    logger.error({ alarm: 'JOURNAL_LOST', stream }, 'a journal stream is gone, or the part that Postgres has read')
  }
  // a Postgres that was restored from a backup knows nothing of the streams since: what was confirmed on them is read all the same
  const named = new Set((await listOpenings(session, shard)).map((opening) => opening.epoch))
  for (const unknown of await journalEpochs(jsm, names, shard)) {
    if (unknown >= epoch || named.has(unknown) || unknown < projector.position.epoch) continue
    logger.warn({ shard, epoch: unknown }, 'a stream of the journal that Postgres does not know is read')
    await recordOpening(session, shard, unknown)
    await recordCreated(session, shard, unknown)
  }
  for (const opening of await listOpenings(session, shard)) {
    if (opening.epoch >= epoch) continue
    const name = names.journalStream(shard, opening.epoch)
    const lastSequence = await throughElection(() => sealStream(jsm, name))
    if (lastSequence === undefined) {
      const passed = opening.epoch < projector.position.epoch || drained(opening, projector.position)
      if (opening.created && !passed) lost(name)
      gone.push(opening.epoch)
      continue
    }
    if (projector.position.epoch === opening.epoch && projector.position.sequence > lastSequence) lost(name)
    await recordSealed(session, { shard, epoch: opening.epoch, lastSequence })
    toDrain.push({ epoch: opening.epoch, lastSequence, overtaken: opening.overtaken })
  }
  return { toDrain, journalLost, gone }
}

function drained(opening: { epoch: number; lastSequence: number | null }, position: Position): boolean {
  return opening.lastSequence !== null && position.epoch === opening.epoch && position.sequence >= opening.lastSequence
}
