import { FloodgateError } from '../../base/errors.ts'

/** The reasons why a token is refused, with their meaning. Refusals are counted by reason; a reason holds nothing of the token. */
export const tokenReasons = {
  missing: 'there is no `Authorization` header',
  scheme: 'the header does not begin with `Bearer `',
  'too-large': 'the token is longer than `TOKEN_MAX_BYTES`',
  malformed: 'the text is no JWT',
  unreadable: 'a part of it cannot be decoded, or something else is wrong that nobody foresaw',
  'invalid-algorithm': 'its header names another algorithm than the one of the key',
  'missing-signature': 'it is not signed, whatever algorithm it names',
  'invalid-signature': 'the signature is not that of the key',
  'invalid-crit-header': 'its header has a `crit` that is not understood',
  'unknown-key': 'no key of the JWKS has its `kid`, or it names none and there are several',
  inactive: '`nbf` lies ahead, the leeway considered',
  expired: '`exp` has passed, the leeway considered',
  'invalid-payload': 'what is signed is no object',
  'missing-required-claim-iss': 'there is no `iss`',
  'missing-required-claim-aud': 'there is no `aud`',
  'missing-required-claim-exp': 'there is no `exp`',
  'missing-required-claim-user': 'there is no claim that names the user (`TOKEN_USER_CLAIM`)',
  'invalid-claim-value-iss': '`iss` is not `TOKEN_ISSUER`',
  'invalid-claim-value-aud': '`aud` is not `TOKEN_AUDIENCE`, nor a list that holds it',
  'invalid-claim-type-iss': '`iss` is no text',
  'invalid-claim-type-aud': '`aud` is no text and no list of texts',
  'invalid-claim-type-exp': '`exp` is no number',
  'invalid-claim-type-nbf': '`nbf` is no number',
  'claim-user': 'the claim that names the user is no id of a user',
  'claim-exp': '`exp` is no number',
  'claim-level': '`level` is no whole number within its bounds',
  'claim-registeredAt': '`registeredAt` is no time in seconds',
  'claim-device': '`device` is no text, or too long'
} as const

export type TokenReason = keyof typeof tokenReasons

const isReason = (word: string): word is TokenReason => Object.hasOwn(tokenReasons, word)

/** A token is refused, for a reason that is counted. */
export class TokenRefusedError extends FloodgateError {
  readonly code = 'token-refused'
  readonly meaning = 'The request is answered 401.'
  readonly remedy = 'docs/reference/tokens.md says what a token must hold.'
  readonly reason: TokenReason

  constructor(reason: TokenReason, message: string = reason) {
    super(message)
    this.reason = reason
  }
}

// codes of fast-jwt; its messages about a claim name the claim
const CODE = /^FAST_JWT_([A-Z_]+)$/
const CLAIM = /\b(iss|aud|exp|nbf|iat)\b/

/** The reason of a refusal, one of a fixed list; `unreadable` for an unexpected error. */
export function reasonOf(error: unknown): TokenReason {
  if (error instanceof TokenRefusedError) return error.reason
  if (!(error instanceof Error) || !('code' in error)) return 'unreadable'
  const word = CODE.exec(String(error.code))?.[1]?.toLowerCase().replaceAll('_', '-') ?? ''
  const reason = word.includes('claim') ? `${word}-${CLAIM.exec(error.message)?.[1] ?? 'user'}` : word
  return isReason(reason) ? reason : 'unreadable'
}
