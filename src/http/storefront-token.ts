import { createVerifier } from 'fast-jwt'
import type { Config } from '../config/config.ts'
import { ConfigError } from '../config/config.ts'
import { ProblemError } from './problems.ts'
import { TwoGenerationCache } from './two-generation-cache.ts'

/** What a checked storefront token says. */
export interface Claims {
  /** `sub` */
  readonly user: string
  /** 0 where the token names none */
  readonly level: number
  /** Unix seconds */
  readonly registeredAt: number | null
  readonly device: string | null
  /** ms since 1970 */
  readonly expiresAt: number
}

/** Checks the signature and the registered claims of a token. @throws Error when it is not acceptable */
export type CheckToken = (token: string) => unknown

/** Reads a bearer token; a promise only where a key has to be fetched first. @throws ProblemError UNAUTHENTICATED */
export interface TokenReader {
  read(authorization: string | undefined): Claims | Promise<Claims>
}

const TOKEN_MAX = 4096
const CACHE_GENERATION = 32_768
const BEARER = /^bearer +/i
const USER = /^[A-Za-z0-9_.@-]{1,64}$/
const LEVEL_MAX = 1000
const DEVICE_MAX = 128
const SECRET_MIN = 32

/** Options of fast-jwt for the registered claims; `nbf` and `exp` are checked by it at the first sight of a token. */
export function claimRules(config: Config) {
  return {
    allowedIss: config.TOKEN_ISSUER,
    allowedAud: config.TOKEN_AUDIENCE,
    requiredClaims: ['iss', 'aud', 'sub', 'exp'],
    cache: false
  }
}

/**
 * The check for tokens signed with TOKEN_SECRET, HS256 and nothing else.
 * @throws ConfigError when the secret is too short
 */
export function secretCheck(config: Config): CheckToken {
  const secret = config.TOKEN_SECRET
  if (secret.length < SECRET_MIN) {
    throw new ConfigError(
      `TOKEN_SECRET has ${secret.length} characters, but ${SECRET_MIN} are needed for storefront tokens. ` +
        'Set TOKEN_SECRET to a random text (openssl rand -hex 32), or TOKEN_JWKS_URL.'
    )
  }
  return createVerifier({ key: secret, algorithms: ['HS256'], ...claimRules(config) })
}

/** A `CheckToken` needs a key that has to be fetched: the promise resolves once another try makes sense. */
export class KeyNeededError extends Error {
  readonly fetched: Promise<void>
  constructor(fetched: Promise<void>) {
    super('the key of the token is not known yet')
    this.fetched = fetched
  }
}

/**
 * Remembers checked tokens: a signature costs 10 us and more, a look-up 0.3 us, and a crowd sends each token many
 * times. Only good tokens are kept, their expiry is looked at each time.
 */
export function createTokenReader(check: CheckToken, now: () => number = Date.now): TokenReader & { forget(): void } {
  const known = new TwoGenerationCache<Claims>(CACHE_GENERATION)

  function first(token: string): Claims {
    const claims = readClaims(check(token))
    known.set(token, claims)
    return claims
  }

  function read(authorization: string | undefined): Claims | Promise<Claims> {
    if (authorization === undefined || authorization.length > TOKEN_MAX) throw new ProblemError('UNAUTHENTICATED')
    const token = authorization.startsWith('Bearer ') ? authorization.slice(7) : authorization.replace(BEARER, '')
    const before = known.get(token)
    if (before !== undefined) {
      if (before.expiresAt <= now()) throw new ProblemError('UNAUTHENTICATED')
      return before
    }
    if (!BEARER.test(authorization)) throw new ProblemError('UNAUTHENTICATED')
    try {
      return first(token)
    } catch (error) {
      if (!(error instanceof KeyNeededError)) throw refusal(error)
      return error.fetched
        .then(() => first(token))
        .catch((late) => {
          throw refusal(late)
        })
    }
  }

  return { read, forget: () => known.clear() }
}

/** Why a token was refused stays with us: every reason is the same 401, but keys that cannot be had are a 503. */
function refusal(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : new ProblemError('UNAUTHENTICATED')
}

/** @throws Error when a claim is not what the contract says */
function readClaims(payload: unknown): Claims {
  if (typeof payload !== 'object' || payload === null) throw new Error('the token is no object')
  const { sub, exp, level = 0, registeredAt = null, device = null } = payload as Record<string, unknown>
  if (typeof sub !== 'string' || !USER.test(sub)) throw new Error('sub is not a user id')
  if (typeof exp !== 'number') throw new Error('exp is not a number')
  if (!isInteger(level) || level < 0 || level > LEVEL_MAX) throw new Error('level is not a level')
  if (registeredAt !== null && !isInteger(registeredAt)) throw new Error('registeredAt is not a time')
  if (device !== null && (typeof device !== 'string' || device.length > DEVICE_MAX))
    throw new Error('device is not a device')
  return { user: sub, level, registeredAt, device, expiresAt: exp * 1000 }
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
