/** A token is refused; `reason` is one of few words, for counting, and nothing of the token. */
export class TokenRefusedError extends Error {
  readonly reason: string

  constructor(reason: string, message: string = reason) {
    super(message)
    this.reason = reason
  }
}

// fast-jwt's codes; what it says about a claim names the claim
const CODE = /^FAST_JWT_([A-Z_]+)$/
const CLAIM = /\b(iss|aud|exp|nbf|iat)\b/

/** Why a token is refused, in one of few words: what nobody foresaw is `unreadable`. */
export function reasonOf(error: unknown): string {
  if (error instanceof TokenRefusedError) return error.reason
  if (!(error instanceof Error) || !('code' in error)) return 'unreadable'
  const word = CODE.exec(String(error.code))?.[1]?.toLowerCase().replaceAll('_', '-')
  if (word === undefined) return 'unreadable'
  if (!word.includes('claim')) return word
  return `${word}-${CLAIM.exec(error.message)?.[1] ?? 'user'}`
}
