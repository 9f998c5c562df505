import { type ConnectionOptions, connect, credsAuthenticator, Events, type NatsConnection, NatsError } from 'nats'
import { natsPlace } from '../config/nats-url.ts'

/** A NATS connection that knows whether it is up: the client would send a publish made while it is down after the reconnect, too late. */
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
 * @throws ConfigError naming the parts of the URL that cannot be honoured
 */
export function natsLogin(config: { readonly NATS_URL: string; readonly NATS_CREDS: string }): ConnectionOptions {
  const { creds, ...place } = natsPlace(config)
  return { ...place, ...(creds === undefined ? {} : { authenticator: credsAuthenticator(creds) }) }
}

/**
 * Connects to NATS and reconnects without end.
 * @throws NatsError when no server answers within 10 s at first
 * @throws ConfigError naming the parts of the URL that cannot be honoured
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
    // by default the client ends after two refused logins, but credentials may be renewed while this process runs
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

/** Sends a word that may be lost: whoever does not hear it finds out a second later. Never throws. */
export function tell({ nc }: JournalConnection, subject: string, text = ''): void {
  try {
    nc.publish(subject, text)
  } catch {
    // NATS is away
  }
}

/** Whether an error says that NATS did not answer or refused, so the journal is unavailable for now. */
export function isJournalAway(error: unknown): boolean {
  return error instanceof NatsError
}
