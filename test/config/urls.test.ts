import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { databasePlace } from '../../src/config/database-url.ts'
import { natsPlace } from '../../src/config/nats-url.ts'
import { clusterPlace, redisPlace } from '../../src/config/redis-url.ts'
import { shownUrl } from '../../src/config/urls.ts'
import { createPool, openSession } from '../../src/store/connection/pool.ts'
import { sharedServers, temporaryFolder } from '../support/servers/servers.ts'

const nats = (NATS_URL: string, NATS_CREDS = '') => natsPlace({ NATS_URL, NATS_CREDS })
const postgres = (DATABASE_URL: string, name = 'test') => databasePlace({ DATABASE_URL, NAMESPACE: 'shop' }, { name })

test('REDIS_URL: user, password, TLS, IPv6 and Sentinels, each with its own password', async (t) => {
  const rows: Array<[string, object]> = [
    ['redis://h', { host: 'h', port: 6379 }],
    ['redis://h:7000/0', { host: 'h', port: 7000 }],
    ['redis://:1secret@h', { host: 'h', port: 6379, password: '1secret' }],
    ['redis://:p@ss@h', { host: 'h', port: 6379, password: 'p@ss' }],
    ['redis://u%40x:a%2Fb%3Ac%2525@h', { host: 'h', port: 6379, username: 'u@x', password: 'a/b:c%25' }],
    ['rediss://u:p+q@[::1]:6380', { host: '::1', port: 6380, username: 'u', password: 'p+q', tls: {} }],
    ['redis+sentinel://a,[::2]:7/shop', { sentinels: [at('a', 26379), at('::2', 7)], name: 'shop' }],
    ['redis+sentinel://a', { sentinels: [at('a', 26379)], name: 'mymaster' }],
    [
      'redis+sentinel://u:p@a,b/m/0?sentinelUser=s&sentinelPassword=1%26x',
      {
        sentinels: [at('a', 26379), at('b', 26379)],
        name: 'm',
        username: 'u',
        password: 'p',
        sentinelUsername: 's',
        sentinelPassword: '1&x'
      }
    ],
    [
      'rediss+sentinel://a/m',
      { sentinels: [at('a', 26379)], name: 'm', tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }
    ]
  ]
  for (const [url, place] of rows) {
    t.strictSame(redisPlace(url), place, url)
    t.equal(clusterPlace(url), undefined)
  }
})

test('REDIS_URL: nodes of a cluster, with one login for all of them', async (t) => {
  const rows: Array<[string, object]> = [
    ['redis+cluster://a', { nodes: [at('a', 6379)], login: {} }],
    [
      'rediss+cluster://u:p%40x@a:1,[::2]/0',
      { nodes: [at('a', 1), at('::2', 6379)], login: { username: 'u', password: 'p@x', tls: {} } }
    ]
  ]
  for (const [url, place] of rows) {
    t.strictSame(clusterPlace(url), place, url)
    t.throws(() => redisPlace(url), { message: /names a Redis Cluster/ })
  }
})

test('NATS_URL: user, password, token, TLS, several hosts, IPv6 and a file of credentials', async (t) => {
  const rows: Array<[string, object]> = [
    ['nats://h', { servers: ['h:4222'] }],
    ['h:4333', { servers: ['h:4333'] }],
    ['nats://user:secret@h', { servers: ['h:4222'], user: 'user', pass: 'secret' }],
    ['nats://user:1secret@h:1', { servers: ['h:1'], user: 'user', pass: '1secret' }],
    ['nats://user:a%40b%2C,c@h,[::1]:5', { servers: ['h:4222', '[::1]:5'], user: 'user', pass: 'a@b,,c' }],
    ['nats://t0ken@h', { servers: ['h:4222'], token: 't0ken' }],
    ['nats://u:p@a, nats://u:p@b:2,c', { servers: ['a:4222', 'b:2', 'c:4222'], user: 'u', pass: 'p' }]
  ]
  for (const [url, place] of rows) t.strictSame(nats(url), place, url)
  t.type(nats('tls://h').tls, 'object', 'TLS is asked for, not hoped for')
  t.equal(nats('nats://h').tls, undefined)
  const file = join(temporaryFolder(t), 'user.creds')
  writeFileSync(file, '-----BEGIN USER NKEY SEED-----\nSU\n')
  t.match(String(nats('nats://h', file).creds?.()), /SU/)
})

test('DATABASE_URL: what it sets beside the address is kept, and never undoes the session that Floodgate needs', async (t) => {
  const rows: Array<[string, object]> = [
    ['postgres://u:1p%40@h:7/d', { user: 'u', password: '1p@', host: 'h', port: 7, database: 'd', options: undefined }],
    ['postgresql://u@[::1]/d%20e', { user: 'u', host: '::1', database: 'd e', options: undefined }],
    ['postgres:///d?host=/var/run/pg&user=u&port=5', { host: '/var/run/pg', user: 'u', port: 5, database: 'd' }],
    ['postgres://%2Fvar%2Frun/d', { host: '/var/run', database: 'd' }],
    ['postgres://h/d?sslmode=disable', { ssl: false }],
    ['postgres://h/d?sslmode=require', { ssl: {} }],
    ['postgres://h/d?sslmode=no-verify', { ssl: { rejectUnauthorized: false } }],
    ['postgres://h/d?ssl=true&channel_binding=prefer', { ssl: {}, enableChannelBinding: true }],
    ['postgres://h/d?application_name=my+shop', { application_name: 'test my shop' }],
    ['postgres://h/d?options=-c%20geqo%3Doff+--jit=off', { options: '-c geqo=off -c jit=off' }],
    ['postgres://h/d?options=-csearch_path%3Dshop', { options: undefined }],
    ['postgres://h/d?options=endpoint%3Dcool-name', { options: 'endpoint=cool-name' }]
  ]
  for (const [url, place] of rows) t.match(postgres(url), place, url)
  const { databaseUrl } = await sharedServers(t)
  const joiner = databaseUrl.includes('?') ? '&' : '?'
  const config = loadConfig({ DATABASE_URL: `${databaseUrl}${joiner}options=-c%20geqo%3Doff`, NAMESPACE: 'shop' })
  const pool = createPool(config, { max: 1, name: 'test' })
  const session = await openSession(config, 'test')
  t.teardown(() => Promise.all([pool.end(), session.end()]).then(() => undefined))
  for (const db of [pool, session]) {
    const { rows: shown } = await db.query(
      "select name, setting from pg_settings where name in ('geqo', 'search_path', 'statement_timeout') order by name"
    )
    t.strictSame(
      shown.map(({ setting }) => setting),
      ['off', 'shop', '5000']
    )
  }
  t.match((await session.query('show idle_session_timeout')).rows[0], { idle_session_timeout: '8s' })
})

test('a setting that cannot be followed is refused by name, and no refusal shows a password', async (t) => {
  const rows: Array<[string, string, RegExp]> = [
    ['REDIS_URL', 'redis://:hush@h/3', /database 3.*NAMESPACE/],
    ['REDIS_URL', 'redis://:hush@h/shop', /no number of a database/],
    ['REDIS_URL', 'redis+sentinel://:hush@h/m/2', /database 2/],
    ['REDIS_URL', 'redis://:hush@h?db=3', /holds db/],
    ['REDIS_URL', 'redis://:hush@h?enableOfflineQueue=true', /holds enableOfflineQueue/],
    ['REDIS_URL', 'redis://hush@h', /a user of Redis without a password/],
    ['REDIS_URL', 'redis+sentinel://h/m?sentinelUser=hush', /a user of the Sentinels without/],
    ['REDIS_URL', 'redis://:hush@a,b', /several hosts/],
    ['REDIS_URL', 'redis+cluster://:hush@a,b/3', /database 3/],
    ['REDIS_URL', 'redis+cluster://hush@a,b', /a user of Redis without a password/],
    ['REDIS_URL', 'redis+cluster://:hush@a?scaleReads=all', /holds scaleReads/],
    ['REDIS_URL', 'unix:///hush', /scheme unix/],
    ['REDIS_URL', 'redis://:hu/sh@h', /percent-encoded/],
    ['REDIS_URL', 'redis://:hush#1@h', /percent-encoded/],
    ['REDIS_URL', 'redis://:hush%@h', /%25/],
    ['REDIS_URL', 'redis://:hush@::1', /brackets/],
    ['REDIS_URL', 'redis://:hush@h:0', /port/],
    ['REDIS_URL', 'redis://:hush@', /no host/],
    ['NATS_URL', 'nats://u:hush@a,nats://v:hush@b', /several logins/],
    ['NATS_URL', 'nats://a,nats://u:hush@b', /several logins/],
    ['NATS_URL', 'nats://u:hush@a,u:hush@b', /several @/],
    ['NATS_URL', 'nats://a,tls://b', /mixes/],
    ['NATS_URL', 'nats://:hush@a', /without a user/],
    ['NATS_URL', 'ws://u:hush@a', /scheme ws/],
    ['NATS_URL', 'nats://u:hush@a/b', /a path/],
    ['NATS_URL', 'nats://u:hush@a?tls=true', /holds tls/],
    ['DATABASE_URL', 'postgres://u:hush@h/d?options=-c%20search_path%3Dother', /search_path/],
    ['DATABASE_URL', 'postgres://u:hush@h/d?options=-cidle_session_timeout%3D0', /idle_session_timeout/],
    ['DATABASE_URL', 'postgres://u:hush@h/d?options=--statement-timeout=0', /statement_timeout/],
    ['DATABASE_URL', 'postgres://u:hush@h/d?statement_timeout=0', /holds statement_timeout/],
    ['DATABASE_URL', 'postgres://u:hush@h/d?schema=x&pgbouncer=true', /holds schema, pgbouncer/],
    ['DATABASE_URL', 'postgres://u:hush@a,b/d', /several hosts/],
    ['DATABASE_URL', 'postgres://u:hush@a/d?target_session_attrs=read-write', /target_session_attrs/],
    ['DATABASE_URL', 'postgres://u:hush@a/d?sslmode=prefer', /sslmode=prefer/],
    ['DATABASE_URL', 'postgres://u:hush@a/d?channel_binding=require', /channel_binding=require/],
    ['DATABASE_URL', 'postgres://u:hush@a/d?sslrootcert=/no/such/file', /sslrootcert/],
    ['DATABASE_URL', 'postgres://u:hush@a/d?user=v', /user twice/],
    ['DATABASE_URL', 'postgres://u:hush@a/d?sslmode=require&sslmode=disable', /sslmode twice/],
    ['DATABASE_URL', 'host=a password=hush', /no URL/]
  ]
  for (const [variable, url, words] of rows) {
    let refusal: unknown
    try {
      loadConfig({ [variable]: url })
    } catch (error) {
      refusal = error
    }
    t.match(refusal, { constructor: ConfigError, message: words }, url)
    t.match((refusal as Error).message, new RegExp(`^The configuration is not usable:\\n {2}${variable} `))
    t.notMatch((refusal as Error).message, /hush|hu\/sh/, `${url}: the password is not shown`)
  }
  const login = { NATS_URL: 'nats://u:p@h', NATS_CREDS: '/no/such/file' }
  t.throws(() => loadConfig(login), { message: /names a login, and NATS_CREDS another one/ })
  t.throws(() => loadConfig({ ...login, NATS_URL: 'nats://h' }), {
    message: /NATS_CREDS names a file that cannot be read/
  })
  t.throws(() => loadConfig({ REDIS_URL: 'redis://h/3', NATS_URL: 'ws://h' }), { message: /REDIS_URL.*\n.*NATS_URL/ })
})

test('a URL is shown without what is secret in it', async (t) => {
  const rows: Array<[string, string]> = [
    ['redis://:hush@h:1/0?sentinelPassword=hush', 'redis://:***@h:1/0'],
    ['nats://hush@a,b', 'nats://***@a,b'],
    ['postgres://u:hu@sh@h/d?password=hush', 'postgres://u:***@h/d'],
    ['nats://h:4222', 'nats://h:4222']
  ]
  for (const [url, shown] of rows) t.equal(shownUrl(url), shown)
})

function at(host: string, port: number) {
  return { host, port }
}

test('production refuses settings that are not meant for it, all at once and by name', async (t) => {
  const strong = 'b6f1d20c94e87a533e07f5c18d2ba964'
  const wrong = {
    FLOODGATE_ENV: 'production',
    TOKEN_SECRET: 'b6f1d20c94e87a53'.repeat(2),
    TOKEN_JWKS_URL: 'http://127.0.0.1:8080/jwks.json',
    CORS_ORIGINS: 'https://shop.example.com, *',
    HOST: '0.0.0.0',
    ADMIN_HOST: '0.0.0.0',
    FAIL_POINTS: 'G3:kill:10',
    KEY_RETENTION: '86399'
  }
  const messageOf = (env: Record<string, string>, demo = false): string => {
    try {
      loadConfig(env, { demo })
      return ''
    } catch (error) {
      if (error instanceof ConfigError) return error.message
      throw error
    }
  }
  const message = messageOf(wrong, true)
  for (const name of [
    'TOKEN_SECRET',
    'TOKEN_JWKS_URL',
    'CORS_ORIGINS',
    'ADMIN_HOST',
    'FAIL_POINTS',
    'KEY_RETENTION',
    '--no-demo'
  ]) {
    t.match(message, new RegExp(`\\n {2}FLOODGATE_ENV is production, and [^\\n]*${name}`), name)
  }
  t.notMatch(message, wrong.TOKEN_SECRET, 'a secret is not told')
  t.equal(messageOf({ ...wrong, FLOODGATE_ENV: 'development' }), '', 'a developer may')
  const right = {
    FLOODGATE_ENV: 'production',
    TOKEN_SECRET: strong,
    HOST: '0.0.0.0',
    CORS_ORIGINS: 'https://a.example'
  }
  t.equal(messageOf(right), '')
  t.match(loadConfig(right), { ADMIN_HOST: '127.0.0.1' })
  t.equal(messageOf({ ...right, ADMIN_HOST: 'gateway' }), '', 'its own name in a container')
  t.equal(messageOf({ ...right, HOST: '127.0.0.1', ADMIN_HOST: '127.0.0.1' }), '', 'behind a proxy of the same machine')
  for (const [name, value] of [
    ['TOKEN_SECRET', 'short'],
    ['TOKEN_SECRET', 'floodgate-demo-secret-do-not-use-me'],
    ['TOKEN_SECRET', 'a'.repeat(64)],
    ['TOKEN_JWKS_URL', 'HTTP://issuer.example/jwks'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'https://*.example'],
    ['ADMIN_HOST', '::']
  ] as const) {
    t.match(messageOf({ ...right, [name]: value }), name, `${name} ${value}`)
  }
  t.match(messageOf({ PORT: '3000', ADMIN_PORT: '3000' }), /PORT and ADMIN_PORT are both 3000/)
})
