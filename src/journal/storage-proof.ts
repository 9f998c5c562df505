import { type JetStreamManager, RetentionPolicy, StorageType } from 'nats'
import { messageOf } from '../base/errors.ts'
import type { JournalConnection } from './connection.ts'
import { throughElection } from './election.ts'
import { createPublisher } from './publisher.ts'
import { isNoRoom, withCopies } from './room.ts'
import type { Names } from './subjects.ts'

const ACK_MS = 2000
/** Enough for one small message. */
const MAX_BYTES = 4096

interface ProofParts {
  readonly connection: JournalConnection
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly shard: number
  readonly replicas: number
}

/**
 * Makes a small stream with the settings of a journal stream, stores a message in it and deletes it: a NATS that answers may
 * still be unable to store.
 * @returns the error of NATS, undefined when it stored the message
 */
export async function provesStorage(parts: ProofParts): Promise<string | undefined> {
  const { connection, jsm, names, shard, replicas } = parts
  const name = names.proofStream(shard)
  const subject = names.proofSubject(shard)
  const publisher = createPublisher(connection, ACK_MS)
  try {
    // a worker that died here left it behind
    await jsm.streams.delete(name).catch(() => false)
    const proof = { name, subjects: [subject], storage: StorageType.File, retention: RetentionPolicy.Limits }
    const add = (copies: number) => jsm.streams.add({ ...proof, max_bytes: MAX_BYTES, num_replicas: copies })
    await withCopies(replicas, (copies) => throughElection(() => add(copies)))
    const result = await publisher.publish({ stream: name, subject, id: 'proof', payload: 'x' })
    return result.acked ? undefined : result.reason
  } catch (error) {
    // no room for this stream proves nothing: later, behind the fence, older streams give back theirs
    if (isNoRoom(error)) return undefined
    return messageOf(error)
  } finally {
    publisher.close()
    await jsm.streams.delete(name).catch(() => false)
  }
}
