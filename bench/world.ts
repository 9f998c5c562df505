import { connect, type JetStreamManager, type NatsConnection } from 'nats'
import pg from 'pg'
import { type Service, startService } from './children.ts'
import { type LoadClient, startLoad } from './load/load-client.ts'
import type { Options } from './options.ts'
import { type Stack, type StackFile, startStack } from './stack.ts'
import type { Stops } from './stops.ts'
import { AUDIENCE, ISSUER } from './tokens.ts'

const PEER_CONNECTIONS = 16

/** Everything that runs during a bench. All of it runs all the time: what is not measured is idle. */
export interface World {
  readonly stack: Stack
  readonly file: StackFile
  readonly bare: Service
  readonly peer: Service
  readonly load: LoadClient
  /** storefront users of the load */
  readonly users: number
  readonly database: pg.Pool
  readonly nats: NatsConnection
  readonly streams: JetStreamManager
}

/**
 * Starts stack, yardsticks and load; `stops` learns how to end each of them.
 * @throws Error of the part that did not start
 */
export async function startWorld(options: Options, stops: Stops): Promise<World> {
  const stack = await stops.after(startStack(), (running) => running.stop())
  const file = stack.file()
  const pool = new pg.Pool({ connectionString: file.databaseUrl, max: 2 })
  // a server that goes while a connection rests is told by the next query; unheard, the event would end the bench
  pool.on('error', () => undefined)
  const database = await stops.after(Promise.resolve(pool), (running) => running.end())
  const nats = await stops.after(connect({ servers: file.natsUrl }), (running) => running.close())
  const bare = await stops.after(startService('bare'), (running) => running.stop())
  const peerSettings = {
    DATABASE_URL: file.databaseUrl,
    TOKEN_SECRET: file.tokenSecret,
    TOKEN_ISSUER: ISSUER,
    TOKEN_AUDIENCE: AUDIENCE,
    PEER_CONNECTIONS: String(PEER_CONNECTIONS),
    PEER_USERS: String(options.users)
  }
  const peer = await stops.after(startService('peer', peerSettings), (running) => running.stop())
  const load = await stops.after(startLoad({ secret: file.tokenSecret, users: options.users }), (running) =>
    running.stop()
  )
  return { stack, file, bare, peer, load, users: options.users, database, nats, streams: await nats.jetstreamManager() }
}
