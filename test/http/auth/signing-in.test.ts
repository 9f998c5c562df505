import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { type Test, test } from 'tap'
import { createMetrics } from '../../../src/http/running/metrics.ts'
import { bearer, publicApp, SECRET, type TestApp } from '../../support/http/http-app.ts'
import { buy, isProblem, refused } from '../../support/http/http-requests.ts'
import { waitFor } from '../../support/wait.ts'

function token(payload: object, header: object = { alg: 'HS256', typ: 'JWT' }, secret = SECRET): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part(header)}.${part(payload)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

function foreignTokens(): Record<string, string> {
  const now = Math.floor(Date.now() / 1000)
  const good = { iss: 'floodgate', aud: 'floodgate-storefront', sub: 'alice', exp: now + 60 }
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const rsaHead = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from(JSON.stringify(good)).toString('base64url')}`
  const { exp: _exp, ...noExpiry } = good
  const { aud: _aud, ...noAudience } = good
  const { sub: _sub, ...noUser } = good
  return {
    'nothing at all': '',
    'not a token': 'Bearer hello',
    'another scheme': `Basic ${token(good)}`,
    'no scheme': token(good),
    'alg none': `Bearer ${token(good, { alg: 'none' }).replace(/[^.]*$/, '')}`,
    'alg none with a signature': `Bearer ${token(good, { alg: 'none' })}`,
    'another HMAC': `Bearer ${token(good, { alg: 'HS512' })}`,
    'an RSA signature': `Bearer ${rsaHead}.${sign('sha256', Buffer.from(rsaHead), privateKey).toString('base64url')}`,
    'another secret': `Bearer ${token(good, { alg: 'HS256' }, 'x'.repeat(32))}`,
    'a cut signature': `Bearer ${token(good).slice(0, -4)}`,
    expired: `Bearer ${token({ ...good, exp: now - 60 })}`,
    'not valid yet': `Bearer ${token({ ...good, nbf: now + 60 })}`,
    'expiry as text': `Bearer ${token({ ...good, exp: String(now + 60) })}`,
    'without expiry': `Bearer ${token(noExpiry)}`,
    'another issuer': `Bearer ${token({ ...good, iss: 'somebody' })}`,
    'another audience': `Bearer ${token({ ...good, aud: 'floodgate-admin' })}`,
    'without audience': `Bearer ${token(noAudience)}`,
    'without user': `Bearer ${token(noUser)}`,
    'empty user': `Bearer ${token({ ...good, sub: '' })}`,
    'user with a line end': `Bearer ${token({ ...good, sub: 'alice\n' })}`,
    'user too long': `Bearer ${token({ ...good, sub: 'a'.repeat(256) })}`,
    'user as a number': `Bearer ${token({ ...good, sub: 7 })}`,
    'level as text': `Bearer ${token({ ...good, level: '9' })}`,
    'negative level': `Bearer ${token({ ...good, level: -1 })}`,
    'broken level': `Bearer ${token({ ...good, level: 1.5 })}`,
    'a huge token': `Bearer ${token({ ...good, device: 'd'.repeat(9000) })}`
  }
}

test('only a valid token of this issuer signs a user in', async (t) => {
  const shop = await publicApp(t)
  for (const [what, authorization] of Object.entries(foreignTokens())) {
    const answer = await buy(shop, { headers: { authorization } })
    isProblem(t, answer, { status: 401, code: 'UNAUTHENTICATED' })
    t.equal(answer.statusCode, 401, what)
    t.match(answer.headers['www-authenticate'], /^Bearer/)
  }
  t.equal(shop.gate.commands.length, 0)
  const lower = await buy(shop, { headers: { authorization: bearer('a.user_1@x-y').replace('Bearer', 'bearer') } })
  t.equal(lower.statusCode, 201, 'the scheme may be written in any case')
})

test('a request without a valid token is refused before its body is read', async (t) => {
  const shop = await publicApp(t)
  const answer = await buy(shop, {
    payload: 'rubbish'.repeat(5000),
    headers: { authorization: '', 'content-type': 'text/plain' }
  })
  t.equal(answer.statusCode, 401)
})

type Answers = ReadonlyArray<Awaited<ReturnType<typeof buy>>>

/**
 * Asks a shop of its own, one request after the other, until all answers came within the second that is counted: on a machine that
 * takes longer, more are let in.
 */
async function withinSecond(
  t: Test,
  env: Record<string, string>,
  requests: ReadonlyArray<Parameters<typeof buy>[1]>
): Promise<{ shop: TestApp; limited: Answers; served: number }> {
  let found: { shop: TestApp; answers: Answers } | undefined
  const isWithin = async () => {
    const shop = await publicApp(t, { env })
    const begun = performance.now()
    const answers = []
    for (const request of requests) answers.push(await buy(shop, request))
    found = { shop, answers }
    return performance.now() - begun < 1000
  }
  await waitFor(isWithin, { what: 'all answers within a second' })
  if (found === undefined) throw new Error('Nobody asked')
  const { shop, answers } = found
  const limited = answers.filter(({ statusCode }) => statusCode === 429)
  return { shop, limited, served: answers.length - limited.length }
}

test('a user who asks too often waits, others do not', async (t) => {
  const env = { RATE_LIMIT_USER_PER_SECOND: '5' }
  const { shop, limited, served } = await withinSecond(t, env, Array(12).fill({}))
  t.equal(served, 5, 'the others were too many')
  for (const answer of limited) {
    isProblem(t, answer, { status: 429, code: 'RATE_LIMITED', scope: 'user' })
    t.match(answer.headers['retry-after'], /^[12]$/)
  }
  t.equal((await buy(shop, { headers: { authorization: bearer('bob') } })).statusCode, 201)
})

test('an address is limited in bad requests only, so that users who share it are served', async (t) => {
  const env = { RATE_LIMIT_ADDRESS_PER_SECOND: '5' }
  const rubbish = [{ headers: { authorization: '' } }, { payload: {} }, { url: '/v1/nothing' }]
  const { shop, limited, served } = await withinSecond(t, env, Array(6).fill(rubbish).flat())
  t.equal(served, 5)
  for (const answer of limited) isProblem(t, answer, { status: 429, code: 'RATE_LIMITED', scope: 'address' })
  t.equal((await buy(shop)).statusCode, 201)
  shop.gate.outcome = refused('SOLD_OUT', { remaining: 0, mayReopen: false })
  const honest = await Promise.all(Array.from({ length: 20 }, () => buy(shop)))
  t.ok(honest.every(({ statusCode }) => statusCode === 409))
})

test('a listed proxy names the address of its clients, and nobody else may', async (t) => {
  const env = { RATE_LIMIT_ADDRESS_PER_SECOND: '3' }
  const rubbish = (address: string) => Array(5).fill({ payload: {}, headers: { 'x-forwarded-for': address } })
  const both = [...rubbish('203.0.113.1'), ...rubbish('203.0.113.2')]
  const behind = await withinSecond(t, { ...env, TRUSTED_PROXIES: '127.0.0.0/8' }, both)
  t.equal(behind.served, 6, 'they are two addresses')
  t.equal((await withinSecond(t, env, both)).served, 3, 'they are one address')
  for (const proxies of ['rubbish', '10.0.0.0/33', '::1/129', '10.0.0.1/8/8', 'true']) {
    await t.rejects(publicApp(t, { env: { TRUSTED_PROXIES: proxies } }), { message: /TRUSTED_PROXIES/ })
  }
})

test('a token of 6 KB is read, one beyond the limit is told so, and refusals are counted without a word of the token', async (t) => {
  const lines: string[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const metrics = createMetrics()
  const shop = await publicApp(t, { logger, metrics })
  await shop.app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(shop.app.server.address() as AddressInfo).port}/v1/me/orders`
  const now = Math.floor(Date.now() / 1000)
  const good = { iss: 'floodgate', aud: 'floodgate-storefront', sub: 'alice', exp: now + 600 }
  const ask = (payload: object) => fetch(url, { headers: { authorization: `Bearer ${token(payload)}` } })
  t.not((await ask({ ...good, groups: 'g'.repeat(4500) })).status, 401)
  t.match(await (await ask({ ...good, groups: 'g'.repeat(9000) })).json(), { code: 'UNAUTHENTICATED', detail: /8192/ })
  t.equal((await ask({ ...good, iss: 'https://other.example' })).status, 401)
  const figures = await metrics.registry.metrics()
  t.match(figures, /floodgate_token_refusals_total\{reason="too-large"\} 1/)
  t.match(figures, /floodgate_token_refusals_total\{reason="invalid-claim-value-iss"\} 1/)
  const said = lines.filter((line) => line.includes('a token was refused'))
  t.equal(said.length, 2)
  t.notMatch(said.join(''), /ggggg|eyJ|alice/)
})
