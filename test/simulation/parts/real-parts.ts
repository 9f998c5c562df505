import { Redis } from 'ioredis'
import { DiscardPolicy, NatsError, StorageType, type StreamConfig } from 'nats'
import pg from 'pg'
import { connectJournal } from '../../../src/journal/connection.ts'
import { createPublisher } from '../../../src/journal/publisher.ts'
import { JournalGapError, StreamReader } from '../../../src/journal/reader.ts'
import { manager, sealStream, streamInfo } from '../../../src/journal/streams.ts'
import { freshNamespace, privateServers, type Teardown } from '../../support/servers/servers.ts'
import { waitFor } from '../../support/wait.ts'
import type { NatsPart, OwnRedisPart, PostgresPart, PostgresSession, RedisPart } from '../contract.ts'

/** Keys have a prefix of their own, for others use this server too. */
export function realRedisPart(t: Teardown, url: string): RedisPart {
  const redis = new Redis(url)
  t.teardown(() => redis.disconnect())
  return redisCalls(redis, `${freshNamespace()}:`)
}

function redisCalls(redis: Redis, prefix: string): RedisPart {
  return {
    load: async ({ lua }) => String(await redis.script('LOAD', lua)),
    evalsha: (sha, { keys, args }) => redis.evalsha(sha, keys.length, ...keys.map((key) => prefix + key), ...args),
    replid: async () => /master_replid:(\w+)/.exec(await redis.info('replication'))?.[1] ?? '',
    hset: async (key, field, value) => void (await redis.hset(prefix + key, field, value)),
    hget: async (key, field) => (await redis.hget(prefix + key, field)) ?? undefined,
    hincrby: async (key, field, delta) => void (await redis.hincrby(prefix + key, field, delta)),
    hdel: (key, field) => redis.hdel(prefix + key, field),
    xadd: async (key, id, payload) => void (await redis.xadd(prefix + key, id, 'f', payload)),
    xrange: async (key) => {
      const entries = await redis.xrange(prefix + key, '-', '+')
      return entries.map(([id, [name = '', value = '']]) => ({ id, fields: { [name]: value } }))
    },
    xdel: (key, id) => redis.xdel(prefix + key, id),
    exists: async (key) => (await redis.exists(prefix + key)) === 1,
    del: async (key) => void (await redis.del(prefix + key))
  }
}

const portOf = (redis: Redis): number => redis.options.port ?? 0

/** Replicas are gathered for five seconds by default, for one transfer. */
async function withoutDelay(url: string): Promise<void> {
  const redis = new Redis(url)
  await redis.config('SET', 'repl-diskless-sync-delay', '0').finally(() => redis.disconnect())
}

async function follow(redis: Redis, port: number): Promise<void> {
  await redis.replicaof('127.0.0.1', port)
  const isSynced = async () => (await redis.info('replication')).includes('master_link_status:up')
  await waitFor(isSynced, { what: 'the full resync' })
}

/** A second server that follows the one on a port. */
async function replicaOf(t: Teardown, port: number): Promise<Redis> {
  const { redis: other } = await privateServers(t, { redis: true })
  const replica = new Redis(other.url)
  t.teardown(() => replica.disconnect())
  await replica.config('SET', 'repl-diskless-sync-delay', '0')
  await withoutDelay(`redis://127.0.0.1:${port}`)
  await follow(replica, port)
  return replica
}

/** A private server, and an empty second one for the way there and back. */
export async function ownRedisPart(t: Teardown): Promise<OwnRedisPart> {
  const { redis: server } = await privateServers(t, { redis: true })
  const redis = new Redis(server.url)
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  let replica: Redis | undefined
  return {
    ...redisCalls(redis, ''),
    restart: async () => {
      await server.kill()
      await server.restart()
      await waitFor(() => redis.status === 'ready', { what: 'the connection to Redis' })
    },
    attachReplica: async () => {
      replica = await replicaOf(t, server.port)
    },
    markOrigin: async (key, value) => {
      await redis.set(key, value.slice(0, -1))
      await redis.append(key, value.slice(-1))
    },
    isRaw: async (key) => (await redis.object('ENCODING', key)) === 'raw',
    thereAndBackWithData: async () => {
      const other = replica ?? (await replicaOf(t, server.port))
      await other.replicaof('NO', 'ONE')
      // what it does not have leaves no way but a full resync
      await redis.set('lost', 'on the way')
      await follow(redis, portOf(other))
      await redis.replicaof('NO', 'ONE')
    },
    thereAndBack: async () => {
      const { redis: other } = await privateServers(t, { redis: true })
      await withoutDelay(other.url)
      await follow(redis, other.port)
      await redis.replicaof('NO', 'ONE')
    },
    scriptFlush: async () => void (await redis.script('FLUSH'))
  }
}

const DEADLINE_MS = 3000

export async function realNatsPart(t: Teardown, url: string): Promise<NatsPart> {
  const connection = await connectJournal({ url, creds: '', name: 'contract-test' })
  t.teardown(() => connection.close())
  const jsm = await manager(connection)
  const publisher = createPublisher(connection, DEADLINE_MS)
  const namespace = freshNamespace()
  const name = (suffix: string) => `${namespace}_${suffix}`
  t.teardown(async () => {
    for await (const stream of jsm.streams.names(`${namespace}_*`)) await jsm.streams.delete(stream)
  })
  return {
    name,
    addStream: async (stream, windowMs = 120_000) => {
      await jsm.streams.add({
        name: stream,
        subjects: [stream.toLowerCase()],
        storage: StorageType.File,
        discard: DiscardPolicy.New,
        duplicate_window: windowMs * 1_000_000
      })
    },
    seal: async (stream) => {
      if ((await sealStream(jsm, stream)) === undefined) throw new Error('10059 stream not found')
    },
    unseal: async (stream) => {
      const info = await jsm.streams.info(stream)
      await told(jsm.streams.update(stream, { ...info.config, sealed: false } as StreamConfig))
    },
    info: async (stream) => {
      const info = await streamInfo(jsm, stream)
      const { first_seq, last_seq } = info?.state ?? { first_seq: 0, last_seq: 0 }
      return info && { sealed: info.config.sealed, firstSequence: first_seq || last_seq + 1, lastSequence: last_seq }
    },
    deleteStream: async (stream) => void (await jsm.streams.delete(stream)),
    purge: async (stream, before) => void (await told(jsm.streams.purge(stream, { seq: before }))),
    publish: async (stream, id, payload) => {
      const result = await publisher.publish({ subject: stream.toLowerCase(), stream, id, payload })
      if (!result.acked) throw new Error(result.reason)
      return { stream, sequence: result.sequence, duplicate: result.duplicate }
    },
    pull: async (stream, from, most) => {
      const read = async (first: number) => {
        const reader = new StreamReader({ connection, jsm, stream, from: first })
        const messages = await told(reader.read(most, 0)).finally(() => reader.close())
        return messages.map(({ sequence, text }) => ({ sequence, payload: text }))
      }
      try {
        return await read(from)
      } catch (error) {
        if (!(error instanceof JournalGapError)) throw error
        return read((await jsm.streams.info(stream)).state.first_seq)
      }
    }
  }
}

/** Errors of JetStream by their code, as acks of publishes name them too. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const { err_code, description } = (error instanceof NatsError ? error.api_error : undefined) ?? {}
    throw err_code === undefined ? error : new Error(`${err_code} ${description}`)
  }
}

/** A schema of its own with the two tables. */
export async function realPostgresPart(t: Teardown, url: string): Promise<PostgresPart> {
  const schema = freshNamespace()
  const clients: pg.Client[] = []
  const open = async () => {
    const options = `-c search_path=${schema} -c lock_timeout=300`
    const client = new pg.Client({ connectionString: url, options, application_name: 'contract-test' })
    client.on('error', () => {})
    await client.connect()
    clients.push(client)
    return client
  }
  const own = await open()
  await own.query(`create schema ${schema}`)
  await own.query(`create table shard (epoch integer not null); insert into shard values (1);
    create table notes (text text primary key)`)
  t.teardown(async () => {
    await own.query(`drop schema ${schema} cascade`)
    await Promise.all(clients.map((client) => client.end().catch(() => {})))
  })
  return {
    read: async () => {
      const { rows } = await own.query<{ epoch: number }>('select epoch from shard')
      const notes = await own.query<{ text: string }>('select text from notes order by text')
      return { epoch: rows[0]?.epoch ?? 0, notes: notes.rows.map(({ text }) => text) }
    },
    connect: async () => realSession(await open(), own, schema)
  }
}

async function realSession(client: pg.Client, own: pg.Client, schema: string): Promise<PostgresSession> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const run = async (text: string) => void (await client.query(text))
  return {
    tryLock: async () => {
      const lock = 'select pg_try_advisory_lock(hashtextextended($1, 1)) as taken'
      const { rows } = await client.query<{ taken: boolean }>(lock, [schema])
      return rows[0]?.taken === true
    },
    begin: () => run('begin'),
    commit: () => run('commit'),
    rollback: () => run('rollback'),
    update: async (from, to) => {
      const { rowCount } = await client.query('update shard set epoch = $2 where epoch = $1', [from, to])
      return rowCount ?? 0
    },
    note: async (text) => {
      const insert = 'insert into notes values ($1) on conflict on constraint notes_pkey do nothing'
      return (await client.query(insert, [text])).rowCount === 1
    },
    terminate: async () => {
      await own.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid])
    }
  }
}
