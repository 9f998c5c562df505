import { connect, type JetStreamManager, type NatsConnection } from 'nats'
import pg from 'pg'
import { type Service, startService } from './children.ts'
import { type LoadClient, startLoad } from './load/load-client.ts'
import type { Options } from './options.ts'
import { type Stack, type StackFile, startStack } from './stack.ts'
import { AUDIENCE, ISSUER } from './tokens.ts'

const PEER_CONNECTIONS = 16

/** Everything that runs during a bench. All of it runs all the time: what is not measured is idle. */
export interface World {
  readonly stack: Stack
  readonly file: StackFile
  readonly bare: Service
  readonly peer: Service
  readonly load: LoadClient
  readonly database: pg.Pool
  readonly nats: NatsConnection
  readonly streams: JetStreamManager
  stop(): Promise<void>
}

/**
 * Starts stack, yardsticks and load. What was started is stopped again when a later part does not start.
 * @throws Error of the part that did not start
 */
export async function startWorld(options: Options): Promise<World> {
  const stops: Array<() => Promise<unknown>> = []
  const stop = async (): Promise<void> => {
    for (let last = stops.pop(); last !== undefined; last = stops.pop()) await last()
  }
  const started = async <Part>(part: Promise<Part>, end: (part: Part) => Promise<unknown>): Promise<Part> => {
    const running = await part
    stops.push(() => end(running))
    return running
  }
  try {
    const stack = await started(startStack(), (running) => running.stop())
    const file = stack.file()
    const database = await started(
      Promise.resolve(new pg.Pool({ connectionString: file.databaseUrl, max: 2 })),
      (pool) => pool.end()
    )
    const nats = await started(connect({ servers: file.natsUrl }), (connection) => connection.close())
    const bare = await started(startService('bare'), (service) => service.stop())
    const peer = await started(
      startService('peer', {
        DATABASE_URL: file.databaseUrl,
        TOKEN_SECRET: file.tokenSecret,
        TOKEN_ISSUER: ISSUER,
        TOKEN_AUDIENCE: AUDIENCE,
        PEER_CONNECTIONS: String(PEER_CONNECTIONS),
        PEER_USERS: String(options.users)
      }),
      (service) => service.stop()
    )
    const load = await started(startLoad({ secret: file.tokenSecret, users: options.users }), (client) => client.stop())
    return { stack, file, bare, peer, load, database, nats, streams: await nats.jetstreamManager(), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
