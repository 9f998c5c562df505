import { createVerifier } from 'fast-jwt'
import { FloodgateError } from '../../base/errors.ts'
import { TwoGenerationCache } from '../../base/two-generation-map.ts'
import type { Config } from '../../config/config.ts'
import { ConfigError } from '../../config/config-error.ts'
import { insideUser } from '../../store/connection/user-name.ts'
import { ProblemError } from '../problems/problems.ts'
import { reasonOf, TokenRefusedError } from './token-refusal.ts'

/** The claims of a checked storefront token. */
export interface Identity {
  /** the subject, by its name inside */
  readonly user: string
  /** 0 if the token has none */
  readonly level: number
  /** Unix seconds */
  readonly registeredAt: number | null
  readonly device: string | null
  /** ms since 1970, the leeway included */
  readonly expiresAt: number
}

/** Checks the signature and the registered claims of a token. @throws Error when the token is not valid */
export type CheckToken = (token: string) => unknown

/** Reads a bearer token; a promise only where a key has to be fetched first. @throws ProblemError UNAUTHENTICATED */
export interface TokenReader {
  read(authorization: string | undefined): Identity | Promise<Identity>
}

const CACHE_GENERATION = 32_768
/** bounds of one generation of the cache: a number of tokens, and bytes for long ones */
const CACHE_BYTES = 64 * 1024 ** 2
const BEARER = /^bearer +/i
export const LEVEL_MAX = 1000
export const DEVICE_MAX = 128
const SECRET_MIN = 32

/**
 * Options of fast-jwt for the registered claims; it checks `nbf` and `exp` when it first sees a token. An
 * issuer's name with and without a slash at its end is the same issuer, because systems differ in it.
 */
export function claimRules(config: Config) {
  const issuer = config.TOKEN_ISSUER.replace(/\/$/, '')
  return {
    allowedIss: [issuer, `${issuer}/`],
    allowedAud: config.TOKEN_AUDIENCE,
    requiredClaims: ['iss', 'aud', 'exp', config.TOKEN_USER_CLAIM],
    clockTolerance: config.TOKEN_LEEWAY_SECONDS * 1000,
    cache: false
  }
}

/**
 * The check for tokens signed with TOKEN_SECRET; it accepts HS256 only.
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

/** A `CheckToken` needs a key that has to be fetched; the promise resolves when the caller should try again. */
export class KeyNeededError extends FloodgateError {
  readonly code = 'key-needed'
  readonly meaning = 'The token is neither good nor bad yet.'
  readonly remedy = 'Await `fetched` and check it again.'
  readonly fetched: Promise<void>
  constructor(fetched: Promise<void>) {
    super('the key of the token is not known yet')
    this.fetched = fetched
  }
}

/** What a reader of tokens needs beside the check. */
interface TokenReaderOptions {
  readonly config: Pick<Config, 'TOKEN_USER_CLAIM' | 'TOKEN_LEEWAY_SECONDS' | 'TOKEN_MAX_BYTES'>
  /** called with each refusal: its reason from a fixed list, and details without the token */
  readonly onRefusal?: (reason: string, detail: string) => void
  /** ms since 1970 */
  readonly now?: () => number
}

/**
 * Remembers checked tokens: a signature costs 10 us and more, a look-up 0.3 us, and users send each token many
 * times. Only valid tokens are kept, and their expiry is checked each time.
 */
export function createTokenReader(
  check: CheckToken,
  { config, onRefusal, now = Date.now }: TokenReaderOptions
): TokenReader & { forget(): void } {
  const known = new TwoGenerationCache<Identity>(CACHE_GENERATION, CACHE_BYTES)
  const longest = config.TOKEN_MAX_BYTES
  const readClaims = claimsReader(config)

  function first(token: string): Identity {
    const claims = readClaims(check(token))
    known.set(token, claims)
    return claims
  }

  /** The client does not learn the reason of a refusal: each is the same 401, except keys that cannot be fetched, which are a 503. */
  function refusal(error: unknown, detail?: string): ProblemError {
    if (error instanceof ProblemError) return error
    onRefusal?.(reasonOf(error), error instanceof Error ? error.message : '')
    return new ProblemError('UNAUTHENTICATED', {}, detail)
  }

  function read(authorization: string | undefined): Identity | Promise<Identity> {
    if (authorization === undefined) throw refusal(new TokenRefusedError('missing'))
    const token = authorization.startsWith('Bearer ') ? authorization.slice(7) : authorization.replace(BEARER, '')
    if (token.length > longest) {
      const detail = `The token has ${token.length} bytes, and ${longest} are taken at most.`
      throw refusal(new TokenRefusedError('too-large', detail), detail)
    }
    const before = known.get(token)
    if (before !== undefined) {
      if (before.expiresAt <= now()) throw refusal(new TokenRefusedError('expired'))
      return before
    }
    if (!BEARER.test(authorization)) throw refusal(new TokenRefusedError('scheme', 'the scheme is not Bearer'))
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

/** Reads the identity from a valid token. It throws TokenRefusedError when a claim does not fit the contract. */
function claimsReader({ TOKEN_USER_CLAIM: claim, TOKEN_LEEWAY_SECONDS: leeway }: TokenReaderOptions['config']) {
  return (payload: unknown): Identity => {
    if (typeof payload !== 'object' || payload === null)
      throw new TokenRefusedError('invalid-payload', 'the token is no object')
    const members = payload as Record<string, unknown>
    const { exp, level = 0, registeredAt = null, device = null } = members
    const subject = members[claim]
    const user = typeof subject === 'string' ? insideUser(subject) : undefined
    if (user === undefined) throw new TokenRefusedError('claim-user', `${claim} is not the id of a user`)
    if (typeof exp !== 'number') throw new TokenRefusedError('claim-exp', 'exp is not a number')
    if (!isInteger(level) || level < 0 || level > LEVEL_MAX)
      throw new TokenRefusedError('claim-level', `level is not a whole number from 0 to ${LEVEL_MAX}`)
    if (registeredAt !== null && !isInteger(registeredAt))
      throw new TokenRefusedError('claim-registeredAt', 'registeredAt is not a time in seconds')
    if (device !== null && (typeof device !== 'string' || device.length > DEVICE_MAX))
      throw new TokenRefusedError('claim-device', `device is no text of at most ${DEVICE_MAX} characters`)
    return { user, level, registeredAt, device, expiresAt: (exp + leeway) * 1000 }
  }
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
