import type { FastifyReply, FastifyRequest } from 'fastify'
import { FloodgateError } from '../../base/errors.ts'
import { countAnswer } from '../running/answer-counts.ts'
import { closesConnections } from '../running/drain.ts'
import { noteRefusal } from '../running/request-trace.ts'
import { type Language, pickLanguage } from './language.ts'
import type { ProblemText } from './row.ts'
import { type ProblemCode, problemTable } from './table.ts'

export { type ProblemCode, problemTable } from './table.ts'

/** Thrown by routes to refuse a request; the answer is the problem of the code. */
export class ProblemError extends FloodgateError {
  readonly code = 'request-refused'
  readonly meaning = 'The request is answered with a problem.'
  readonly remedy = 'docs/problems.md says what each of them means.'
  readonly problem: ProblemCode
  readonly members: Record<string, unknown>
  readonly detail: string | undefined

  /**
   * @param problem a code of the table
   * @param members the members of the code, as the answer has them
   * @param detail replaces the table's text with a more specific one
   */
  constructor(problem: ProblemCode, members: Record<string, unknown> = {}, detail?: string) {
    super(detail ?? problemTable[problem].en.title)
    this.problem = problem
    this.members = members
    this.detail = detail
  }
}

/** The `type` of a code: `urn:floodgate:problem:<code-in-kebab-case>`. */
export function problemType(code: ProblemCode): string {
  return `urn:floodgate:problem:${code.toLowerCase().replaceAll('_', '-')}`
}

let phase = 0
const GOLDEN_RATIO = 0.6180339887498949

/**
 * Spreads a waiting time over [base, times x base), so that users refused at the same moment do not all return at once.
 * Multiples of the golden ratio fill the range evenly; a random number would cost more and spread worse.
 */
export function spreadMs(baseMs: number, times = 1.5): number {
  phase = (phase + GOLDEN_RATIO) % 1
  return Math.ceil(baseMs * (1 + phase * (times - 1)))
}

// The constant first part of each body, made once: a refusal is the most frequent answer of a sold-out sale.
const heads = Object.fromEntries(
  Object.entries(problemTable).map(([code, row]) => {
    const front = { type: problemType(code as ProblemCode), status: row.status, code }
    return [code, JSON.stringify(front).slice(0, -1)]
  })
) as Record<ProblemCode, string>

/** Puts members into a text; undefined if one that the text names is missing or null. */
function fill(template: string, members: Record<string, unknown>): string | undefined {
  if (!template.includes('{')) return template
  let complete = true
  const text = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = members[name]
    if (value === undefined || value === null) complete = false
    return String(value)
  })
  return complete ? text : undefined
}

/** What a problem is made of. */
interface Problem {
  readonly code: ProblemCode
  readonly members?: Record<string, unknown>
  readonly detail?: string | undefined
  /** the idempotency key if there is one, else the id of the request */
  readonly requestId: string
  readonly language: Language
}

/** The body of a problem as JSON text. */
export function problemBody({ code, members = {}, detail, requestId, language }: Problem): string {
  const text: ProblemText = problemTable[code][language]
  const title = fill(text.title, members) ?? text.title
  const words = detail ?? fill(text.detail, members) ?? text.without ?? text.detail
  const rest = JSON.stringify(members)
  const tail = rest === '{}' ? '}' : `,${rest.slice(1)}`
  return `${heads[code]},"title":${JSON.stringify(title)},"detail":${JSON.stringify(words)},"requestId":${JSON.stringify(requestId)}${tail}`
}

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'
const DEFAULT_RETRY_MS = 500

/** Answers with the problem of a code; 429 and 503 get a spread `retryAfterMs` and Retry-After. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: { code: ProblemCode; members?: Record<string, unknown>; detail?: string | undefined; spread?: number }
): FastifyReply {
  const { code, detail } = problem
  const status = problemTable[code].status
  let members = problem.members ?? {}
  if (status === 429 || status === 503) {
    const base = typeof members.retryAfterMs === 'number' ? Math.max(1, members.retryAfterMs) : DEFAULT_RETRY_MS
    const retryAfterMs = spreadMs(base, problem.spread)
    members = { ...members, retryAfterMs }
    reply.header('retry-after', String(Math.ceil(retryAfterMs / 1000)))
  }
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="floodgate"')
  if (closesConnections()) reply.header('connection', 'close')
  const body = problemBody({
    code,
    members,
    detail,
    requestId: request.idempotencyKey ?? request.id,
    language: pickLanguage(request.headers['accept-language'])
  })
  // a request that never reached its route has no counters
  if (request.answers) countAnswer(request.answers, status)
  if (request.span) noteRefusal(request, code)
  if (request.refusals) request.refusals.refused(request, code, problem.members)
  return reply.code(status).header('content-type', PROBLEM_TYPE).send(body)
}
