import type { Logger } from 'pino'
import { FloodgateError } from '../../base/errors.ts'
import type { ShardRow } from '../../store/shard/shards.ts'
import { isElsewhere, RedisCallError } from './caller.ts'
import { type CallName, callsKnown } from './known-calls.ts'

/** The opening whose scripts gate calls use. */
export interface LiveOpening {
  readonly epoch: number
  readonly sha: string
  /** what its scripts can be called for; absent: anything */
  readonly knows?: ReadonlySet<CallName>
}

interface WatchOptions {
  /** reads the shard's row in Postgres */
  readonly read: () => Promise<ShardRow | undefined>
  /** makes a real gate call without commands; true when the gate answers OK. @throws RedisCallError */
  readonly probe: (opening: LiveOpening) => Promise<boolean>
  /** called at each look that finds the shard closed under its opening, so that the owner hears of it */
  readonly onClosed?: () => void
  /** called at each look at which Redis has not known the newest opening for a while: the connection may lead to one that was given up */
  readonly onStranger?: () => void
  readonly logger: Logger
}

export interface OpeningWatch {
  /** undefined while this process takes the gate for closed */
  current(): LiveOpening | undefined
  /** why the gate is closed: begins with the code of Redis when Redis refuses; '' while the gate is open */
  reason(): string
  /** Reports that the gate cannot be used: the watch probes again, with back-off, until a probe succeeds. */
  invalidate(why: string | RedisCallError): void
  /** The shard was opened just now: probes at once, or doubts the opening that it has. */
  hurry(): void
  /**
   * Asks Postgres whether another opening is in force. A Redis that was given up knows nothing of it and goes on to answer whoever still reaches
   * it: what it decides is never journaled, but it refuses by what it knew.
   */
  doubt(): void
  /** Resolves at the first successful probe. */
  ready(): Promise<void>
  stop(): void
}

const FIRST_DELAY_MS = 25
const LONGEST_DELAY_MS = 300
/** for how long Redis may not know the newest opening before its connection is suspected */
const STRANGE_MS = 1000
/** how often an opening is doubted, for messages may be lost */
const DOUBT_EVERY_MS = 2000

/** Whether another opening may be in force, which only Postgres knows. For any other error Postgres cannot help. */
function isAnothers(why: Error): boolean {
  return why instanceof ClosedError || (why instanceof RedisCallError && why.reason === 'noscript')
}

/** While the gate stays closed, logs each different reason once. */
class Telling {
  readonly #logger: Logger
  readonly #logged = new Set<string>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  closed(why: Error): void {
    const reason = why.message
    const refusal = why instanceof RedisCallError && why.reason === 'refused' && !isElsewhere(why)
    const kind = refusal ? (reason.split(' ')[0] ?? '') : 'closed'
    if (this.#logged.has(kind)) return
    this.#logged.add(kind)
    if (!refusal) this.#logger.warn({ reason }, 'the gate is closed for now')
    else
      this.#logger.error(
        { alarm: 'REDIS_REFUSES', reason },
        'Redis refuses to decide; the gate is closed until it does'
      )
  }

  open(epoch: number): void {
    this.#logged.clear()
    this.#logger.info({ epoch }, 'the gate is open')
  }
}

class ClosedError extends FloodgateError {
  readonly code = 'gate-closed'
  readonly meaning = 'Nothing is decided until the shard is open.'
  readonly remedy = 'Wait: a worker opens it. Its log says what it waits for.'
}

type FinderOptions = Pick<WatchOptions, 'read' | 'probe' | 'onStranger'>

/** Finds the opening under which the gate answers. */
class Finder {
  readonly #options: FinderOptions
  #last: LiveOpening | undefined
  /** performance.now() since when Redis does not know what Postgres says is open */
  #strangeSince: number | undefined

  constructor(options: FinderOptions) {
    this.#options = options
  }

  /** The last opening is over, whatever a Redis says that still has it. */
  forget(): void {
    this.#last = undefined
  }

  /** undefined when the gate answers OK under this opening, otherwise the error */
  async faultOf(opening: LiveOpening): Promise<Error | undefined> {
    try {
      return (await this.#options.probe(opening)) ? undefined : new ClosedError('the gate answers CLOSED')
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  /** @throws the reason why the gate is closed */
  async find(): Promise<LiveOpening> {
    // the last opening may still be in force: after a short failure of Redis this probe succeeds without Postgres
    const fault = this.#last && (await this.faultOf(this.#last))
    if (this.#last && fault === undefined) {
      this.#strangeSince = undefined
      return this.#last
    }
    if (fault && !isAnothers(fault)) throw fault
    const row = await this.#options.read()
    if (row?.state !== 'open' || !row.shas.gate) {
      this.#strangeSince = undefined
      throw new ClosedError('the shard is being opened')
    }
    const candidate = { epoch: row.epoch, sha: row.shas.gate, knows: callsKnown(row.shas) }
    const why = await this.faultOf(candidate)
    if (why && isAnothers(why)) this.#meetStranger()
    if (why) throw why
    this.#strangeSince = undefined
    this.#last = candidate
    return candidate
  }

  /** One that is being opened knows the opening some moments after Postgres. */
  #meetStranger(): void {
    const now = performance.now()
    this.#strangeSince ??= now
    if (now - this.#strangeSince >= STRANGE_MS) this.#options.onStranger?.()
  }
}

/** Keeps the opening that gate calls use; begins to probe at once. */
export function watchOpening({ read, probe, onClosed, onStranger, logger }: WatchOptions): OpeningWatch {
  const finder = new Finder({ read, probe, ...(onStranger && { onStranger }) })
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
      // the next probe always waits, whatever delay this one had
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
    if (stopped) return
    telling.closed(why)
    if (isAnothers(why)) onClosed?.()
  }

  function invalidate(why: Error): void {
    if (stopped || opening === undefined) return
    opening = undefined
    close(why)
    look(FIRST_DELAY_MS)
  }

  let isDoubting = false
  async function doubt(): Promise<void> {
    const own = opening
    if (stopped || own === undefined || isDoubting) return
    isDoubting = true
    // without Postgres nobody can tell, and sales go on
    const row = await read().catch(() => undefined)
    isDoubting = false
    if (opening !== own || row?.state !== 'open' || row.epoch <= own.epoch) return
    finder.forget()
    invalidate(new ClosedError(`the shard was opened again, as ${row.epoch}, and this Redis decides as ${own.epoch}`))
  }
  const doubting = setInterval(doubt, DOUBT_EVERY_MS)

  look(0)
  return {
    current: () => opening,
    reason: () => reason,
    invalidate: (why) => invalidate(typeof why === 'string' ? new ClosedError(why) : why),
    hurry() {
      if (opening !== undefined) void doubt()
      else if (!stopped) look(0)
    },
    doubt: () => void doubt(),
    ready: () => ready,
    stop() {
      stopped = true
      clearTimeout(timer)
      clearInterval(doubting)
    }
  }
}
