import type { NatsPart, OwnRedisPart, PostgresPart, PostgresSession } from '../contract.ts'
import { FakeNats } from './fake-nats.ts'
import { FakePostgres } from './fake-postgres.ts'
import { FakeRedis } from './fake-redis.ts'

export function fakeRedisPart(): OwnRedisPart {
  let born = 0
  const node = new FakeRedis(() => {
    born += 1
    return `replid${born}`
  })
  return {
    load: async ({ name, model }) => node.load({ sha: `sha of ${name}`, run: model }),
    evalsha: async (sha, call) => node.evalsha(sha, call),
    replid: async () => node.replid,
    hset: async (key, field, value) => node.hset(key, field, value),
    hget: async (key, field) => node.hget(key, field),
    hincrby: async (key, field, delta) => node.hincrby(key, field, delta),
    hdel: async (key, field) => node.hdel(key, field),
    xadd: async (key, id, f) => node.xadd(key, id, { f }),
    xrange: async (key) => node.xrange(key),
    xdel: async (key, id) => node.xdel(key, id),
    exists: async (key) => node.exists(key),
    del: async (key) => node.del(key),
    restart: async () => node.restart(node.snapshot()),
    attachReplica: async () => node.renameHistory(),
    markOrigin: async (key, value) => node.markOrigin(key, value),
    isRaw: async (key) => node.isRaw(key),
    thereAndBackWithData: async () => node.exchange(node.snapshot()),
    thereAndBack: async () => node.exchange({ keys: new Map() }),
    scriptFlush: async () => node.scriptFlush()
  }
}

export function fakeNatsPart(): NatsPart {
  let now = 1_000_000
  const nats = new FakeNats(() => now)
  return {
    name: (suffix) => suffix,
    addStream: async (stream, windowMs) => nats.addStream(stream, stream.toLowerCase(), windowMs),
    seal: async (stream) => nats.seal(stream),
    unseal: async (stream) => nats.unseal(stream),
    info: async (stream) => nats.info(stream),
    deleteStream: async (stream) => nats.deleteStream(stream),
    purge: async (stream, before) => nats.purge(stream, before),
    publish: async (stream, id, payload) => {
      // time passes, so that a window does
      now += 50
      return nats.publish(stream.toLowerCase(), id, payload)
    },
    pull: async (stream, from, most) =>
      nats.pull(stream, from, most).map(({ sequence, payload }) => ({ sequence, payload }))
  }
}

export function fakePostgresPart(): PostgresPart {
  const postgres = new FakePostgres({ epoch: 1 })
  const notes = new Set<string>()
  return {
    read: async () => ({ ...postgres.read(), notes: [...notes] }),
    connect: async (): Promise<PostgresSession> => {
      const session = postgres.connect()
      return {
        tryLock: async () => postgres.tryLock(session),
        begin: async () => postgres.begin(session),
        commit: async () => postgres.commit(session),
        rollback: async () => postgres.rollback(session),
        update: async (from, to) =>
          postgres.update(
            session,
            ({ epoch }) => epoch === from,
            (row) => {
              row.epoch = to
            }
          ),
        note: async (text) => {
          const isNew = !notes.has(text)
          postgres.write(session, () => notes.add(text))
          return isNew
        },
        terminate: async () => postgres.end(session)
      }
    }
  }
}
