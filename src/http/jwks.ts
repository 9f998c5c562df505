import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { type Algorithm, createVerifier } from 'fast-jwt'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { ProblemError } from './problems.ts'
import { type CheckToken, claimRules, KeyNeededError } from './storefront-token.ts'

const FETCH_DEADLINE_MS = 3000
const UNKNOWN_KEY_PAUSE_MS = 30_000
/** without any key nobody can be let in, so the issuer is asked more often */
const FIRST_KEYS_PAUSE_MS = 1000
const REFRESH_MS = 600_000
const DOCUMENT_MAX = 256 * 1024
const KEYS_MAX = 64
const RSA_BITS_MIN = 2048

interface Jwk extends JsonWebKey {
  readonly kid?: string
  readonly alg?: string
  readonly use?: string
}

/** The one algorithm of a key; undefined for a key that is not used here. A token's own header never chooses. */
function algorithmOf(key: Jwk): Algorithm | undefined {
  if (key.use !== undefined && key.use !== 'sig') return undefined
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

function verifierOf(key: Jwk, config: Config): CheckToken | undefined {
  const algorithm = algorithmOf(key)
  if (algorithm === undefined) return undefined
  const { kty, crv, x, y, n, e } = key
  const publicParts = Object.fromEntries(
    Object.entries({ kty, crv, x, y, n, e }).filter(([, part]) => part !== undefined)
  )
  const publicKey = createPublicKey({ key: publicParts, format: 'jwk' })
  if (algorithm === 'RS256' && (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < RSA_BITS_MIN) return undefined
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return createVerifier({ key: pem, algorithms: [algorithm], ...claimRules(config) })
}

function keyIdOf(token: string): string | undefined {
  const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString())
  if (typeof header !== 'object' || header === null || !('kid' in header)) return undefined
  return typeof header.kid === 'string' ? header.kid : undefined
}

async function fetchKeys(url: string): Promise<Jwk[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_DEADLINE_MS), redirect: 'error' })
  if (!response.ok) throw new Error(`the answer was ${response.status}`)
  const text = await response.text()
  if (text.length > DOCUMENT_MAX) throw new Error(`the document is larger than ${DOCUMENT_MAX} bytes`)
  const document: unknown = JSON.parse(text)
  if (typeof document !== 'object' || document === null || !('keys' in document) || !Array.isArray(document.keys)) {
    throw new Error('the document has no list of keys')
  }
  return document.keys.filter((key: unknown): key is Jwk => typeof key === 'object' && key !== null).slice(0, KEYS_MAX)
}

/**
 * The check for tokens signed with a key of TOKEN_JWKS_URL. Keys are kept; a token with an unknown key id makes it read
 * the document again, at most every 30 s, so that made-up ids cannot turn the gateway against the issuer.
 */
export function createJwksCheck(
  config: Config,
  { logger, onChange, now = Date.now }: { logger: Logger; onChange(): void; now?: () => number }
): CheckToken {
  let keys = new Map<string | undefined, CheckToken>()
  let triedAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined

  async function refresh(): Promise<void> {
    triedAt = now()
    try {
      const fetched = new Map<string | undefined, CheckToken>()
      for (const key of await fetchKeys(config.TOKEN_JWKS_URL)) {
        const verifier = verifierOf(key, config)
        if (verifier !== undefined) fetched.set(key.kid, verifier)
      }
      keys = fetched
      onChange()
    } catch (error) {
      logger.error({ err: error, url: config.TOKEN_JWKS_URL }, 'the keys of storefront tokens could not be read')
    } finally {
      running = undefined
    }
  }

  function refreshed(): Promise<void> {
    running ??= refresh()
    return running
  }

  return (token) => {
    const id = keyIdOf(token)
    const age = now() - triedAt
    if (age > REFRESH_MS && keys.size > 0) void refreshed()
    const check = keys.get(id) ?? (id === undefined && keys.size === 1 ? [...keys.values()][0] : undefined)
    if (check !== undefined) return check(token)
    if (keys.size === 0 && running === undefined && age < FIRST_KEYS_PAUSE_MS) throw new ProblemError('UNAVAILABLE')
    if (keys.size > 0 && running === undefined && age < UNKNOWN_KEY_PAUSE_MS)
      throw new Error('the key of the token is not known')
    throw new KeyNeededError(refreshed())
  }
}
