import { type ConnectionOptions, connect, credsAuthenticator, Events, type NatsConnection, NatsError } from 'nats'
import { natsPlace } from '../config/nats-url.ts'

/** A NATS connection that knows whether it is up: a publish while it is down would be sent late, after the reconnect. */
export interface JournalConnection {
  readonly nc: NatsConnection
  isUp(): boolean
  close(): Promise<void>
}

interface ConnectOptions {
  /** NATS_URL */
  readonly url: string
  /** NATS_CREDS */
  readonly creds: string
  readonly name: string
}

/**
 * Where NATS is and how to sign in, for its client.
 * @throws ConfigError naming what cannot be honoured
 */
export function natsLogin(config: { readonly NATS_URL: string; readonly NATS_CREDS: string }): ConnectionOptions {
  const { creds, ...place } = natsPlace(config)
  return { ...place, ...(creds === undefined ? {} : { authenticator: credsAuthenticator(creds) }) }
}

/**
 * Connects to NATS and reconnects without end.
 * @throws NatsError when no server answers within 10 s at first
 * @throws ConfigError naming what of the URL cannot be honoured
 */
export async function connectJournal(options: ConnectOptions): Promise<JournalConnection> {
  const nc = await connect({
    ...natsLogin({ NATS_URL: options.url, NATS_CREDS: options.creds }),
    name: options.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    timeout: 10_000,
    pingInterval: 2000,
    maxPingOut: 2,
    // a login that is refused twice is the end of the client otherwise, and credentials are renewed while we run
    ignoreAuthErrorAbort: true
  })
  let up = true
  const watch = async () => {
    for await (const status of nc.status()) {
      if (status.type === Events.Disconnect) up = false
      if (status.type === Events.Reconnect) up = true
    }
  }
  void watch()
  return { nc, isUp: () => up && !nc.isClosed(), close: () => nc.close() }
}

/** NATS did not answer, or refused: the journal is away for now. */
export function isJournalAway(error: unknown): boolean {
  return error instanceof NatsError
}
