import type { JetStreamManager } from 'nats'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { failPoint } from '../../config/fail-points.ts'
import type { OpeningScripts } from '../../gate/redis/opening-scripts.ts'
import { giveKeys, readClock, readOutbox, someOfKept } from '../../gate/redis/outbox.ts'
import type { ConnectedShard } from '../../gate/shard/connect-shard.ts'
import type { Frame } from '../../journal/frame.ts'
import { completeStream, type StreamSettings, streamInfo } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import { sequenceWithin } from '../../recovery/open/room.ts'
import { storedBatches } from '../../store/projection/frame-rows.ts'
import { purgeableSequence } from '../../store/projection/restore.ts'
import { advanceComplete } from '../../store/shard/openings.ts'
import { EVENTS_READER, listOpenings, readReaderPosition, readShard, recordDeleted } from '../../store/shard/shards.ts'
import { giveKeysOf } from '../projection/fold-frames.ts'
import type { Loop } from '../running/loop.ts'
import { FramePruner } from './frame-pruner.ts'

/** The relay publishes entries of the outbox that are older than this. */
const RELAY_AFTER_MS = 1000
const ENTRIES = 256

type RedisParts = Pick<ConnectedShard, 'redis' | 'confirmer' | 'prefix' | 'shard'>

/**
 * Publishes frames that no gateway published in time, with the same ids, and settles them. A frame is old if it was written
 * long ago by Redis' clock, or was seen here for that long: an entry's time is shard time, which stands still, maybe for an
 * hour, after that clock was set back. (Rejected: only the time since it was seen. A long outbox would shrink by 256 entries a second.)
 * @returns a function that reads the outbox once and gives the number of frames published
 */
export function createRelay(parts: RedisParts): () => Promise<number> {
  let seen = new Map<string, number>()
  return async () => {
    const redisNow = await readClock(parts.redis)
    const frames = await readOutbox(parts, ENTRIES)
    const now = performance.now()
    seen = new Map(frames.map(({ entry }) => [entry, seen.get(entry) ?? now]))
    const old = frames.filter(({ entry, at }) => {
      const age = Math.max(redisNow - at, now - (seen.get(entry) ?? now))
      return age >= RELAY_AFTER_MS
    })
    if (failPoint && old.length > 0) await failPoint('X1')
    const results = await Promise.all(
      old.map(({ entry, payload, gives }) => parts.confirmer.confirm({ entry, payload, giveKeys: giveKeys(gives) }))
    )
    return results.filter(Boolean).length
  }
}

/** After a commit: settles what no gateway settled and deletes the frames from kept. */
export async function trimCommitted(scripts: OpeningScripts, prefix: string, frames: readonly Frame[]): Promise<void> {
  const mine = frames.filter((frame) => frame.epoch === scripts.epoch)
  if (mine.length === 0) return
  const give = new Set(mine.flatMap(giveKeysOf))
  await scripts.trim(
    mine.map((frame) => `${frame.epoch}-${frame.batch}`),
    Array.from(give, (key) => prefix + key)
  )
}

interface TidyParts extends RedisParts {
  /** not the owner's session, which would show what its transaction has not committed yet */
  readonly pool: Pool
  readonly scripts: OpeningScripts
}

/** Settles and deletes all frames that Postgres already has: a worker may have died between its commit and its trim. */
export async function tidy(parts: TidyParts): Promise<void> {
  const { shard, pool, scripts } = parts
  await advanceComplete(pool, shard, scripts.epoch)
  const [waiting, kept] = await Promise.all([readOutbox(parts, ENTRIES), someOfKept(parts, ENTRIES)])
  const give = new Map(waiting.map(({ entry, gives }) => [entry, giveKeys(gives)]))
  for (const entry of kept) give.set(entry, [])
  const mine = [...give.keys()].filter((entry) => entry.startsWith(`${scripts.epoch}-`))
  if (mine.length === 0) return
  const batches = mine.map((entry) => Number(entry.slice(entry.indexOf('-') + 1)))
  const stored = await storedBatches(pool, { shard, epoch: scripts.epoch, batches })
  if (stored.length === 0) return
  const done = stored.map((batch) => `${scripts.epoch}-${batch}`)
  await scripts.trim(done, new Set(done.flatMap((entry) => give.get(entry) ?? [])))
}

interface JanitorParts {
  readonly pool: Pool
  readonly jsm: JetStreamManager
  readonly names: Names
  readonly shard: number
  readonly epoch: number
  readonly keepSeconds: number
  /** settings of the open stream, for one that was made with lower bounds */
  readonly streams: StreamSettings
  readonly logger: Logger
}

/** Share of JOURNAL_MAX_BYTES at which the size of the journal is an alarm. */
const ALARM_AT = 0.7

/**
 * Purges the open stream and deletes older ones, up to what Postgres and the events reader have both passed; by their stored
 * places, because the next owner and the next reader begin there. (An owner's own place may be ahead of a Postgres that was
 * restored from a backup a moment ago.)
 */
export async function cleanJournal(parts: JanitorParts): Promise<void> {
  const { pool, jsm, names, shard, epoch, keepSeconds, logger } = parts
  const projection = (await readShard(pool, shard))?.position
  const events = await readReaderPosition(pool, EVENTS_READER, shard)
  if (!events || !projection) return
  for (const opening of await listOpenings(pool, shard)) {
    const name = names.journalStream(shard, opening.epoch)
    const read = Math.min(sequenceWithin(opening.epoch, projection), sequenceWithin(opening.epoch, events))
    const info = await streamInfo(jsm, name)
    if (!info) continue
    if (opening.epoch < epoch) {
      // A sealed stream refuses a purge, so it is deleted as a whole. Its own time decides, because its last message may be a
      // second copy or a dead letter, whose sequence Postgres does not know.
      const young = info.state.last_seq > 0 && Date.parse(info.state.last_ts) > Date.now() - keepSeconds * 1000
      if (read < info.state.last_seq || young) continue
      await jsm.streams.delete(name)
      await recordDeleted(pool, shard, opening.epoch)
      continue
    }
    const upTo = Math.min(read, await purgeableSequence(pool, { shard, epoch: opening.epoch, keepSeconds }))
    // Never { seq: 1 }: nats-server reads that as "everything", including a frame that arrived a moment ago. The first
    // sequence of an empty stream is 0, so 0 must not count as reached.
    if (upTo > 0 && upTo >= info.state.first_seq) await jsm.streams.purge(name, { seq: upTo + 1 })
    if (await completeStream(jsm, info, parts.streams)) continue
    const share = info.config.max_bytes > 0 ? info.state.bytes / info.config.max_bytes : 0
    if (share > ALARM_AT) {
      logger.error(
        { alarm: 'JOURNAL_FILLS', stream: name, share },
        'the journal is filling up; at 90 % the gate closes'
      )
    }
  }
}

const CLEAN_MS = 30_000

/** The loops that delete what all have read: messages and streams of the journal, then rows of frames. */
export function janitorLoops(parts: JanitorParts, ownerTerm: number): Loop[] {
  const pruner = new FramePruner({ ...parts, ownerTerm })
  const loop = (name: string, run: () => Promise<unknown>) => ({ name, everyMs: CLEAN_MS, vital: false, run })
  return [loop('janitor', () => cleanJournal(parts)), loop('rows of frames', () => pruner.step())]
}
