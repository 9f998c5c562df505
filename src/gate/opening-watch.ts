import type { Logger } from 'pino'
import type { ShardRow } from '../store/shards.ts'

/** The opening under which gate calls are made. */
export interface LiveOpening {
  readonly epoch: number
  readonly sha: string
}

interface WatchOptions {
  /** the shard's row in Postgres */
  readonly read: () => Promise<ShardRow | undefined>
  /** a real gate call without commands; true when the gate answered OK */
  readonly probe: (opening: LiveOpening) => Promise<boolean>
  readonly logger: Logger
}

export interface OpeningWatch {
  /** undefined while the gate is closed as far as this process knows */
  current(): LiveOpening | undefined
  /** The gate answered CLOSED or NOSCRIPT, or Redis was lost: read Postgres again, with back-off, until a probe succeeds. */
  invalidate(reason: string): void
  /** Resolves at the first successful probe. */
  ready(): Promise<void>
  stop(): void
}

const FIRST_DELAY_MS = 25
const LONGEST_DELAY_MS = 300

/** Keeps the opening that gate calls use; starts looking at once. */
export function watchOpening({ read, probe, logger }: WatchOptions): OpeningWatch {
  let opening: LiveOpening | undefined
  let last: LiveOpening | undefined
  let looking = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let announceReady: () => void = () => {}
  const ready = new Promise<void>((resolve) => {
    announceReady = resolve
  })

  async function attempt(): Promise<boolean> {
    // the last opening may well be alive: Redis only stuttered, and Postgres need not be there to say so
    if (last && (await probe(last).catch(() => false))) {
      opening = last
      return true
    }
    const row = await read()
    if (row?.state !== 'open' || !row.shas.gate) return false
    const candidate = { epoch: row.epoch, sha: row.shas.gate }
    if (!(await probe(candidate))) return false
    opening = candidate
    last = candidate
    return true
  }

  function look(delayMs: number): void {
    timer = setTimeout(async () => {
      const open = await attempt().catch((error: Error) => {
        logger.debug({ err: error }, 'the opening cannot be read')
        return false
      })
      if (stopped) return
      if (!open) {
        look(Math.min(delayMs * 2, LONGEST_DELAY_MS))
        return
      }
      looking = false
      logger.info({ epoch: opening?.epoch }, 'the gate is open')
      announceReady()
    }, delayMs)
  }

  function invalidate(reason: string): void {
    opening = undefined
    if (looking || stopped) return
    looking = true
    logger.warn({ reason }, 'the gate is closed for now')
    look(FIRST_DELAY_MS)
  }

  looking = true
  look(0)
  return {
    current: () => opening,
    invalidate,
    ready: () => ready,
    stop() {
      stopped = true
      clearTimeout(timer)
    }
  }
}
