import type { Logger } from 'pino'
import type { Verdict } from '../../health/conditions.ts'
import type { JournalConnection } from '../../journal/connection.ts'
import type { FullnessWatch } from '../../journal/fullness.ts'
import type { Batcher } from '../batch/batcher.ts'
import type { OwnHealth } from '../gate.ts'
import type { OpeningWatch } from '../redis/epoch-watch.ts'
import type { RedisHealth } from '../redis/redis-health.ts'

/** At this share the journal raises an alarm; at 90 % the gate closes. */
const FILLS_AT = 0.7
/** How long a frame that was not acked counts when no publish follows: by then the relay has tried for seconds. */
const REMEMBERED_MS = 10_000

/** The result of the last publish of a frame. */
export class LastPublish {
  #acked: boolean | undefined
  #reason = ''
  #at = 0
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Logs the first of several refusals in a row. */
  note(acked: boolean, reason: string): void {
    if (!acked && this.#acked !== false)
      this.#logger.warn({ reason }, 'the journal did not ack a frame; its orders are pending')
    this.#acked = acked
    this.#reason = reason
    this.#at = performance.now()
  }

  /** Why a frame was refused recently, when none was acked after it; '' otherwise. */
  refusal(): string {
    return this.#acked === false && performance.now() - this.#at < REMEMBERED_MS ? this.#reason : ''
  }
}

interface OwnParts {
  readonly watch: Pick<OpeningWatch, 'current'>
  readonly batcher: Pick<Batcher, 'isRefusing'>
  readonly redisHealth: RedisHealth
  readonly connection: Pick<JournalConnection, 'isUp'>
  readonly fullness: FullnessWatch
  readonly lastPublish: Pick<LastPublish, 'refusal'>
}

/** What a gate knows about its own connections, from the calls that it makes anyway. */
export function ownHealth({ watch, batcher, redisHealth, connection, fullness, lastPublish }: OwnParts): OwnHealth {
  const redis = redisHealth.redis()
  const writable = redisHealth.writable()
  const isOpen = watch.current() !== undefined
  const nats = natsVerdict(connection.isUp(), fullness.problem(), lastPublish.refusal())
  const decides = isOpen && redis.ok && writable.ok && !batcher.isRefusing()
  return {
    gate: decides ? 'ok' : 'closed',
    journal: nats.ok ? 'ok' : connection.isUp() ? 'degraded' : 'closed',
    conditions: {
      redis,
      'redis-writable': writable,
      nats,
      'journal-room': roomVerdict(fullness.share(), connection.isUp()),
      backlog: batcher.isRefusing()
        ? { ok: false, detail: 'the gate refuses: what waits in Redis for journal or Postgres has reached its bound' }
        : { ok: true, detail: '' },
      opening: isOpen
        ? { ok: true, detail: '' }
        : { ok: false, detail: 'no gate call under the opening that Postgres names has succeeded' }
    }
  }
}

function natsVerdict(isUp: boolean, problem: string, refused: string): Verdict {
  if (!isUp) return { ok: false, detail: 'the connection to NATS is down' }
  if (problem !== '') return { ok: false, detail: `JetStream does not answer: ${problem}` }
  if (refused !== '') return { ok: false, detail: `the last frame was not acked: ${refused}` }
  return { ok: true, detail: 'connected' }
}

function roomVerdict(share: number | undefined, isUp: boolean): Verdict {
  if (share === undefined || !isUp) return { ok: false, detail: 'not known: the stream of this opening was not seen' }
  const detail = `${Math.round(share * 100)} % full`
  return { ok: share < FILLS_AT, detail, figure: share }
}
