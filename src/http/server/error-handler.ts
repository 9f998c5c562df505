import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { UnavailableError } from '../../base/errors.ts'
import { type ProblemCode, ProblemError, problemTable, sendProblem } from '../problems/problems.ts'
import { validationErrors } from '../problems/validation.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { COUNTED_ANSWERS, type Limit } from '../running/rate-limits.ts'
import { createSeldom } from '../running/seldom.ts'

interface Answer {
  readonly code: ProblemCode
  readonly members?: Record<string, unknown>
  readonly detail?: string | undefined
}

interface RefusalOptions {
  readonly logger: Logger
  readonly bodyLimitBytes: number
  readonly metrics: HttpMetrics
  /** counts answers 400, 401 and 404 of an address */
  readonly byAddress?: Limit | undefined
}

/**
 * Makes `app` answer with a problem for whatever a hook or route threw, and for unknown routes. The client sees nothing
 * of an unexpected error.
 */
export function installRefusals(app: FastifyInstance, options: RefusalOptions): void {
  const { logger, bodyLimitBytes, metrics, byAddress } = options
  const seldom = createSeldom()

  /** Logs a part that is away as a warning without a stack, because its health has its own alarm; logs unexpected errors in full. */
  function tell(error: FastifyError, request: FastifyRequest, foreseen: boolean): void {
    const about = { requestId: request.id, route: request.routeOptions.url }
    if (foreseen) {
      const reason = [error.message, causeOf(error)].filter((words) => words !== undefined).join(': ')
      seldom(`${about.route} ${reason}`, (more) => logger.warn({ ...about, reason, more }, 'requests were not served'))
    } else {
      const name = `${about.route} ${error.name} ${error.message}`
      seldom(name, (more) => logger.error({ ...about, err: error, more }, 'a request failed'))
    }
  }

  async function refuse(request: FastifyRequest, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
    if (byAddress !== undefined && COUNTED_ANSWERS.has(problemTable[answer.code].status)) {
      const retryAfterMs = await byAddress(request)
      if (retryAfterMs !== undefined) {
        return sendProblem(request, reply, { code: 'RATE_LIMITED', members: { scope: 'address', retryAfterMs } })
      }
    }
    return sendProblem(request, reply, answer)
  }

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const foreseen = expected(error, bodyLimitBytes)
    const answer = foreseen ?? unexpected(request)
    if (problemTable[answer.code].status >= 500) tell(error, request, foreseen !== undefined)
    return refuse(request, reply, answer)
  })
  app.setNotFoundHandler((request, reply) => {
    request.answers = metrics.answers('none')
    return refuse(request, reply, { code: 'NOT_FOUND' })
  })
}

function causeOf(error: FastifyError): string | undefined {
  return error.cause instanceof Error ? error.cause.message : undefined
}

function expected(error: FastifyError, limitBytes: number): Answer | undefined {
  if (error instanceof ProblemError) return { code: error.problem, members: error.members, detail: error.detail }
  if (error instanceof UnavailableError) return { code: 'UNAVAILABLE' }
  if (error.validation !== undefined) {
    if (error.validationContext === 'params') return { code: 'NOT_FOUND' }
    return { code: 'VALIDATION', members: { errors: validationErrors(error.validation) } }
  }
  const status = error.statusCode ?? 500
  if (status === 413) return { code: 'BODY_TOO_LARGE', members: { limitBytes } }
  if (status === 415) return { code: 'UNSUPPORTED_MEDIA_TYPE' }
  if (status === 404) return { code: 'NOT_FOUND' }
  if (status >= 400 && status < 500) {
    return { code: 'VALIDATION', members: { errors: [{ pointer: '', detail: bodyComplaint(error) }] } }
  }
  return undefined
}

/** Keeps Fastify's own text for a body that could not be read, but not a parser's text, which quotes the input. */
function bodyComplaint(error: FastifyError): string {
  return error.code?.startsWith('FST_ERR_CTP') === true && error.code !== 'FST_ERR_CTP_INVALID_JSON_BODY'
    ? error.message
    : 'is not JSON that can be accepted'
}

/**
 * The answer for a fault of ours. A GET changed nothing; for other methods the outcome is unknown, and a retry with the same key tells it.
 */
function unexpected(request: FastifyRequest): Answer {
  return { code: request.method === 'GET' || request.method === 'HEAD' ? 'UNAVAILABLE' : 'UNKNOWN_OUTCOME' }
}
