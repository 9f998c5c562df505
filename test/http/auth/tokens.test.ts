import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSigner } from 'fast-jwt'
import { pino } from 'pino'
import { type Test, test } from 'tap'
import { TwoGenerationCache } from '../../../src/base/two-generation-map.ts'
import { createJwksCheck } from '../../../src/http/auth/jwks.ts'
import { signTokens } from '../../../src/http/auth/sign-token.ts'
import { createTokenReader, secretCheck } from '../../../src/http/auth/storefront-token.ts'
import { ProblemError } from '../../../src/http/problems/problems.ts'
import { issuedUser } from '../../../src/store/connection/user-name.ts'
import { aConfig, SECRET } from '../../support/http/http-app.ts'

const logger = pino({ level: 'silent' })
const claims = { iss: 'floodgate', aud: 'floodgate-storefront', sub: 'alice' }

/** The code of the problem that a call is refused with; 'none' when it is not. */
async function problemOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'none'
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
}

test('a cache of two generations stays bounded and keeps what is used', async (t) => {
  const cache = new TwoGenerationCache<number>(100)
  cache.set('used', 1)
  for (let index = 0; index < 1000; index += 1) {
    cache.set(`n${index}`, index)
    t.equal(cache.get('used'), 1)
  }
  t.ok(cache.size <= 200)
  t.equal(cache.get('n0'), undefined)
  cache.clear()
  t.equal(cache.size, 0)
  const long = new TwoGenerationCache<number>(100, 5000)
  for (let index = 0; index < 1000; index += 1) long.set(`n${index}`.padEnd(1000, 'x'), index)
  t.ok(long.size <= 10, 'long keys count by their length')
})

test('tokens carry what was asked for, one for each user', async (t) => {
  const options = { secret: SECRET, issuer: 'floodgate', audience: 'floodgate-storefront', ttlSeconds: 60 }
  const reader = createTokenReader(secretCheck(aConfig()), { config: aConfig() })
  const tokens = signTokens({ ...options, users: ['a', 'b'], level: 3, registeredAt: 1700000000, device: 'd1' })
  t.match(await Promise.all(tokens.map((token) => reader.read(`Bearer ${token}`))), [
    { user: 'a', level: 3, registeredAt: 1700000000, device: 'd1' },
    { user: 'b', level: 3 }
  ])
  const [plain] = signTokens({ ...options, users: ['c'] })
  t.match(reader.read(`Bearer ${plain}`), { user: 'c', level: 0, registeredAt: null, device: null })
})

test('a token that was good once is refused once it is expired', async (t) => {
  let now = 0
  const reader = createTokenReader(secretCheck(aConfig()), { config: aConfig(), now: () => now })
  const [token = ''] = signTokens({
    secret: SECRET,
    issuer: 'floodgate',
    audience: 'floodgate-storefront',
    users: ['a'],
    ttlSeconds: 60
  })
  now = 1000 * JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).iat
  t.match(reader.read(`Bearer ${token}`), { user: 'a' })
  now += 61_000
  t.match(reader.read(`Bearer ${token}`), { user: 'a' }, 'clocks may differ by some seconds')
  now += 5000
  t.equal(await problemOf(async () => reader.read(`Bearer ${token}`)), 'UNAUTHENTICATED')
})

test('short secrets are refused, and in production those that everybody knows', async (t) => {
  t.throws(() => secretCheck(aConfig({ TOKEN_SECRET: 'short' })), { message: /TOKEN_SECRET/ })
  t.throws(() => secretCheck(aConfig({ TOKEN_SECRET: '' })), { message: /TOKEN_SECRET/ })
  const known = 'floodgate-demo-secret-do-not-use-me'
  t.type(secretCheck(aConfig({ TOKEN_SECRET: known })), 'function')
  for (const secret of [known, 'a'.repeat(40), '12345678'.repeat(5)]) {
    t.throws(() => secretCheck(aConfig({ FLOODGATE_ENV: 'production', TOKEN_SECRET: secret })), {
      message: /TOKEN_SECRET/
    })
  }
  const random = 'b6f1d20c94e87a533e07f5c18d2ba964'
  t.type(secretCheck(aConfig({ FLOODGATE_ENV: 'production', TOKEN_SECRET: random })), 'function')
})

interface Issuer {
  readonly url: string
  readonly requests: () => number
  publish(keys: unknown[]): void
  /** answers with this text */
  say(text: string): void
  fail(status: number): void
}

function startIssuer(t: Test): Promise<Issuer> {
  let text = '{"keys":[]}'
  let status = 200
  let requests = 0
  const server: Server = createServer((_request, response) => {
    requests += 1
    response.writeHead(status, { 'content-type': 'application/json' }).end(text)
  })
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
        requests: () => requests,
        publish: (keys) => {
          text = JSON.stringify({ keys })
          status = 200
        },
        say: (said) => {
          text = said
        },
        fail: (failure) => {
          status = failure
        }
      })
    })
  })
}

type Algorithm = 'EdDSA' | 'ES256' | 'RS256'

function keyPair(algorithm: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function makeKey(algorithm: Algorithm, kid: string) {
  const { privateKey, publicKey } = keyPair(algorithm)
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const sign = createSigner({ key, algorithm, kid, expiresIn: 60_000 })
  return {
    sign: (more: object = {}) => `Bearer ${sign({ ...claims, ...more })}`,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid }
  }
}

function jwksReader(url: string, now: () => number, log = logger) {
  const config = aConfig({ TOKEN_JWKS_URL: url, TOKEN_SECRET: '' })
  const check = createJwksCheck(config, { logger: log, onChange: () => reader.forget(), now })
  const reader = createTokenReader(check, { config })
  return async (header: string) => reader.read(header)
}

test('keys of an issuer are read once, each good for its own algorithm only', async (t) => {
  const issuer = await startIssuer(t)
  const keys = (['EdDSA', 'ES256', 'RS256'] as const).map((algorithm) => makeKey(algorithm, algorithm))
  issuer.publish(keys.map(({ jwk }) => jwk))
  const read = jwksReader(issuer.url, Date.now)
  const users = await Promise.all(keys.map(({ sign }) => read(sign())))
  t.ok(users.every(({ user }) => user === 'alice'))
  t.equal(issuer.requests(), 1)
  const hmac = createSigner({ key: SECRET, algorithm: 'HS256', kid: 'RS256', expiresIn: 60_000 })(claims)
  t.equal(await problemOf(() => read(`Bearer ${hmac}`)), 'UNAUTHENTICATED')
  t.equal(
    await problemOf(() => read(makeKey('ES256', 'ES256').sign())),
    'UNAUTHENTICATED',
    'the same key id, another key'
  )
  t.equal(
    await problemOf(() => read(makeKey('EdDSA', 'ES256').sign())),
    'UNAUTHENTICATED',
    'the key id of another algorithm'
  )
  t.equal(await problemOf(() => read(keys[0]?.sign({ iss: 'other' }) ?? '')), 'UNAUTHENTICATED')
  t.equal(issuer.requests(), 1)
})

test('an unknown key id makes the keys be read again, at most every 30 s', async (t) => {
  let now = Date.now()
  const issuer = await startIssuer(t)
  const [first, second] = [makeKey('ES256', 'one'), makeKey('ES256', 'two')]
  issuer.publish([first.jwk])
  const read = jwksReader(issuer.url, () => now)
  t.match(await read(first.sign()), { user: 'alice' })
  issuer.publish([second.jwk])
  t.equal(await problemOf(() => read(second.sign())), 'UNAUTHENTICATED')
  t.equal(issuer.requests(), 1)
  now += 31_000
  t.match(await read(second.sign()), { user: 'alice' })
  t.equal(issuer.requests(), 2)
  t.equal(await problemOf(() => read(first.sign())), 'UNAUTHENTICATED', 'a key withdrawn is good no more')
})

test('while an issuer does not answer, its users are not refused as unauthorized', async (t) => {
  let now = Date.now()
  const issuer = await startIssuer(t)
  issuer.fail(500)
  const key = makeKey('EdDSA', 'one')
  const read = jwksReader(issuer.url, () => now)
  t.equal(await problemOf(() => read(key.sign())), 'UNAVAILABLE')
  issuer.publish([key.jwk])
  now += 2000
  t.match(await read(key.sign()), { user: 'alice' })
  issuer.fail(500)
  now += 700_000
  t.match(await read(key.sign()), { user: 'alice' }, 'keys once read stay good')
})

test('keys that are not for signatures, too weak or of other kinds are left out', async (t) => {
  const issuer = await startIssuer(t)
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const good = makeKey('ES256', 'good')
  issuer.publish([
    { ...weak, kid: 'weak' },
    { ...good.jwk, kid: 'encryption', use: 'enc' },
    { ...good.jwk, kid: 'other', alg: 'ES384' },
    { kty: 'oct', k: 'c2VjcmV0', kid: 'symmetric' },
    good.jwk
  ])
  const read = jwksReader(issuer.url, Date.now)
  t.match(await read(good.sign()), { user: 'alice' })
  const symmetric = createSigner({ key: 'secret', algorithm: 'HS256', kid: 'symmetric', expiresIn: 60_000 })(claims)
  t.equal(await problemOf(() => read(`Bearer ${symmetric}`)), 'UNAUTHENTICATED')
})

test('a broken member of the keys is skipped with a warning that names it, and the others work', async (t) => {
  let now = Date.now()
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  const issuer = await startIssuer(t)
  const [first, second, twin] = [makeKey('ES256', 'one'), makeKey('EdDSA', 'two'), makeKey('RS256', 'two')]
  const broken = [null, 7, { kid: 'cut-off', kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, { kty: 'EC', crv: 'P-256' }]
  issuer.publish([...broken, first.jwk])
  const read = jwksReader(issuer.url, () => now, log)
  t.match(await read(first.sign()), { user: 'alice' })
  t.match(lines.join(''), /"level":40.*"kid":"cut-off"/)
  issuer.publish([...broken, { ...first.jwk, key_ops: ['sign'], kid: 'other-use' }, second.jwk, twin.jwk])
  now += 31_000
  t.match(await read(second.sign()), { user: 'alice' }, 'the new key works after the rotation')
  t.match(await read(twin.sign()), { user: 'alice' }, 'two keys of one id both work')
  t.equal(await problemOf(() => read(first.sign())), 'UNAUTHENTICATED')
  t.notMatch(lines.join(''), /"level":50/, 'nothing to wake anybody for')
})

test('keys that cannot be read keep the last good ones, and are read by one for all', async (t) => {
  let now = Date.now()
  const issuer = await startIssuer(t)
  const [key, next] = [makeKey('ES256', 'one'), makeKey('ES256', 'two')]
  issuer.publish([key.jwk])
  const read = jwksReader(issuer.url, () => now)
  await Promise.all(Array.from({ length: 50 }, () => read(key.sign({ sub: 'bob' }))))
  t.equal(issuer.requests(), 1, 'a crowd waits for one reading')
  const large = JSON.stringify({ keys: [key.jwk], more: 'x'.repeat(300_000) })
  for (const text of ['<html>', '[]', '{"keys":{}}', '{"keys":[{"kty":"EC","crv":"P-256"}]}', large]) {
    issuer.say(text)
    now += 31_000
    t.equal(await problemOf(() => read(next.sign())), 'UNAVAILABLE', 'they may be anybody')
    t.match(await read(key.sign()), { user: 'alice' }, text.slice(0, 20))
  }
  issuer.publish([key.jwk, next.jwk])
  now += 5000
  t.match(await read(next.sign()), { user: 'alice' }, 'asked again soon after a failure')
})

test('an issuer may end with a slash, clocks may differ, and a user has a name whatever the subject', async (t) => {
  const config = aConfig({ TOKEN_ISSUER: 'https://id.example' })
  const refusals: string[] = []
  const check = secretCheck(config)
  const now = Math.floor(Date.now() / 1000)
  const onRefusal = (reason: string) => refusals.push(reason)
  const reader = createTokenReader(check, { config, onRefusal, now: () => now * 1000 })
  const signed = (more: object) =>
    `Bearer ${createSigner({ key: SECRET, noTimestamp: true })({ ...claims, iss: 'https://id.example', exp: now + 600, ...more })}`
  for (const more of [{ iss: 'https://id.example/' }, { nbf: now + 3 }, { iat: now + 3 }, { exp: now - 3 }])
    t.match(await reader.read(signed(more)), { user: 'alice' }, JSON.stringify(more))
  const subjects = ['auth0|5f7c', 'google-oauth2|1', '=YQ', '手机用户', 'a'.repeat(255), 'with space', 'a:b{s0}']
  for (const sub of subjects) {
    const { user } = await reader.read(signed({ sub }))
    t.match(user, /^=[A-Za-z0-9_-]+$/)
    t.equal(issuedUser(user), sub)
  }
  for (const [more, reason] of [
    [{ sub: 'a'.repeat(256) }, 'claim-user'],
    [{ sub: 'nul\0' }, 'claim-user'],
    [{ sub: '\ud800' }, 'claim-user'],
    [{ iss: 'https://id.example//' }, 'invalid-claim-value-iss'],
    [{ aud: 'other' }, 'invalid-claim-value-aud'],
    [{ exp: now - 60 }, 'expired'],
    [{ nbf: now + 60 }, 'inactive'],
    [{ level: -1 }, 'claim-level'],
    [{ device: 'd'.repeat(9000) }, 'too-large']
  ] as const) {
    t.equal(await problemOf(async () => reader.read(signed(more))), 'UNAUTHENTICATED')
    t.equal(refusals.at(-1), reason)
  }
  const other = aConfig({ TOKEN_USER_CLAIM: 'https://shop.example/user' })
  const named = createTokenReader(secretCheck(other), { config: other })
  t.match(await named.read(signed({ iss: 'floodgate', 'https://shop.example/user': 'bob' })), { user: 'bob' })
  t.equal(await problemOf(async () => named.read(signed({ iss: 'floodgate' }))), 'UNAUTHENTICATED')
})
