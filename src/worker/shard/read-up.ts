import type { JetStreamManager } from 'nats'
import type { Logger } from 'pino'
import { streamInfo } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import type { Projector } from '../projection/projector.ts'

/** How long the journal is read before an opening that somebody asked for, and how little may be left. */
const LONGEST_MS = 5000
const FRAMES_LEFT = 16

/**
 * Reads the journal of an epoch while the gate still decides, so that a recovery has little left to read while nobody can buy. It gives
 * up after a while, and where NATS or Postgres does not answer: the recovery reads what is left, or waits.
 */
export async function readUp(
  epoch: number,
  parts: {
    readonly shard: number
    readonly jsm: JetStreamManager
    readonly names: Names
    readonly projector: Projector
    readonly logger: Logger
  }
): Promise<void> {
  const { shard, jsm, names, projector, logger } = parts
  const end = performance.now() + LONGEST_MS
  try {
    while (performance.now() < end) {
      const info = await streamInfo(jsm, names.journalStream(shard, epoch))
      const { position } = projector
      const read = position.epoch === epoch ? position.sequence : 0
      if (info === undefined || info.state.last_seq - read <= FRAMES_LEFT) return
      await projector.step(epoch, 50)
    }
  } catch (error) {
    logger.warn({ err: error }, 'the journal could not be read before the opening')
  }
}
