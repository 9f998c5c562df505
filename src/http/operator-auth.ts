import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type pg from 'pg'
import { fromStore } from '../gate/from-store.ts'
import { findOperator, type Operator, type OperatorRole, type ServiceScope, tokenHash } from '../store/operators.ts'
import { ProblemError } from './problems.ts'
import { TwoGenerationCache } from './two-generation-cache.ts'

/** A role or a token taken away stops working within this time. */
const CACHED_MS = 5000
const CACHE_GENERATION = 1000
const TOKEN_MAX = 1024
const BEARER = /^bearer +(\S+)$/i

interface Known {
  readonly operator: Operator | undefined
  /** ms since 1970 */
  readonly until: number
}

/**
 * The hook of the admin API: finds the operator of the bearer token, which is looked up by its SHA-256, so no comparison
 * of secrets takes place here. Unknown tokens are remembered too: guessing does not reach Postgres each time.
 */
export function createOperatorHook(pool: pg.Pool, now: () => number = Date.now) {
  const known = new TwoGenerationCache<Known>(CACHE_GENERATION)

  async function find(token: string): Promise<Operator | undefined> {
    const hash = tokenHash(token)
    const name = hash.toString('base64url')
    const before = known.get(name)
    if (before !== undefined && before.until > now()) return before.operator
    const operator = await fromStore(findOperator(pool, hash))
    known.set(name, { operator, until: now() + CACHED_MS })
    return operator
  }

  return async function authenticateOperator(request: FastifyRequest): Promise<void> {
    const header = request.headers.authorization ?? ''
    const token = header.length <= TOKEN_MAX ? BEARER.exec(header)?.[1] : undefined
    const operator = token === undefined ? undefined : await find(token)
    if (operator === undefined) throw new ProblemError('UNAUTHENTICATED')
    request.operator = operator
  }
}

const ranks: Record<OperatorRole, number> = { service: 0, viewer: 1, operator: 2, admin: 3 }

/**
 * A preHandler that lets people of this role or a higher one in, and services whose scopes list `scope`.
 * @param scope such as `orders:payment`; without it no service may use the route
 */
export function requireRole(role: Exclude<OperatorRole, 'service'>, scope?: ServiceScope) {
  return function checkRole(request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
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
}
