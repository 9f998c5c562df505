import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { type Algorithm, createVerifier } from 'fast-jwt'
import type { Logger } from 'pino'
import { messageOf } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { ProblemError } from '../problems/problems.ts'
import { type CheckToken, claimRules, KeyNeededError } from './storefront-token.ts'
import { TokenRefusedError } from './token-refusal.ts'

/** Bounds for reading keys; times in ms. */
export const jwksBounds = {
  fetchDeadlineMs: 3000,
  /** the shortest time between two reads because of an unknown key */
  unknownKeyPauseMs: 30_000,
  /** the time until the next read after a failed one */
  failedPauseMs: 5000,
  /** the same until the first keys are known: without any key all users are refused, so reads are more frequent */
  firstKeysPauseMs: 1000,
  refreshMs: 600_000,
  documentBytes: 256 * 1024,
  keys: 64,
  rsaBits: 2048
} as const

interface Jwk extends JsonWebKey {
  readonly kid?: unknown
  readonly alg?: unknown
  readonly use?: unknown
  readonly key_ops?: unknown
}

/** A key that tokens may be signed with. */
interface UsableKey {
  readonly kid: string | undefined
  /** to compare the keys of two documents */
  readonly pem: string
  readonly check: CheckToken
}

/** The one algorithm of a key; undefined for a key that is not used here. The header of a token never chooses it. */
function algorithmOf(key: Jwk): Algorithm | undefined {
  if (key.use !== undefined && key.use !== 'sig') return undefined
  if (Array.isArray(key.key_ops) && !key.key_ops.includes('verify')) return undefined
  const natural =
    key.kty === 'OKP' && key.crv === 'Ed25519'
      ? 'EdDSA'
      : key.kty === 'EC' && key.crv === 'P-256'
        ? 'ES256'
        : key.kty === 'RSA'
          ? 'RS256'
          : undefined
  return key.alg === undefined || key.alg === natural ? natural : undefined
}

/** A key that can check tokens; undefined for a key for another use. @throws Error for a broken key */
function usableKey(key: Jwk, config: Config): UsableKey | undefined {
  const algorithm = algorithmOf(key)
  if (algorithm === undefined) return undefined
  const { kty, crv, x, y, n, e } = key
  const publicParts = Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, part]) => part !== undefined)
  )
  const publicKey = createPublicKey({ key: publicParts, format: 'jwk' })
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0
  if (algorithm === 'RS256' && bits < jwksBounds.rsaBits) throw new Error(`an RSA key of ${bits} bits is too weak`)
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const check = createVerifier({ key: pem, algorithms: [algorithm], ...claimRules(config) })
  return { kid: typeof key.kid === 'string' ? key.kid : undefined, pem, check }
}

function keyIdOf(token: string): string | undefined {
  const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString())
  if (typeof header !== 'object' || header === null || !('kid' in header)) return undefined
  return typeof header.kid === 'string' ? header.kid : undefined
}

/** The text of an answer; stops reading at the size limit. */
async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (bytes > jwksBounds.documentBytes)
      throw new Error(`the document is larger than ${jwksBounds.documentBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

async function fetchMembers(url: string): Promise<unknown[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(jwksBounds.fetchDeadlineMs), redirect: 'error' })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`the answer was ${response.status}`)
  }
  const document: unknown = JSON.parse(await textOf(response))
  if (typeof document !== 'object' || document === null || !('keys' in document) || !Array.isArray(document.keys)) {
    throw new Error('the document has no list of keys')
  }
  return document.keys.slice(0, jwksBounds.keys)
}

/** The keys of a document. A broken member is skipped with a warning, because the others are still valid. */
function readKeys(members: readonly unknown[], config: Config, logger: Logger): UsableKey[] {
  const keys: UsableKey[] = []
  for (const member of members) {
    const kid = typeof member === 'object' && member !== null && 'kid' in member ? member.kid : undefined
    try {
      if (typeof member !== 'object' || member === null) throw new Error('a key is an object')
      const key = usableKey(member as Jwk, config)
      if (key !== undefined) keys.push(key)
    } catch (error) {
      const reason = messageOf(error)
      logger.warn({ kid, reason, url: config.TOKEN_JWKS_URL }, 'a key of storefront tokens is broken and was skipped')
    }
  }
  if (keys.length === 0 && members.length > 0) throw new Error('none of its keys can be used')
  return keys
}

/** A check with all keys of one id, because some issuers have several while they rotate: a token is valid if one of them accepts it. */
function checkOfAll(keys: readonly UsableKey[]): CheckToken {
  return (token) => {
    let refusal: unknown = new TokenRefusedError('unknown-key', 'the key of the token is not known')
    for (const { check } of keys) {
      try {
        return check(token)
      } catch (error) {
        refusal = error
      }
    }
    throw refusal
  }
}

/**
 * The check for tokens signed with a key of TOKEN_JWKS_URL. Keys are kept until a later document has others; a token with an
 * unknown key id makes it read the document again, at most every 30 s, so that made-up ids cannot flood the issuer with
 * requests. All requests that need the new keys wait for the same read.
 */
export function createJwksCheck(
  config: Config,
  { logger, onChange, now = Date.now }: { logger: Logger; onChange(): void; now?: () => number }
): CheckToken {
  let checks = new Map<string | undefined, CheckToken>()
  let known = ''
  let triedAt = Number.NEGATIVE_INFINITY
  let failed = false
  let running: Promise<void> | undefined

  function take(keys: readonly UsableKey[]): void {
    const name = JSON.stringify(keys.map(({ kid, pem }) => [kid, pem]))
    // tokens checked with the same keys are still valid; checking all of them again would block the gateway for a moment
    if (name === known) return
    const kids = new Set(keys.map(({ kid }) => kid))
    checks = new Map([...kids].map((kid) => [kid, checkOfAll(keys.filter((key) => key.kid === kid))]))
    known = name
    onChange()
  }

  async function refresh(): Promise<void> {
    triedAt = now()
    try {
      take(readKeys(await fetchMembers(config.TOKEN_JWKS_URL), config, logger))
      if (failed) logger.info({ url: config.TOKEN_JWKS_URL }, 'the keys of storefront tokens can be read again')
      failed = false
    } catch (error) {
      const about = { err: error, url: config.TOKEN_JWKS_URL, kept: checks.size }
      if (!failed) logger.error(about, 'the keys of storefront tokens could not be read; trying until they can')
      failed = true
    } finally {
      running = undefined
    }
  }

  function refreshed(): Promise<void> {
    running ??= refresh()
    return running
  }

  /** How long after a read an unknown key does not cause another one. */
  function pauseMs(): number {
    if (checks.size === 0) return jwksBounds.firstKeysPauseMs
    return failed ? jwksBounds.failedPauseMs : jwksBounds.unknownKeyPauseMs
  }

  return (token) => {
    const id = keyIdOf(token)
    const age = now() - triedAt
    if (age > (failed ? jwksBounds.failedPauseMs : jwksBounds.refreshMs) && checks.size > 0) void refreshed()
    const check = checks.get(id) ?? (id === undefined && checks.size === 1 ? [...checks.values()][0] : undefined)
    if (check !== undefined) return check(token)
    if (running !== undefined || age >= pauseMs()) throw new KeyNeededError(refreshed())
    // the key cannot be looked up now, so the token is neither valid nor invalid
    if (failed || checks.size === 0) throw new ProblemError('UNAVAILABLE')
    throw new TokenRefusedError('unknown-key', 'the key of the token is not known')
  }
}
