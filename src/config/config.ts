import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { ConfigError } from './config-error.ts'
import { databasePlace } from './database-url.ts'
import { natsPlace } from './nats-url.ts'
import { productionProblems } from './production.ts'
import { clusterPlace, redisPlace } from './redis-url.ts'

/** Every environment variable of Floodgate, stated once: type, default and meaning. */
const Environment = Type.Object({
  FLOODGATE_ENV: Type.Union([Type.Literal('development'), Type.Literal('production')], {
    default: 'development',
    description:
      'production refuses to start with weak secrets, keys over http, CORS for all, demos, or an admin port that is open to all'
  }),
  DEMO_SHOP: Type.Integer({
    minimum: 0,
    maximum: 1,
    default: 0,
    description:
      '1 serves the demo shop, where anybody signs in under any name, in development and where TOKEN_SECRET signs; the local stack sets it'
  }),
  PORT: Type.Integer({ minimum: 0, maximum: 65535, default: 3000, description: 'public HTTP port' }),
  ADMIN_PORT: Type.Integer({ minimum: 0, maximum: 65535, default: 3001, description: 'admin HTTP port' }),
  HOST: Type.String({ default: '127.0.0.1', description: 'address that the public port listens on' }),
  ADMIN_HOST: Type.String({
    default: '127.0.0.1',
    description: 'address that the admin port listens on; in production not the one of HOST, except loopback'
  }),
  REDIS_URL: Type.String({
    default: '',
    description:
      'redis://, rediss://, redis+sentinel:// or redis+cluster://; Redis 7.0 or newer, noeviction. Empty: npm start runs its own'
  }),
  NATS_URL: Type.String({
    default: '',
    description: 'nats:// or tls://; nats-server 2.9 or newer, JetStream. Empty: npm start runs its own'
  }),
  NATS_CREDS: Type.String({ default: '', description: 'path of a NATS credentials file' }),
  NATS_REPLICAS: Type.Integer({ minimum: 1, maximum: 5, default: 1, description: 'replicas of each stream' }),
  DATABASE_URL: Type.String({
    default: '',
    description: 'postgres://; Postgres 15 or newer. Empty: npm start runs its own'
  }),
  NAMESPACE: Type.String({
    pattern: '^(?!pg_|information_schema$)[a-z][a-z0-9_]{0,30}$',
    default: 'floodgate',
    description: 'prefix of keys, streams, subjects and name of the Postgres schema'
  }),
  SHARDS: Type.Integer({
    minimum: 1,
    default: 1,
    maximum: 64,
    description: 'how many shards there are, fixed with the first start of a worker'
  }),
  GATEWAY_PROCESSES: Type.Integer({
    minimum: 1,
    maximum: 64,
    default: 1,
    description: 'gateway processes of one host, which share PORT'
  }),
  FLOODGATE_HOME: Type.String({ default: '.floodgate', description: 'data folder of the local stack' }),
  LOG_LEVEL: Type.String({
    pattern: '^(fatal|error|warn|info|debug|trace|silent)$',
    default: 'info',
    description: 'pino level'
  }),
  TOKEN_SECRET: Type.String({ default: '', description: 'HS256 secret of storefront tokens, 32 characters or more' }),
  TOKEN_JWKS_URL: Type.String({ default: '', description: 'JWKS of storefront tokens, instead of TOKEN_SECRET' }),
  TOKEN_ISSUER: Type.String({ default: 'floodgate', description: 'expected iss' }),
  TOKEN_AUDIENCE: Type.String({ default: 'floodgate-storefront', description: 'expected aud' }),
  TOKEN_USER_CLAIM: Type.String({ default: 'sub', description: 'the claim that names the user' }),
  TOKEN_LEEWAY_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 300,
    default: 5,
    description: 'how far the clocks of issuer and gateway may differ, for nbf and exp'
  }),
  TOKEN_MAX_BYTES: Type.Integer({
    minimum: 512,
    maximum: 65536,
    default: 8192,
    description: 'size of the largest token that is read'
  }),
  RATE_LIMIT_USER_PER_SECOND: Type.Integer({
    minimum: 0,
    default: 50,
    description: 'requests a second of one user, by process; 0 = off'
  }),
  RATE_LIMIT_ADDRESS_PER_SECOND: Type.Integer({
    minimum: 0,
    default: 50,
    description: 'answers 400, 401 and 404 a second to one address, by process; 0 = off'
  }),
  TICKET_WORK_MS: Type.Integer({
    minimum: 1,
    maximum: 60_000,
    default: 250,
    description: 'how long a phone computes for a ticket, on average and about: 1 ms is 250 hashes'
  }),
  TICKET_WORK_MAX_MS: Type.Integer({
    minimum: 1,
    maximum: 60_000,
    default: 2000,
    description: 'the same at most, while one process gives many more than 100 tickets a second'
  }),
  TRUSTED_PROXIES: Type.String({ default: '', description: 'comma-separated networks whose X-Forwarded-For counts' }),
  CORS_ORIGINS: Type.String({ default: '', description: 'comma-separated origins that browsers may call from' }),
  LIVE_LISTENERS: Type.Integer({
    minimum: 1,
    default: 5000,
    description: 'how many may watch live figures at once, by process; one address may have a tenth of them'
  }),
  KEEP_ALIVE_MS: Type.Integer({
    minimum: 1000,
    maximum: 3_600_000,
    default: 72000,
    description: 'how long an idle connection stays open; longer than a load balancer in front keeps its own'
  }),
  DRAIN_DELAY_MS: Type.Integer({
    minimum: 0,
    maximum: 600_000,
    default: 0,
    description: 'at a stop, /readyz answers 503 for this long before the listener closes'
  }),
  DRAIN_MS: Type.Integer({
    minimum: 0,
    default: 10000,
    description: 'how long a stop may wait for requests that are under way'
  }),
  JOURNAL_KEEP: Type.Integer({
    minimum: 0,
    default: 7 * 24 * 3600,
    description: 'seconds that journal and events are kept'
  }),
  JOURNAL_MAX_BYTES: Type.Integer({
    minimum: 1 << 20,
    default: 8 * 1024 ** 3,
    description: 'size bound of one journal stream; at 90 % of it the gate closes'
  }),
  KEY_RETENTION: Type.Integer({
    minimum: 1,
    default: 7 * 24 * 3600,
    description:
      'seconds after which Redis forgets under which key something was decided; a key of a user that comes again later is a new request. In production a day or more'
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.String({
    default: '',
    description:
      'http(s) address that traces are sent to as OTLP over HTTP, without /v1/traces. Empty: nothing is traced'
  }),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.01,
    description: 'the share of requests that is traced, of those whose caller says nothing about it'
  }),
  OTEL_SERVICE_NAME: Type.String({
    default: '',
    description: 'service.name of traces. Empty: floodgate-gateway, floodgate-worker'
  }),
  FAIL_POINTS: Type.String({
    default: '',
    description: 'tests only: where this process kills, stops or delays itself, such as G3:kill:10 (see fail-points.ts)'
  })
})

type Environment = Static<typeof Environment>

/** The environment as one typed object; names are those of the variables. */
export type Config = Environment

export const environmentSchema = Environment

/** The errors of the servers' addresses, one for each variable; their texts show no password. */
function urlProblems(config: Config): string[] {
  const looks = [
    () => config.REDIS_URL !== '' && (clusterPlace(config.REDIS_URL) ?? redisPlace(config.REDIS_URL)),
    () => config.NATS_URL !== '' && natsPlace(config),
    () => config.DATABASE_URL !== '' && databasePlace(config, { name: 'floodgate' })
  ]
  return looks.flatMap((look) => {
    try {
      look()
      return []
    } catch (error) {
      if (error instanceof ConfigError) return [error.message]
      throw error
    }
  })
}

export interface LoadOptions {
  /** whether demo campaigns are going to be published */
  readonly demo?: boolean
}

/** Whether the text of a variable is a number, and the variable wants one. */
function isNumberOf(schema: object, value: string): boolean {
  const type = 'type' in schema ? schema.type : undefined
  return (type === 'integer' && /^-?\d+$/.test(value)) || (type === 'number' && /^-?(?:\d+\.?\d*|\.\d+)$/.test(value))
}

/** What is wrong with the address that traces go to; it is not shown, because it may hold a password. */
function tracesProblems({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }: Config): string[] {
  if (endpoint === '' || (/^https?:\/\//i.test(endpoint) && URL.canParse(endpoint))) return []
  return ['OTEL_EXPORTER_OTLP_ENDPOINT is no http:// or https:// address. Use for instance http://127.0.0.1:4318.']
}

/**
 * Reads the configuration from environment variables. Empty strings count as unset.
 * @throws ConfigError naming every wrong variable at once
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, options: LoadOptions = {}): Config {
  const given: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(Environment.properties)) {
    const value = env[name]
    if (value === undefined || value === '') continue
    given[name] = isNumberOf(schema, value) ? Number(value) : value
  }
  const filled = Value.Default(Environment, given)
  const problems = [...Value.Errors(Environment, filled)].map((error) => {
    const name = error.instancePath.slice(1)
    return `${name} ${error.message}, but is ${JSON.stringify(given[name])}`
  })
  if (problems.length === 0) problems.push(...furtherProblems(filled as Config, options))
  if (problems.length === 0) return filled as Config
  throw new ConfigError(`The configuration is not usable:\n  ${problems.join('\n  ')}`)
}

/** Errors that show only when several variables are compared. */
function furtherProblems(config: Config, { demo = false }: LoadOptions): string[] {
  const { PORT, ADMIN_PORT, HOST, ADMIN_HOST } = config
  const isProduction = config.FLOODGATE_ENV === 'production'
  const meets = HOST === ADMIN_HOST || [HOST, ADMIN_HOST].some((host) => host === '0.0.0.0' || host === '::')
  return [
    ...urlProblems(config),
    ...tracesProblems(config),
    ...(PORT !== 0 && PORT === ADMIN_PORT && meets
      ? [
          `PORT and ADMIN_PORT are both ${PORT}: the admin API has a port of its own, so that it can be kept from the public.`
        ]
      : []),
    ...(isProduction
      ? productionProblems(config, { demo }).map((text) => `FLOODGATE_ENV is production, and ${text}`)
      : [])
  ]
}
