import type { TSchema } from 'typebox'
import type { CatalogueActivity } from '../../campaign/carrying/catalogue.ts'
import type { Operator } from '../../store/operators/operators.ts'
import type { Span } from '../../tracing/traces.ts'
import type { Identity } from '../auth/storefront-token.ts'
import type { RefusalSink } from '../running/signals.ts'

// What hooks set on a request; `null` until the hook of a route that needs it has run.
declare module 'fastify' {
  interface FastifyContextConfig {
    /** for the OpenAPI document, the body schema of a route that checks its body itself; a file if it is not JSON */
    takes?: TSchema
  }
  interface FastifyRequest {
    /** the storefront user of a checked token */
    identity: Identity | null
    /** the Idempotency-Key without its quotes */
    idempotencyKey: string | null
    /** counters by status for this request's answer; null if a hook counts it after the answer */
    answers: Float64Array | null
    /** hears of a refusal of this request; null on routes by which nobody takes part */
    refusals: RefusalSink<FastifyRequest> | null
    /** the span of a request that is traced; null for all others */
    span: Span | null
    /** the activity that this request takes part in, once it is found */
    found: CatalogueActivity | null
    /** who calls on the admin port; set on every admin route */
    operator: Operator
  }
}
