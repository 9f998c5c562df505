import { Redis } from 'ioredis'
import type { Test } from 'tap'
import type { Server } from '../../src/stack/servers/server.ts'
import { privateServers, type ServerUrls } from '../support/servers/servers.ts'
import { openShop, type Shop, type SmallSale } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

// A shop on a Redis of its own, as other people run theirs.

export interface Line {
  readonly name?: string
  readonly alarm?: string
  readonly reason?: string
  readonly loop?: string
  readonly msg?: string
}

export async function ownRedis(t: Test): Promise<Server> {
  return (await privateServers(t, { redis: true })).redis
}

/** A shop on a Redis of its own, with what its gateway and worker log. */
export async function shopOn(t: Test, urls: ServerUrls, spec: SmallSale = {}): Promise<{ shop: Shop; lines: Line[] }> {
  const lines: Line[] = []
  const log = { write: (text: string) => void lines.push(JSON.parse(text) as Line) }
  const shop = await openShop(t, urls, { stock: 1000, log, ...spec })
  return { shop, lines }
}

/**
 * Waits until this gateway decides in every shard under another epoch than before: an opening counts its epoch before it
 * opens, and a gateway that nobody asked meanwhile still takes the opening before for open.
 */
export function openedAgain({ shards }: Shop, before: readonly number[], deadlineMs = 120_000): Promise<void> {
  const isNew = () => shards.every(({ watch }, shard) => (watch.current()?.epoch ?? 0) > (before[shard] ?? 0))
  return waitFor(isNew, { what: 'another opening', deadlineMs })
}

/** An administrator's own connection. */
export function admin(t: Test, url: string): Redis {
  const redis = new Redis(url)
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  return redis
}

/** Every shard decides. */
export const isOpen = ({ gate }: Shop) => gate.numbers.every((shard) => gate.health(shard).gate === 'ok')

/** No shard decides. */
export const isShut = ({ gate }: Shop) => gate.numbers.every((shard) => gate.health(shard).gate !== 'ok')

export const replication = async (redis: Redis, field: string): Promise<string> =>
  new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(await redis.info('replication'))?.[1] ?? ''

export async function follow(redis: Redis, master: Server): Promise<void> {
  // replicas are gathered for five seconds by default, for one transfer
  const other = new Redis(master.url)
  await other.config('SET', 'repl-diskless-sync-delay', '0').finally(() => other.disconnect())
  await redis.replicaof('127.0.0.1', master.port)
  await waitFor(async () => (await replication(redis, 'master_link_status')) === 'up', {
    what: 'the replica to follow'
  })
}
