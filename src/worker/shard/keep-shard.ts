import type { Logger } from 'pino'
import { messageOf } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { withSession } from '../../store/connection/session.ts'
import type { EventTelling } from '../events/telling.ts'
import { pause } from '../running/loop.ts'
import type { FairShare } from './fair-share.ts'
import { ShardOwner } from './owner.ts'
import type { OwnerOptions } from './owner-options.ts'
import { RecoveryError } from './recovery-error.ts'

/** How long a worker waits before it tries again to own a shard that another holds, or that it could not open. */
const RETRY_MS = 500
/** After some recoveries that failed: each try makes an epoch and a stream, and maybe only people can help. */
const LONGEST_RETRY_MS = 30_000

interface KeepingParts {
  readonly config: Config
  readonly logger: Logger
  readonly signal: AbortSignal
  readonly share: FairShare
  readonly telling: EventTelling
  /** what the owner does besides until the signal fires, also while the shard is closed */
  readonly beside?: ((signal: AbortSignal) => Promise<void>) | undefined
}

/** The first try again comes soon: Redis may have been exchanged in the middle. */
function waitAfter(failed: number): number {
  return failed === 0 ? RETRY_MS : Math.min(RETRY_MS * 2 ** (failed - 1), LONGEST_RETRY_MS)
}

/** Works on the shard until it is lost or has to be given up; at once where another worker holds it. @returns whether it was owned */
async function own(options: OwnerOptions, parts: KeepingParts, giveUp: AbortSignal): Promise<boolean> {
  const { config, logger, signal, telling, beside } = parts
  let owned = false
  await withSession(config, 'floodgate-worker-owner', async (session, lost) => {
    const owner = await ShardOwner.take(options, session)
    if (!owner) return
    owned = true
    logger.info({ shard: options.parts.shard }, 'this worker owns the shard')
    telling.start()
    const ended = new AbortController()
    const until = AbortSignal.any([signal, lost, giveUp, ended.signal])
    const besides = beside?.(until)
    try {
      await owner.run(until)
    } finally {
      ended.abort()
      await besides
    }
  })
  return owned
}

/** Takes a shard when this worker may, works on it, and starts over when that ends, until the signal fires. */
export async function keepShard(options: OwnerOptions, parts: KeepingParts): Promise<void> {
  const { logger, signal, share, telling } = parts
  const { report } = options
  const { shard } = options.parts
  let failed = 0
  let told = ''
  while (!signal.aborted) {
    let waitMs = RETRY_MS
    const giveUp = share.hold(shard)
    try {
      const owned = giveUp !== undefined && (await own(options, parts, giveUp))
      if (!owned || giveUp.aborted) {
        report.standsBy()
        await telling.stop()
      }
      told = ''
    } catch (error) {
      failed = error instanceof RecoveryError ? failed + 1 : 0
      waitMs = waitAfter(failed)
      const alarm = failed > 1 ? { alarm: 'RECOVERY_FAILS', tries: failed } : {}
      const what = messageOf(error)
      report.standsBy(what)
      // an outage is one line, not one for each look at it
      const line = what === told && failed === 0 ? 'debug' : 'error'
      logger[line]({ ...alarm, err: error, shard, waitMs }, 'the work on the shard ended; it is taken up again')
      told = what
    } finally {
      share.release(shard)
    }
    await pause(waitMs, signal)
  }
  await telling.stop()
}
