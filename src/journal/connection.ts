import { readFileSync } from 'node:fs'
import { connect, credsAuthenticator, Events, type NatsConnection, NatsError } from 'nats'

/** A NATS connection that knows whether it is up: a publish while it is down would be sent late, after the reconnect. */
export interface JournalConnection {
  readonly nc: NatsConnection
  isUp(): boolean
  close(): Promise<void>
}

interface ConnectOptions {
  readonly url: string
  readonly creds: string
  readonly name: string
}

/**
 * Connects to NATS and reconnects without end.
 * @throws NatsError when no server answers within 10 s at first
 */
export async function connectJournal(options: ConnectOptions): Promise<JournalConnection> {
  const nc = await connect({
    servers: options.url.split(','),
    name: options.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    timeout: 10_000,
    pingInterval: 2000,
    maxPingOut: 2,
    ...(options.creds === '' ? {} : { authenticator: credsAuthenticator(readFileSync(options.creds)) })
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
