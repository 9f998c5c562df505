import { askForWrites } from '../../gate/redis/ask-for-writes.ts'
import { RedisCallError } from '../../gate/redis/caller.ts'
import { slotOnItsWay } from '../../gate/redis/slot-watch.ts'
import { provesStorage } from '../../journal/storage-proof.ts'
import type { RecoveryParts } from './parts.ts'
import { missingRoom } from './room.ts'

const CALL_MS = 3000

export const STUCK_NATS = 'a nats-server 2.9 whose disk had no room stays stuck until it is restarted'

/** Why Redis would refuse the writes of a recovery, undefined when it would take them. */
async function redisFault({ caller, prefix }: RecoveryParts): Promise<string | undefined> {
  try {
    await askForWrites(caller, CALL_MS)
    const onItsWay = await slotOnItsWay(caller, prefix)
    return onItsWay && `the keys of the shard to be in one place: ${onItsWay}`
  } catch (error) {
    if (!(error instanceof RedisCallError)) throw error
    return error.reason === 'refused' ? `Redis to take writes: ${error.message}` : `Redis to answer: ${error.message}`
  }
}

/** Why NATS would refuse a stream or a message, undefined when it would take both. */
async function journalFault({ connection, jsm, names, shard, streams }: RecoveryParts): Promise<string | undefined> {
  if (!connection.isUp()) return 'NATS to be connected'
  const fault = await provesStorage({ connection, jsm, names, shard, replicas: streams.replicas })
  if (fault === undefined) return undefined
  return `NATS to store: ${fault}; ${STUCK_NATS}`
}

/**
 * Finds what a recovery would fail for, before the recovery raises the epoch: a new epoch for each second of an outage
 * helps nobody, and each leaves a stream.
 * @returns what to wait for, in words; undefined when a recovery can begin
 */
export async function missingFor(parts: RecoveryParts): Promise<string | undefined> {
  return (await redisFault(parts)) ?? (await journalFault(parts)) ?? (await missingRoom(parts))
}
