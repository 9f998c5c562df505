import { createSigner } from 'fast-jwt'

interface TokenOptions {
  /** HS256 secret, 32 characters or more */
  readonly secret: string
  readonly issuer: string
  readonly audience: string
  /** one token for each, in this order */
  readonly users: readonly string[]
  readonly ttlSeconds: number
  readonly level?: number
  /** Unix seconds */
  readonly registeredAt?: number
  readonly device?: string
}

/** Signs storefront tokens as the gateway expects them. @throws Error when the secret is empty */
export function signTokens(options: TokenOptions): string[] {
  const { secret, issuer, audience, users, ttlSeconds, level, registeredAt, device } = options
  const sign = createSigner({
    key: secret,
    algorithm: 'HS256',
    iss: issuer,
    aud: audience,
    expiresIn: ttlSeconds * 1000
  })
  const extra = Object.fromEntries(
    Object.entries({ level, registeredAt, device }).filter(([, value]) => value !== undefined)
  )
  return users.map((user) => sign({ sub: user, ...extra }))
}
