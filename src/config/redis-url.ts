import type { RedisOptions } from 'ioredis'
import { ConfigError } from './config-error.ts'
import { type Address, refuseOthers, type ServerUrl, splitUrl } from './urls.ts'

const VARIABLE = 'REDIS_URL'
const REDIS_PORT = 6379
const SENTINEL_PORT = 26_379

type Place = Pick<
  RedisOptions,
  | 'host'
  | 'port'
  | 'username'
  | 'password'
  | 'tls'
  | 'sentinels'
  | 'name'
  | 'sentinelUsername'
  | 'sentinelPassword'
  | 'sentinelTLS'
  | 'enableTLSForSentinelMode'
>

function fail(what: string): never {
  throw new ConfigError(`${VARIABLE} ${what}`)
}

/** The client sends no user without a password, so such a URL would log in as another user than the one it names. */
function login(user: string | undefined, password: string | undefined, whose: string) {
  if (password === undefined || password === '') {
    if (user !== undefined && user !== '') fail(`names a user of ${whose} without a password, which is not sent.`)
    return {}
  }
  return user === undefined || user === '' ? { password } : { username: user, password }
}

/**
 * Refuses every database but 0: when Redis refuses a SELECT, the client silently goes on with database 0, so one lost right
 * would mix databases. NAMESPACE keeps deployments apart on one server.
 */
function refuseDatabase(text: string | undefined): void {
  if (text === undefined || text === '' || text === '0') return
  if (!/^\d+$/.test(text)) fail('has a path that is no number of a database.')
  fail(`names database ${text}, and Floodgate uses database 0 only. Deployments on one server differ by NAMESPACE.`)
}

function at({ host, port }: Address, defaultPort: number): { host: string; port: number } {
  if (host === '') fail('names no host.')
  return { host, port: port ?? defaultPort }
}

function sentinelPlace(url: ServerUrl): Place {
  refuseOthers(VARIABLE, url, ['sentinelUser', 'sentinelPassword'])
  const [name = '', database, ...more] = url.path.split('/')
  if (more.length > 0) fail('has a path of more than the name of the master.')
  refuseDatabase(database)
  const own = login(url.members.get('sentinelUser'), url.members.get('sentinelPassword'), 'the Sentinels')
  return {
    sentinels: url.hosts.map((host) => at(host, SENTINEL_PORT)),
    name: name === '' ? 'mymaster' : name,
    ...login(url.user, url.password, 'Redis'),
    ...(own.username === undefined ? {} : { sentinelUsername: own.username }),
    ...(own.password === undefined ? {} : { sentinelPassword: own.password }),
    ...(url.scheme === 'rediss+sentinel' ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {})
  }
}

/**
 * Reads from REDIS_URL where Redis is: `redis[s]://[user:password@]host[:port][/0]` or
 * `redis[s]+sentinel://[user:password@]host[:port],.../[master][?sentinelUser=&sentinelPassword=]`.
 * @throws ConfigError naming the parts that cannot be honoured
 */
export function redisPlace(text: string): Place {
  const url = splitUrl(VARIABLE, text)
  if (/^rediss?\+sentinel$/.test(url.scheme)) return sentinelPlace(url)
  if (/^rediss?\+cluster$/.test(url.scheme)) {
    fail('names a Redis Cluster, which this version does not run on. Use redis:// or redis+sentinel://.')
  }
  if (!/^rediss?$/.test(url.scheme)) fail(`has the scheme ${url.scheme}. Use redis, rediss or redis+sentinel.`)
  const [first, ...more] = url.hosts
  if (first === undefined || more.length > 0) fail('names several hosts. Only redis+sentinel:// takes a list.')
  refuseOthers(VARIABLE, url, [])
  refuseDatabase(url.path)
  return {
    ...at(first, REDIS_PORT),
    ...login(url.user, url.password, 'Redis'),
    ...(url.scheme === 'rediss' ? { tls: {} } : {})
  }
}
