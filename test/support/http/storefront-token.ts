import { createHmac } from 'node:crypto'

/** Claims of a storefront token beside iss, aud, sub and exp; `exp` and `registeredAt` in Unix seconds. */
export interface TokenClaims {
  readonly iss?: string
  readonly aud?: string
  readonly exp?: number
  readonly level?: number
  readonly registeredAt?: number
}

/**
 * A storefront token (JWT, HS256) made from the contract alone: the product's own signer is not used, so that a mistake
 * shared by signer and verifier cannot hide.
 */
export function storefrontToken(secret: string, user: string, claims: TokenClaims = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const payload = {
    iss: 'floodgate',
    aud: 'floodgate-storefront',
    exp: Math.floor(Date.now() / 1000) + 3600,
    ...claims,
    sub: user
  }
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(payload)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
