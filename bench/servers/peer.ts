import { createVerifier } from 'fast-jwt'
import Fastify from 'fastify'
import pg from 'pg'
import { BuyBody, Confirmed, ProblemDocument, SaleParams } from '../../src/http/wire/schemas.ts'
import { BUY_ROUTE, type BuyRequest, confirmation } from './buy-schemas.ts'
import { buyInOneTransaction, type PeerRefusal } from './peer-store.ts'
import { serve } from './serve.ts'

/**
 * The yardstick for orders per second: what a careful team would build first. Fastify, the same token check and the
 * same schemas, one pool, one Postgres transaction per order. A 201 means committed, as with the gateway it means
 * journaled.
 */
const { DATABASE_URL, TOKEN_SECRET, TOKEN_ISSUER, TOKEN_AUDIENCE, PEER_CONNECTIONS, PEER_USERS } = process.env
// a schema of its own beside Floodgate's, whose path the stack's address brings
const own = new URL(DATABASE_URL ?? '')
own.searchParams.set('options', '-c search_path=bench_peer')
const pool = new pg.Pool({ connectionString: own.href, max: Number(PEER_CONNECTIONS) })
const verify = createVerifier({
  key: TOKEN_SECRET ?? '',
  algorithms: ['HS256'],
  allowedIss: TOKEN_ISSUER ?? '',
  allowedAud: TOKEN_AUDIENCE ?? '',
  // every token of the load fits: verifying costs the peer no more than the gateway
  cache: 2 * Number(PEER_USERS)
})

const statusOf = { UNAUTHENTICATED: 401, NOT_FOUND: 404, SOLD_OUT: 409, LIMIT_REACHED: 409, KEY_REUSED: 422 } as const

function userOf(authorization: string | undefined): string | undefined {
  try {
    const claims = verify(authorization?.slice('Bearer '.length) ?? '') as { sub: string }
    return claims.sub
  } catch {
    return undefined
  }
}

function problem(code: PeerRefusal | 'UNAUTHENTICATED', requestId: string) {
  const title = code.toLowerCase().replaceAll('_', ' ')
  return { type: `urn:bench:problem:${code}`, title, status: statusOf[code], code, detail: title, requestId }
}

const app = Fastify({ logger: false })

app.post<BuyRequest>(
  BUY_ROUTE,
  { schema: { params: SaleParams, body: BuyBody, response: { 201: Confirmed, '4xx': ProblemDocument } } },
  async (request, reply) => {
    const key = request.headers['idempotency-key']
    const user = userOf(request.headers.authorization)
    if (user === undefined) return reply.code(401).send(problem('UNAUTHENTICATED', key))
    const { quantity } = request.body
    const outcome = await buyInOneTransaction(pool, { ...request.params, user, key, quantity })
    if (outcome.kind === 'refused') return reply.code(statusOf[outcome.code]).send(problem(outcome.code, key))
    const { sequence, position } = outcome
    return reply.code(201).send(confirmation({ key, ...request.params, quantity, sequence, position }))
  }
)

await serve(app)
