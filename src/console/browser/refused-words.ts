import { count, moment } from './words.ts'

type Members = Readonly<Record<string, unknown>>

/** A member after a word, or nothing: a sample may lack it. */
const told = (value: unknown, word = 'of'): string => (value === undefined ? '' : ` ${word} ${value}`)

const SCOPES: Readonly<Record<string, string>> = {
  activity: ' in this activity',
  session: ' in this session',
  campaign: ' in the whole campaign',
  day: ' a day',
  requests: ' by number of requests'
}

const WORDS: Readonly<Record<string, (members: Members) => string>> = {
  SOLD_OUT: ({ remaining }) => (Number(remaining) > 0 ? `only ${remaining} were left` : 'nothing was left'),
  LIMIT_REACHED: ({ limit, scope }) => `the limit${told(limit)} for one user${SCOPES[String(scope)] ?? ''} was reached`,
  INSUFFICIENT_BALANCE: ({ unit, balance, required }) =>
    unit === undefined
      ? 'did not have enough'
      : `had ${count(Number(balance))} ${unit} and needed ${count(Number(required))}`,
  NOT_STARTED: ({ opensAt }) =>
    typeof opensAt === 'string' ? `came too early: it opens ${moment(opensAt)}` : 'came too early',
  SESSION_CLOSED: ({ nextOpensAt }) =>
    typeof nextOpensAt === 'string'
      ? `came between sessions: the next opens ${moment(nextOpensAt)}`
      : 'came after the last session',
  ENDED: () => 'came after the end',
  PAUSED: () => 'it was paused at that moment',
  NOT_ELIGIBLE: ({ requires }) =>
    `does not have what it takes${requires === undefined ? '' : `: ${JSON.stringify(requires)}`}`,
  DISQUALIFIED: () => 'is excluded from this campaign',
  ALREADY_DONE: () => 'had done this before',
  ALREADY_BOUND: () => 'is bound to another invitation already',
  PREREQUISITE: ({ after }) => `has to do something else first${Array.isArray(after) ? `: ${after.join(', ')}` : ''}`,
  RATE_LIMITED: ({ scope }) => `asked too often${told(scope, 'from one')}`,
  UNAVAILABLE: () => 'the gate was closed for the moment; the same key can be sent again',
  UNKNOWN_OUTCOME: () => 'it was not known in time what came of it; the same key says it',
  TICKET_REQUIRED: () => 'came without a ticket',
  TICKET_INVALID: () => 'came with a ticket that has expired or is for another request',
  KEY_REUSED: () => 'sent another request under a key that was used before',
  CLAIM_EXPIRED: () => 'claimed after the time for it was over',
  NOT_PAYABLE: ({ orderStatus }) => `the order cannot be paid${told(orderStatus, 'any more, it is')}`,
  NOT_CANCELLABLE: ({ orderStatus }) => `the order cannot be cancelled${told(orderStatus, 'any more, it is')}`,
  SELF_NOT_ALLOWED: () => 'cannot do this for themselves',
  CIRCULAR: () => 'was invited by whom they invite',
  VOIDED: () => 'it was taken back before',
  UNVERIFIED: () => 'it is not verified yet'
}

/** Why a user was refused, as one says it on the phone; a code without words stands as it is. */
export function refusedWords(code: string, members: Members): string {
  return WORDS[code]?.(members) ?? code
}
