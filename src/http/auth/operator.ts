import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type pg from 'pg'
import type { Logger } from 'pino'
import { fromStore } from '../../base/deadline.ts'
import type { Config } from '../../config/config.ts'
import {
  type Operator,
  type OperatorRole,
  operatorsByToken,
  type ServiceScope,
  tokenHash
} from '../../store/operators/operators.ts'
import { ProblemError } from '../problems/problems.ts'
import { registerGuessLimit } from '../running/rate-limits.ts'
import type { Needs } from './operator-needs.ts'

/** A removed role or token stops working within this time. */
const FRESH_MS = 5000
/** All unknown tokens together cause at most one read of Postgres in this time; a new operator waits for the next read. */
const LOOK_EVERY_MS = 1000
const TOKEN_MAX = 1024
const LOG_EVERY_MS = 10_000
const BEARER = /^bearer +(\S+)$/i

interface OperatorHookOptions {
  readonly config: Config
  readonly pool: pg.Pool
  readonly logger: Logger
  /** ms on a clock that does not go back */
  readonly now?: (() => number) | undefined
}

/**
 * All operators by the SHA-256 of their tokens, in memory: so secrets are never compared, and a guess costs no query of its
 * own. (Rejected: remembering unknown tokens, because every guess is another token.)
 */
function createOperatorBook(pool: pg.Pool, now: () => number) {
  let known: ReadonlyMap<string, Operator> = new Map()
  let readAt = Number.NEGATIVE_INFINITY
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined

  async function read(): Promise<void> {
    const pause = lookedAt + LOOK_EVERY_MS - performance.now()
    if (pause > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, pause)
      })
    }
    lookedAt = performance.now()
    const started = now()
    known = await fromStore(operatorsByToken(pool))
    readAt = started
  }

  /** The next read, which all callers meanwhile share. */
  function look(): Promise<void> {
    looking ??= read().finally(() => {
      looking = undefined
    })
    return looking
  }

  return {
    /** The operator by the last read, if that is recent; else undefined. */
    known: (token: string) =>
      now() - readAt < FRESH_MS ? known.get(tokenHash(token).toString('base64url')) : undefined,
    async find(token: string): Promise<Operator | undefined> {
      await look()
      return known.get(tokenHash(token).toString('base64url'))
    },
    isStale: () => now() - readAt >= FRESH_MS
  }
}

/** Logs wrong tokens: the first at once, then their number every ten seconds. */
function createGuessLog(logger: Logger) {
  let guesses = 0
  let loggedAt = Number.NEGATIVE_INFINITY
  return (address: string) => {
    guesses += 1
    if (performance.now() - loggedAt < LOG_EVERY_MS) return
    logger.warn({ guesses, address }, 'the admin port was asked with a token that nobody has')
    guesses = 0
    loggedAt = performance.now()
  }
}

/**
 * The hook of the admin API: finds the operator of the bearer token. An address is counted only for unknown tokens, and
 * only requests with unknown tokens are refused: operators who share the address with somebody who guesses are served.
 */
export async function createOperatorHook(app: FastifyInstance, options: OperatorHookOptions) {
  const { config, pool, logger, now = () => performance.now() } = options
  const book = createOperatorBook(pool, now)
  const tellGuess = createGuessLog(logger)
  const tooMany = await registerGuessLimit(app, config)

  async function strange(request: FastifyRequest, token: string): Promise<Operator> {
    const retryAfterMs = await tooMany?.(request)
    if (retryAfterMs !== undefined) {
      tellGuess(request.ip)
      throw new ProblemError('RATE_LIMITED', { scope: 'address', retryAfterMs })
    }
    const operator = await book.find(token)
    if (operator !== undefined) return operator
    tellGuess(request.ip)
    throw new ProblemError('UNAUTHENTICATED')
  }

  return async function authenticateOperator(request: FastifyRequest): Promise<void> {
    const header = request.headers.authorization ?? ''
    const token = header.length <= TOKEN_MAX ? BEARER.exec(header)?.[1] : undefined
    if (token === undefined) throw new ProblemError('UNAUTHENTICATED')
    const operator = book.known(token) ?? (book.isStale() ? await book.find(token) : undefined)
    request.operator = operator ?? (await strange(request, token))
  }
}
const ranks: Record<OperatorRole, number> = { service: 0, viewer: 1, operator: 2, admin: 3 }

/**
 * A preHandler that admits people of this role or a higher one, and services that have the scope `scope`.
 * @param scope such as `orders:payment`; without it no service may use the route
 */
export function requireRole(role: Exclude<OperatorRole, 'service'>, scope?: ServiceScope) {
  const checkRole = (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const { operator } = request
    const allowed =
      operator.role === 'service'
        ? scope !== undefined && operator.scopes.includes(scope)
        : ranks[operator.role] >= ranks[role]
    done(
      allowed
        ? undefined
        : new ProblemError('FORBIDDEN', { requires: operator.role === 'service' ? (scope ?? role) : role })
    )
  }
  return Object.assign(checkRole, { needs: { role, ...(scope !== undefined && { scope }) } satisfies Needs })
}
