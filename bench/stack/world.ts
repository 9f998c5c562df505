import { connect, type JetStreamManager, type NatsConnection } from 'nats'
import pg from 'pg'
import { type LoadClient, startLoad } from '../load/load-client.ts'
import { type Service, startService } from '../running/children.ts'
import type { Stops } from '../running/stops.ts'
import { nginxIsMissing, startNginx } from '../servers/nginx.ts'
import { type Stack, type StackFile, startStack } from './stack.ts'
import { AUDIENCE, ISSUER } from './tokens.ts'

const PEER_CONNECTIONS = 16

interface Crowd {
  /** storefront users of the load */
  readonly users: number
}

/** Everything that runs during a bench. All of it runs all the time; what is not measured is idle. */
export interface World extends Crowd {
  /** how many the stack has (1) */
  readonly shards?: number
  readonly stack: Stack
  readonly file: StackFile
  /** those that this bench needs and the machine has; absent where two stacks are compared with each other */
  readonly yardsticks?: Readonly<Partial<Record<'bare' | 'peer' | 'evalsha' | 'nginx', Service>>>
  readonly load: LoadClient
  readonly database: pg.Pool
  readonly nats: NatsConnection
  readonly streams: JetStreamManager
}

/**
 * Starts a stack and a load for it; `stops` learns how to end each part.
 * @param how the command line that starts the stack, where it is not this build's; settings beyond those of a bench
 * @throws Error of the part that did not start
 */
export async function startSide(
  { users }: Crowd,
  stops: Stops,
  { cli, settings }: { readonly cli?: string | undefined; readonly settings?: Readonly<Record<string, string>> } = {}
): Promise<World> {
  const stack = await stops.after(startStack(cli, settings), (running) => running.stop())
  const file = stack.file()
  const pool = new pg.Pool({ connectionString: file.databaseUrl, max: 2 })
  // the next query says that a server is gone; without this listener the event would end the bench
  pool.on('error', () => undefined)
  const database = await stops.after(Promise.resolve(pool), (running) => running.end())
  const { natsUser: user, natsPassword: pass } = file
  const signIn = user === undefined ? {} : { user, ...(pass === undefined ? {} : { pass }) }
  const nats = await stops.after(connect({ servers: file.natsUrl, ...signIn }), (running) => running.close())
  const load = await stops.after(startLoad({ secret: file.tokenSecret, users }), (running) => running.stop())
  return { stack, file, load, users, database, nats, streams: await nats.jetstreamManager() }
}

/** The same with the yardsticks that are needed. @throws Error of the part that did not start */
export async function startWorld(crowd: Crowd, needed: ReadonlySet<string>, stops: Stops): Promise<World> {
  const side = await startSide(crowd, stops)
  const { file, users } = side
  const settings = {
    DATABASE_URL: file.databaseUrl,
    REDIS_URL: file.redisUrl,
    TOKEN_SECRET: file.tokenSecret,
    TOKEN_ISSUER: ISSUER,
    TOKEN_AUDIENCE: AUDIENCE,
    PEER_CONNECTIONS: String(PEER_CONNECTIONS),
    PEER_USERS: String(users)
  }
  const yardsticks: Partial<Record<'bare' | 'peer' | 'evalsha' | 'nginx', Service>> = {}
  for (const name of ['bare', 'peer', 'evalsha'] as const) {
    if (!needed.has(name)) continue
    yardsticks[name] = await stops.after(startService(name, settings), (running) => running.stop())
  }
  if (needed.has('nginx')) {
    const nginx = await stops.after(startNginx(file.redisUrl), async (running) => running?.stop())
    if (nginx !== undefined) yardsticks.nginx = nginx
    else console.log(nginxIsMissing)
  }
  return { ...side, yardsticks }
}
