import { shardOf } from '../../src/base/shards.ts'
import { signTokens } from '../../src/http/auth/sign-token.ts'
import type { Users } from '../load/messages.ts'

/** What the stack expects unless it is told otherwise. */
export const ISSUER = 'floodgate'
export const AUDIENCE = 'floodgate-storefront'

const TTL_SECONDS = 3600

export const userOf = (index: number): string => `bench-${index}`

/** Storefront tokens of the users bench-0, bench-1, ..., so many of them that are at home there. */
export function tokensOf({ secret, users: count, home }: Users): string[] {
  const users: string[] = []
  for (let index = 0; users.length < count; index += 1) {
    const user = userOf(index)
    if (home === undefined || home.among.includes(shardOf(user, home.count))) users.push(user)
  }
  return signTokens({ secret, issuer: ISSUER, audience: AUDIENCE, users, ttlSeconds: TTL_SECONDS })
}
