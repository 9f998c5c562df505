import type { TSchema } from 'typebox'
import type { Operator } from '../../store/operators/operators.ts'
import type { Identity } from '../auth/storefront-token.ts'

// What the hooks of this folder leave on a request. `null` until the hook of a route that asks for it has run.
declare module 'fastify' {
  interface FastifyContextConfig {
    /** the body of a route that checks it itself, for the document; a file where it is no JSON */
    takes?: TSchema
  }
  interface FastifyRequest {
    /** the storefront user of a checked token */
    identity: Identity | null
    /** the Idempotency-Key without its quotes */
    idempotencyKey: string | null
    /** where this request's answer is counted by status; null where a hook counts it after the answer */
    answers: Float64Array | null
    /** who calls on the admin port; set on every admin route */
    operator: Operator
  }
}
