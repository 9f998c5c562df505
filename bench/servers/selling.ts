import { createVerifier } from 'fast-jwt'
import Fastify from 'fastify'
import { BuyBody, Confirmed, ProblemDocument, SaleParams } from '../../src/http/wire/schemas.ts'
import { BUY_ROUTE, type BuyRequest, confirmation } from './buy-schemas.ts'
import type { PeerOutcome, PeerRefusal, Purchase } from './peer-store.ts'
import { serve } from './serve.ts'

const { TOKEN_SECRET, TOKEN_ISSUER, TOKEN_AUDIENCE, PEER_USERS } = process.env
const verify = createVerifier({
  key: TOKEN_SECRET ?? '',
  algorithms: ['HS256'],
  allowedIss: TOKEN_ISSUER ?? '',
  allowedAud: TOKEN_AUDIENCE ?? '',
  // every token of the load fits: verifying costs no more than in the gateway
  cache: 2 * Number(PEER_USERS)
})

const statusOf = { UNAUTHENTICATED: 401, NOT_FOUND: 404, SOLD_OUT: 409, LIMIT_REACHED: 409, KEY_REUSED: 422 } as const

function userOf(authorization: string | undefined): string | undefined {
  try {
    return (verify(authorization?.slice('Bearer '.length) ?? '') as { sub: string }).sub
  } catch {
    return undefined
  }
}

function problem(code: PeerRefusal | 'UNAUTHENTICATED', requestId: string) {
  const title = code.toLowerCase().replaceAll('_', ' ')
  return { type: `urn:bench:problem:${code}`, title, status: statusOf[code], code, detail: title, requestId }
}

/** Fastify with the gateway's token check and schemas for buys, and a decision of the caller's. */
export async function sell(decide: (wanted: Purchase) => Promise<PeerOutcome>): Promise<void> {
  const app = Fastify({ logger: false })
  app.post<BuyRequest>(
    BUY_ROUTE,
    { schema: { params: SaleParams, body: BuyBody, response: { 201: Confirmed, '4xx': ProblemDocument } } },
    async (request, reply) => {
      const key = request.headers['idempotency-key']
      const user = userOf(request.headers.authorization)
      if (user === undefined) return reply.code(401).send(problem('UNAUTHENTICATED', key))
      const { quantity } = request.body
      const outcome = await decide({ ...request.params, user, key, quantity })
      if (outcome.kind === 'refused') return reply.code(statusOf[outcome.code]).send(problem(outcome.code, key))
      const { sequence, position } = outcome
      return reply.code(201).send(confirmation({ key, ...request.params, quantity, sequence, position }))
    }
  )
  await serve(app)
}
