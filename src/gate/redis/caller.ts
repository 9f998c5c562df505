import type { Redis } from 'ioredis'
import { FloodgateError, messageOf } from '../../base/errors.ts'

/**
 * A call of Redis without a usable answer. `done` says what is known about its effect: `nothing` (the call was never sent, or
 * Redis refused it as a whole), or `unknown` (the call was sent and its answer was lost).
 */
export class RedisCallError extends FloodgateError {
  readonly code = 'redis-call'
  readonly meaning = 'One call has no usable answer; `done` says whether it may have had an effect.'
  readonly remedy = 'Send the request again under the same key; npx floodgate doctor checks Redis.'
  readonly done: 'nothing' | 'unknown'
  readonly reason: 'disconnected' | 'lost' | 'timeout' | 'noscript' | 'refused'

  constructor(reason: RedisCallError['reason'], message: string) {
    super(message)
    this.reason = reason
    this.done = reason === 'lost' || reason === 'timeout' ? 'unknown' : 'nothing'
  }
}

/** Whether the refusal is about this call only; any other refusal is a state of the server, which meets the next call too. */
export function isOfCall({ reason, message }: RedisCallError): boolean {
  return reason === 'refused' && message.startsWith('ERR ')
}

/** Whether the keys are on another node of a cluster by now, or on their way there: nobody has to do anything about it. */
export function isElsewhere(why: Error): boolean {
  return why instanceof RedisCallError && /^(?:MOVED|ASK|TRYAGAIN)\b/.test(why.message)
}

export interface RedisCaller {
  /** @throws RedisCallError, at the deadline at the latest */
  call(command: string, args: ReadonlyArray<string | number>, deadlineMs: number): Promise<unknown>
  onClose(listener: () => void): void
}

interface InFlight {
  /**
   * Let go of once the call is over. A Set that is added to and deleted from replaces its table every few entries, and a table that is old
   * keeps all later ones, with what was in them, until a full garbage collection: the arguments and replies of every call.
   */
  reject: ((error: RedisCallError) => void) | undefined
}

function refusal(error: unknown): RedisCallError {
  const message = messageOf(error)
  if (message.startsWith('NOSCRIPT')) return new RedisCallError('noscript', message)
  // The script may have written before it failed.
  if (message.includes('@user_script')) return new RedisCallError('lost', message)
  // An error reply of Redis begins with its code in capitals; any other text comes from the client, whose connection broke.
  return /^[A-Z]{2,}[ :]/.test(message) ? new RedisCallError('refused', message) : new RedisCallError('lost', message)
}

/**
 * Makes calls with deadlines of their own: the client's commandTimeout, and its promises when a connection breaks, do not show
 * whether the command ran.
 */
export function createCaller(redis: Redis): RedisCaller {
  const inFlight = new Set<InFlight>()
  const listeners: Array<() => void> = []
  redis.on('close', () => {
    for (const call of inFlight) call.reject?.(new RedisCallError('lost', 'The connection to Redis broke.'))
    inFlight.clear()
    for (const listener of listeners) listener()
  })
  return {
    call(command, args, deadlineMs) {
      if (redis.status !== 'ready') {
        return Promise.reject(new RedisCallError('disconnected', 'Redis is not connected.'))
      }
      return new Promise((resolve, reject) => {
        const fail = (error: RedisCallError) => settle(() => reject(error))
        const entry: InFlight = { reject: fail }
        const timer = setTimeout(
          () => fail(new RedisCallError('timeout', `Redis did not answer within ${deadlineMs} ms.`)),
          deadlineMs
        )
        const settle = (then: () => void) => {
          clearTimeout(timer)
          inFlight.delete(entry)
          entry.reject = undefined
          then()
        }
        inFlight.add(entry)
        redis.call(command, ...args).then(
          (reply) => settle(() => resolve(reply)),
          (error: unknown) => fail(refusal(error))
        )
      })
    },
    onClose: (listener) => listeners.push(listener)
  }
}
