import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TraceParent, Traces } from '../../tracing/traces.ts'

const OUTCOME = 'floodgate.outcome'

/** What a good answer to a POST says; refusals are noted with their code where they are sent. */
function goodOutcome(reply: FastifyReply): string {
  if (reply.statusCode === 202) return 'pending'
  return reply.statusCode === 200 || reply.hasHeader('idempotent-replayed') ? 'replayed' : 'confirmed'
}

/**
 * Begins the span of a request that is traced, and ends it when its answer is written or its caller has gone. It says the route as it is
 * registered: a path holds ids, and no span names a user, an address or a key.
 */
export function traceRequests(traces: Traces): (request: FastifyRequest, reply: FastifyReply) => void {
  function begin(request: FastifyRequest, reply: FastifyReply, parent: string | undefined): void {
    const { method } = request
    const route = request.routeOptions.url
    const span = traces.begin(route === undefined ? method : `${method} ${route}`, {
      ...{ kind: 'server', parent },
      attributes: { 'http.request.method': method, ...(route !== undefined && { 'http.route': route }) }
    })
    request.span = span
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) return span.end('the caller has gone')
      span.set('http.response.status_code', reply.statusCode)
      if (method === 'POST' && reply.statusCode < 300) span.set(OUTCOME, goodOutcome(reply))
      span.end(reply.statusCode < 500 ? undefined : 'not served')
    })
  }

  return (request, reply) => {
    const caller = request.headers.traceparent as string | undefined
    if (traces.samples(caller)) begin(request, reply, caller)
  }
}

/** Notes why a traced request is refused. */
export function noteRefusal(request: FastifyRequest, code: string): void {
  request.span?.set(OUTCOME, code)
}

/** A command with the span of the request that asks for it; as it is where that is not traced. */
export function traced<Command extends { readonly trace?: TraceParent }>(
  request: FastifyRequest,
  command: Command
): Command {
  return request.span === null ? command : { ...command, trace: request.span.traceparent }
}
