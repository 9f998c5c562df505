import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import type { UserLimit } from '../running/rate-limits.ts'
import { createJwksCheck } from './jwks.ts'
import { createTokenReader, type Identity, secretCheck, type TokenReader } from './storefront-token.ts'

export type OnRequest = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void

/** The reader of storefront tokens that the configuration asks for. @throws ConfigError */
export function tokenReader(
  config: Config,
  { logger, metrics }: { logger: Logger; metrics: HttpMetrics }
): TokenReader {
  const onRefusal = (reason: string, detail: string): void => {
    metrics.tokenRefused(reason)
    logger.debug({ reason, detail }, 'a token was refused')
  }
  if (config.TOKEN_JWKS_URL === '') return createTokenReader(secretCheck(config), { config, onRefusal })
  const check = createJwksCheck(config, { logger, onChange: () => reader.forget() })
  const reader = createTokenReader(check, { config, onRefusal })
  return reader
}

/**
 * The hook of routes for signed-in users: token, then the user's rate limit. It runs before the body is read, so
 * a request without a valid token costs no parsing. It uses callbacks instead of promises, so that the usual request does
 * not wait for the microtask queue.
 */
export function createAuthHook(tokens: TokenReader, userLimit: UserLimit | undefined): OnRequest {
  return function authenticate(request, _reply, done) {
    let identity: Identity | Promise<Identity>
    try {
      identity = tokens.read(request.headers.authorization)
    } catch (error) {
      done(error as Error)
      return
    }
    if (identity instanceof Promise) {
      identity.then((late) => admit(request, late, done), done)
      return
    }
    admit(request, identity, done)
  }

  function admit(request: FastifyRequest, identity: Identity, done: HookHandlerDoneFunction): void {
    request.identity = identity
    if (userLimit === undefined) {
      done()
      return
    }
    userLimit(request).then((retryAfterMs) => {
      if (retryAfterMs === undefined) done()
      else done(new ProblemError('RATE_LIMITED', { scope: 'user', retryAfterMs }))
    }, done)
  }
}

/** The user of a request that passed the auth hook. @throws ProblemError UNAUTHENTICATED when none did */
export function identityOf(request: FastifyRequest): Identity {
  if (request.identity === null) throw new ProblemError('UNAUTHENTICATED')
  return request.identity
}
