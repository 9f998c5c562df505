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

/** Where a Redis Cluster is, and how to sign in at each of its nodes. */
export interface ClusterPlace {
  /** some of its nodes: they know the others */
  readonly nodes: ReadonlyArray<{ readonly host: string; readonly port: number }>
  readonly login: Pick<RedisOptions, 'username' | 'password' | 'tls'>
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
 * Reads from REDIS_URL where a cluster is: `redis[s]+cluster://[user:password@]host[:port],...`; undefined where it names none.
 * @throws ConfigError naming the parts that cannot be honoured
 */
export function clusterPlace(text: string): ClusterPlace | undefined {
  const url = splitUrl(VARIABLE, text)
  if (!/^rediss?\+cluster$/.test(url.scheme)) return undefined
  refuseOthers(VARIABLE, url, [])
  refuseDatabase(url.path)
  return {
    nodes: url.hosts.map((host) => at(host, REDIS_PORT)),
    login: { ...login(url.user, url.password, 'Redis'), ...(url.scheme === 'rediss+cluster' ? { tls: {} } : {}) }
  }
}

/**
 * Reads from REDIS_URL where the one Redis is: `redis[s]://[user:password@]host[:port][/0]` or
 * `redis[s]+sentinel://[user:password@]host[:port],.../[master][?sentinelUser=&sentinelPassword=]`.
 * @throws ConfigError naming the parts that cannot be honoured; also for a cluster, see `clusterPlace`
 */
export function redisPlace(text: string): Place {
  const url = splitUrl(VARIABLE, text)
  if (/^rediss?\+sentinel$/.test(url.scheme)) return sentinelPlace(url)
  if (/^rediss?\+cluster$/.test(url.scheme)) fail('names a Redis Cluster where one Redis is needed.')
  if (!/^rediss?$/.test(url.scheme))
    fail(`has the scheme ${url.scheme}. Use redis, rediss, redis+sentinel or redis+cluster.`)
  const [first, ...more] = url.hosts
  if (first === undefined || more.length > 0)
    fail('names several hosts. Only redis+sentinel:// and redis+cluster:// take a list.')
  refuseOthers(VARIABLE, url, [])
  refuseDatabase(url.path)
  return {
    ...at(first, REDIS_PORT),
    ...login(url.user, url.password, 'Redis'),
    ...(url.scheme === 'rediss' ? { tls: {} } : {})
  }
}
