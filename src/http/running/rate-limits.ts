import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../../config/config.ts'
import { addressOf } from './address.ts'
import { WindowStore } from './window-store.ts'

/** Counts one request. Resolves to the ms to wait if it was one too many, else to undefined. */
export type Limit = (request: FastifyRequest) => Promise<number | undefined>
export type UserLimit = Limit

const WINDOW_MS = 1000
const COUNTED_MAX = 65_536
/** answers that count against an address: those to guesses and malformed requests, never to honest traffic */
export const COUNTED_ANSWERS: ReadonlySet<number> = new Set([400, 401, 404])

/**
 * The flood limits of the public port, per process. An address is counted only for answers 400, 401 and 404, and only
 * such answers turn into 429: other users of the same address who send valid requests are served.
 */
export async function registerRateLimits(
  app: FastifyInstance,
  config: Config
): Promise<{ byUser?: Limit; byAddress?: Limit }> {
  await app.register(rateLimit, { global: false, store: WindowStore })
  const user = config.RATE_LIMIT_USER_PER_SECOND
  const address = config.RATE_LIMIT_ADDRESS_PER_SECOND
  return {
    ...(user > 0 && { byUser: createLimit(app, user, { keyGenerator: (request) => request.identity?.user ?? '' }) }),
    ...(address > 0 && { byAddress: createLimit(app, address) })
  }
}

/** Unknown tokens allowed for each address and process: enough for typing errors, too few for guessing. */
const GUESSES = 20
const GUESSES_WINDOW_MS = 60_000

/** The limit of the admin port for wrong tokens of an address; undefined if addresses are not counted. */
export async function registerGuessLimit(app: FastifyInstance, config: Config): Promise<Limit | undefined> {
  if (config.RATE_LIMIT_ADDRESS_PER_SECOND === 0) return undefined
  await app.register(rateLimit, { global: false, store: WindowStore })
  return createLimit(app, GUESSES, { windowMs: GUESSES_WINDOW_MS })
}

interface LimitOptions {
  readonly windowMs?: number
  readonly keyGenerator?: (request: FastifyRequest) => string
}

function createLimit(app: FastifyInstance, max: number, more: LimitOptions = {}): Limit {
  const { windowMs: timeWindow = WINDOW_MS, keyGenerator = (request) => addressOf(request.ip) } = more
  const options = { max, timeWindow, cache: COUNTED_MAX, keyGenerator }
  const count = app.createRateLimit(options)
  return async (request) => {
    const result = await count(request)
    return !result.isAllowed && result.isExceeded ? result.ttl : undefined
  }
}
