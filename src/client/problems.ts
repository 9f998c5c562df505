// Refusals: one type for each code, with the members that it names. docs/problems.md says what each of them means.

interface NotEligible {
  /** what is missing, such as `{"level": 2}` or `{"newUser": true}` */
  requires?: { [what: string]: number | boolean | string }
}

interface Conflict {
  reason?: string
  [member: string]: unknown
}

interface Repeatable {
  retryAfterMs: number
}

/** The members that each code has beside those of every problem. */
interface Members {
  VALIDATION: { errors: Array<{ pointer: string; detail: string }> }
  IDEMPOTENCY_KEY_REQUIRED: object
  STACKING_NOT_ALLOWED: { fields: string[] }
  UNAUTHENTICATED: object
  FORBIDDEN: { requires?: string }
  DISQUALIFIED: object
  NOT_ELIGIBLE: NotEligible
  TICKET_REQUIRED: object
  TICKET_INVALID: object
  UNVERIFIED: object
  NOT_FOUND: object
  NOT_STARTED: { opensAt: string }
  SESSION_CLOSED: { nextOpensAt: string | null }
  /** `notice`: what the operators tell visitors */
  PAUSED: { notice?: string }
  SOLD_OUT: { remaining: number; mayReopen: boolean }
  LIMIT_REACHED: { scope: string; limit: number; resetsAt?: string }
  INSUFFICIENT_BALANCE: { unit: string; balance: number; required: number }
  ALREADY_DONE: object
  ALREADY_BOUND: object
  SELF_NOT_ALLOWED: object
  CIRCULAR: object
  PREREQUISITE: { after: string[] }
  VOIDED: object
  CLAIM_EXPIRED: object
  NOT_PAYABLE: { orderStatus?: string; refundDue?: { [member: string]: unknown } }
  NOT_CANCELLABLE: { orderStatus: string }
  CONFLICT: Conflict
  ENDED: object
  VERSION_MISMATCH: { version?: number }
  BODY_TOO_LARGE: { limitBytes: number }
  UNSUPPORTED_MEDIA_TYPE: object
  KEY_REUSED: object
  RATE_LIMITED: Repeatable & { scope: string }
  UNAVAILABLE: Repeatable
  UNKNOWN_OUTCOME: Repeatable
}

export type ProblemCode = keyof Members

/** The members of every problem. Programs read `code`; `title` and `detail` are for people, in the language that was asked for. */
interface ProblemBase<Code extends ProblemCode> {
  type: string
  title: string
  status: number
  code: Code
  detail: string
  requestId: string
}

/** A problem of one code, or of any: then `code` says which members it has. */
export type Problem<Code extends ProblemCode = ProblemCode> = {
  [Each in Code]: ProblemBase<Each> & Members[Each]
}[Code]
