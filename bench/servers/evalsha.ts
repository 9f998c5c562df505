import { createVerifier } from 'fast-jwt'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { BuyBody, Confirmed, ProblemDocument, SaleParams } from '../../src/http/wire/schemas.ts'
import { BUY_ROUTE, type BuyRequest, confirmation } from './buy-schemas.ts'
import { PEER_LIMIT, PEER_TOTAL, purchaseSha, stockKey } from './purchase-script.ts'
import { serve } from './serve.ts'

/** Fastify with the same token check and schemas, and one EVALSHA for each request. A 201 means that Redis has it, and nothing else. */
const { REDIS_URL, TOKEN_SECRET, TOKEN_ISSUER, TOKEN_AUDIENCE, PEER_USERS } = process.env
const redis = new Redis(REDIS_URL ?? '')
const verify = createVerifier({
  key: TOKEN_SECRET ?? '',
  algorithms: ['HS256'],
  allowedIss: TOKEN_ISSUER ?? '',
  allowedAud: TOKEN_AUDIENCE ?? '',
  cache: 2 * Number(PEER_USERS)
})

function userOf(authorization: string | undefined): string | undefined {
  try {
    return (verify(authorization?.slice('Bearer '.length) ?? '') as { sub: string }).sub
  } catch {
    return undefined
  }
}

function problem(status: 401 | 409, code: string, requestId: string) {
  const title = code.toLowerCase().replaceAll('_', ' ')
  return { type: `urn:bench:problem:${code}`, title, status, code, detail: title, requestId }
}

const app = Fastify({ logger: false })

app.post<BuyRequest>(
  BUY_ROUTE,
  { schema: { params: SaleParams, body: BuyBody, response: { 201: Confirmed, '4xx': ProblemDocument } } },
  async (request, reply) => {
    const key = request.headers['idempotency-key']
    const user = userOf(request.headers.authorization)
    if (user === undefined) return reply.code(401).send(problem(401, 'UNAUTHENTICATED', key))
    const { quantity } = request.body
    const { campaign } = request.params
    const place = stockKey(campaign)
    const keys = [place, `${place}:u:${user}`, `${place}:k:${user}:${key}`]
    const said = (await redis.evalsha(purchaseSha, 3, ...keys, quantity, PEER_LIMIT, PEER_TOTAL)) as [string, number]
    const [outcome, position] = said
    if (outcome === 'S') return reply.code(409).send(problem(409, 'SOLD_OUT', key))
    if (outcome === 'L') return reply.code(409).send(problem(409, 'LIMIT_REACHED', key))
    return reply.code(201).send(confirmation({ key, ...request.params, quantity, sequence: position, position }))
  }
)

await serve(app)
