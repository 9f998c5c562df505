import type { Ack, Message, StreamInfo } from './parts/fake-nats.ts'
import type { FakeRedis, StreamEntry } from './parts/fake-redis.ts'

// What the simulation relies on, in one shape for its fakes and for the real servers. Errors are thrown; their messages
// hold the server's code.

/** One script in both languages. */
export interface TwoFacedScript {
  readonly name: string
  readonly lua: string
  readonly model: (node: FakeRedis, call: ScriptCall) => unknown
}

export interface ScriptCall {
  readonly keys: readonly string[]
  readonly args: readonly string[]
}

export interface RedisPart {
  /** @returns its SHA */
  load(script: TwoFacedScript): Promise<string>
  evalsha(sha: string, call: ScriptCall): Promise<unknown>
  replid(): Promise<string>
  hset(key: string, field: string, value: string): Promise<void>
  hget(key: string, field: string): Promise<string | undefined>
  hincrby(key: string, field: string, delta: number): Promise<void>
  hdel(key: string, field: string): Promise<number>
  xadd(key: string, id: string, payload: string): Promise<void>
  xrange(key: string): Promise<StreamEntry[]>
  xdel(key: string, id: string): Promise<number>
  exists(key: string): Promise<boolean>
  del(key: string): Promise<void>
}

/** A Redis that belongs to the test alone. */
export interface OwnRedisPart extends RedisPart {
  /** killed, and started again on its own data */
  restart(): Promise<void>
  /** a first replica attaches */
  attachReplica(): Promise<void>
  /** writes a key as the origin of an opening is written */
  markOrigin(key: string, value: string): Promise<void>
  /** whether the key still is what was written here, and was not loaded */
  isRaw(key: string): Promise<boolean>
  /** taken over by a replica of its own and made the master again */
  thereAndBackWithData(): Promise<void>
  /** taken over by an empty one and made the master again: A -> B -> A */
  thereAndBack(): Promise<void>
  scriptFlush(): Promise<void>
}

export interface NatsPart {
  readonly name: (suffix: string) => string
  addStream(stream: string, windowMs?: number): Promise<void>
  seal(stream: string): Promise<void>
  unseal(stream: string): Promise<void>
  info(stream: string): Promise<StreamInfo | undefined>
  deleteStream(stream: string): Promise<void>
  /** up to and without a sequence */
  purge(stream: string, before: number): Promise<void>
  publish(stream: string, id: string, payload: string): Promise<Ack>
  pull(stream: string, from: number, most: number): Promise<Array<Pick<Message, 'sequence' | 'payload'>>>
}

export interface PostgresPart {
  connect(): Promise<PostgresSession>
  /** what is committed */
  read(): Promise<{ readonly epoch: number; readonly notes: readonly string[] }>
}

export interface PostgresSession {
  tryLock(): Promise<boolean>
  begin(): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  /** sets the epoch where it still is `from`; @returns how many rows */
  update(from: number, to: number): Promise<number>
  /** writes to another table, a text once; @returns whether it was new */
  note(text: string): Promise<boolean>
  /** the server ends it */
  terminate(): Promise<void>
}
