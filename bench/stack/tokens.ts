import { signTokens } from '../../src/http/auth/sign-token.ts'

/** What the stack expects unless it is told otherwise. */
export const ISSUER = 'floodgate'
export const AUDIENCE = 'floodgate-storefront'

const TTL_SECONDS = 3600

export const userOf = (index: number): string => `bench-${index}`

/** Storefront tokens of the users bench-0, bench-1, ... */
export function tokensOf(secret: string, count: number): string[] {
  const users = Array.from({ length: count }, (_, user) => userOf(user))
  return signTokens({ secret, issuer: ISSUER, audience: AUDIENCE, users, ttlSeconds: TTL_SECONDS })
}
