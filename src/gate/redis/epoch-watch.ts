import type { Logger } from 'pino'
import { FloodgateError } from '../../base/errors.ts'
import type { ShardRow } from '../../store/shard/shards.ts'
import { RedisCallError } from './caller.ts'

/** The opening under which gate calls are made. */
export interface LiveOpening {
  readonly epoch: number
  readonly sha: string
}

interface WatchOptions {
  /** the shard's row in Postgres */
  readonly read: () => Promise<ShardRow | undefined>
  /** a real gate call without commands; true when the gate answered OK. @throws RedisCallError */
  readonly probe: (opening: LiveOpening) => Promise<boolean>
  readonly logger: Logger
}

export interface OpeningWatch {
  /** undefined while the gate is closed as far as this process knows */
  current(): LiveOpening | undefined
  /** why it is closed: the first word is Redis' code where Redis refuses; '' while it is open */
  reason(): string
  /** The gate cannot be used: look again, with back-off, until a probe succeeds. */
  invalidate(why: string | RedisCallError): void
  /** Resolves at the first successful probe. */
  ready(): Promise<void>
  stop(): void
}

const FIRST_DELAY_MS = 25
const LONGEST_DELAY_MS = 300

/** Another opening may be the live one: only Postgres can say which. Whatever else is wrong, Postgres cannot help. */
function isAnothers(why: Error): boolean {
  return why instanceof ClosedError || (why instanceof RedisCallError && why.reason === 'noscript')
}

/** Says once, for as long as the gate stays closed, each different thing that keeps it closed. */
class Telling {
  readonly #logger: Logger
  readonly #told = new Set<string>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  closed(why: Error): void {
    const reason = why.message
    const refusal = why instanceof RedisCallError && why.reason === 'refused'
    const kind = refusal ? (reason.split(' ')[0] ?? '') : 'closed'
    if (this.#told.has(kind)) return
    this.#told.add(kind)
    if (!refusal) this.#logger.warn({ reason }, 'the gate is closed for now')
    else
      this.#logger.error(
        { alarm: 'REDIS_REFUSES', reason },
        'Redis refuses to decide; the gate is closed until it does'
      )
  }

  open(epoch: number): void {
    this.#told.clear()
    this.#logger.info({ epoch }, 'the gate is open')
  }
}

class ClosedError extends FloodgateError {
  readonly code = 'gate-closed'
  readonly meaning = 'Nothing is decided until the shard is open.'
  readonly remedy = 'Wait: a worker opens it. Its log says what it waits for.'
}

/** Finds the opening that answers. */
class Finder {
  readonly #options: Pick<WatchOptions, 'read' | 'probe'>
  #last: LiveOpening | undefined

  constructor(options: Pick<WatchOptions, 'read' | 'probe'>) {
    this.#options = options
  }

  /** undefined when the gate answers OK under this opening, otherwise what is wrong */
  async faultOf(opening: LiveOpening): Promise<Error | undefined> {
    try {
      return (await this.#options.probe(opening)) ? undefined : new ClosedError('the gate answers CLOSED')
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  /** @throws what keeps the gate closed */
  async find(): Promise<LiveOpening> {
    // the last opening may well be alive: Redis only stuttered, and Postgres need not be there to say so
    const fault = this.#last && (await this.faultOf(this.#last))
    if (this.#last && fault === undefined) return this.#last
    if (fault && !isAnothers(fault)) throw fault
    const row = await this.#options.read()
    if (row?.state !== 'open' || !row.shas.gate) throw new ClosedError('the shard is being opened')
    const candidate = { epoch: row.epoch, sha: row.shas.gate }
    const why = await this.faultOf(candidate)
    if (why) throw why
    this.#last = candidate
    return candidate
  }
}

/** Keeps the opening that gate calls use; starts looking at once. */
export function watchOpening({ read, probe, logger }: WatchOptions): OpeningWatch {
  const finder = new Finder({ read, probe })
  const telling = new Telling(logger)
  let opening: LiveOpening | undefined
  let reason = 'the gate was not asked yet'
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let announceReady: () => void = () => {}
  const ready = new Promise<void>((resolve) => {
    announceReady = resolve
  })

  function look(delayMs: number): void {
    clearTimeout(timer)
    timer = setTimeout(async () => {
      const found = await finder.find().catch((why: Error) => {
        close(why)
        return undefined
      })
      if (stopped) return
      // never at once again, whatever it began with
      if (found === undefined) look(Math.min(Math.max(delayMs * 2, FIRST_DELAY_MS), LONGEST_DELAY_MS))
      else open(found)
    }, delayMs)
  }

  function open(found: LiveOpening): void {
    opening = found
    reason = ''
    telling.open(found.epoch)
    announceReady()
  }

  function close(why: Error): void {
    reason = why.message
    if (!stopped) telling.closed(why)
  }

  function invalidate(why: Error): void {
    if (stopped || opening === undefined) return
    opening = undefined
    close(why)
    look(FIRST_DELAY_MS)
  }

  look(0)
  return {
    current: () => opening,
    reason: () => reason,
    invalidate: (why) => invalidate(typeof why === 'string' ? new ClosedError(why) : why),
    ready: () => ready,
    stop() {
      stopped = true
      clearTimeout(timer)
    }
  }
}
