import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { fromStore } from '../../base/deadline.ts'
import { usedBefore } from '../../base/used-before.ts'
import { requestHash } from '../../record/request-hash.ts'
import {
  type AdminRequest,
  answerRequest,
  type Claim,
  claimRequest,
  forgetRequest,
  releaseRequest
} from '../../store/operators/admin-requests.ts'
import type { OnRequest } from '../auth/storefront.ts'
import { ProblemError } from '../problems/problems.ts'
import { keyOf, requireKey } from '../wire/idempotency.ts'
import '../wire/request-types.ts'
import { digestOf } from '../wire/uploads.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** a POST that only reads: it needs no key */
    changesNothing?: boolean
  }
  interface FastifyRequest {
    /** the stored request; null if there is none, or if it was answered with its earlier answer */
    taken: (AdminRequest & { readonly fresh: boolean; readonly askedAt: Date }) | null
  }
}

const CHANGES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
/** longer than a change takes; only uploads take longer, and each of their lines counts once anyway */
const LEASE_MS = 20_000
const WAIT_MS = 5000
const LOOK_MS = 100

type Hook<T> = T | T[] | undefined
const list = <T>(hooks: Hook<T>): T[] => (hooks === undefined ? [] : ([hooks].flat() as T[]))

/** Whether the route has a dry run, by its schema. */
function hasDryRun({ schema }: RouteOptions): boolean {
  const query = schema?.querystring as { properties?: Record<string, unknown> } | undefined
  return query?.properties?.dryRun !== undefined
}

const queryOf = (request: FastifyRequest) => request.query as { dryRun?: string }

/** Refuses `dryRun` on routes without a dry run: if it were ignored, the request would be a real change. */
function refuseDryRun(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  if (queryOf(request).dryRun === undefined) done()
  else done(new ProblemError('VALIDATION', { errors: [{ pointer: '/dryRun', detail: 'this route has no dry run' }] }))
}

/**
 * Every change of this scope needs an Idempotency-Key, which belongs to the operator, and is done once: the same request
 * under the key gets the same answer, another request is KEY_REUSED. A hook on the registration of routes adds this, so no
 * route can lack it.
 *
 * A key is used for good; what was answered is kept for some days, and asked for again after that it is KEY_REUSED too.
 *
 * An answer is stored once it is final: a refusal leaves the key free, and a pending request is carried out again, which is
 * safe because of the parts below (intents, replays of the gate, references of lines). So a lost answer does no harm either.
 */
export function askChangesOnce(app: FastifyInstance, { pool, logger }: { pool: Pool; logger: Logger }): void {
  app.decorateRequest('taken', null)

  async function claimInTime(asked: AdminRequest): Promise<Claim> {
    const until = performance.now() + WAIT_MS
    for (;;) {
      const claim = await fromStore(claimRequest(pool, asked, LEASE_MS))
      if (claim.kind !== 'busy' || performance.now() > until) return claim
      await new Promise((resolve) => {
        setTimeout(resolve, LOOK_MS)
      })
    }
  }

  async function takeUp(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    if (request.idempotencyKey === null) return undefined
    const { method, url, body } = request
    const isFile = body instanceof Readable
    const hash = requestHash(method, url, isFile ? null : (body ?? {}))
    const asked = { operator: request.operator.name, key: keyOf(request), hash }
    const claim = await claimInTime(asked)
    if (claim.kind === 'claimed') {
      request.taken = { ...asked, fresh: claim.fresh, askedAt: claim.askedAt }
      return undefined
    }
    if (claim.kind === 'busy') throw new ProblemError('UNKNOWN_OUTCOME', { retryAfterMs: 1000 })
    if (claim.kind === 'reused') throw new ProblemError('KEY_REUSED')
    if (claim.kind === 'forgotten') throw new ProblemError('KEY_REUSED', {}, usedBefore(claim.askedAt))
    if (isFile && (await digestOf(request)) !== claim.digest) throw new ProblemError('KEY_REUSED')
    if (claim.etag) reply.header('etag', claim.etag)
    reply.headers({ 'idempotent-replayed': 'true', 'content-type': 'application/json; charset=utf-8' })
    return reply.code(claim.status).send(claim.body)
  }

  async function close(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
    const { taken } = request
    if (taken === null) return
    const { statusCode: status } = reply
    if (status >= 400 && status < 500 && taken.fresh) return forgetRequest(pool, taken)
    if (status >= 300 || status === 202 || typeof payload !== 'string') return releaseRequest(pool, taken)
    const etag = reply.getHeader('etag')
    const digest = request.body instanceof Readable ? await digestOf(request) : null
    return answerRequest(pool, taken, { status, body: payload, etag: typeof etag === 'string' ? etag : null, digest })
  }

  /** Stores the answer. If that fails the answer is sent all the same: a retry under the same key has the same effect. */
  async function keep(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
    try {
      await fromStore(close(request, reply, payload))
    } catch (error) {
      logger.warn({ err: error, requestId: request.id }, 'the answer to a change could not be kept')
    }
    request.taken = null
    return payload
  }

  app.addHook('onRoute', (route) => {
    if (![route.method].flat().some((method) => CHANGES.has(method)) || route.config?.changesNothing === true) return
    const mayBeDry = hasDryRun(route)
    const needKey: OnRequest = (request, reply, done) => {
      if (mayBeDry && queryOf(request).dryRun === 'true') done()
      else requireKey(request, reply, done)
    }
    route.onRequest = [...list(route.onRequest), ...(mayBeDry ? [] : [refuseDryRun]), needKey] as NonNullable<
      typeof route.onRequest
    >
    route.preHandler = [...list(route.preHandler), takeUp] as NonNullable<typeof route.preHandler>
    route.onSend = [...list(route.onSend), keep] as NonNullable<typeof route.onSend>
  })
}
