import type { Redis } from 'ioredis'
import { shardKeys } from '../gate/keys.ts'
import type { Fold } from './fold.ts'
import type { OpeningScripts } from './scripts.ts'

/** Another recovery has taken over, or Redis was exchanged: this one ends here. */
export class SupersededError extends Error {}

/** Hashes that one call of `restore` writes or deletes. */
export const HASHES_PER_CALL = 200
const CALLS_IN_FLIGHT = 4

export interface RestoreTarget {
  readonly redis: Redis
  readonly prefix: string
  readonly scripts: OpeningScripts
}

async function restore(
  target: RestoreTarget,
  hashes: ReadonlyArray<readonly [key: string, fields: string[]]>
): Promise<void> {
  const [shard] = shardKeys(target.prefix)
  const args: Array<string | number> = []
  for (const [, fields] of hashes) {
    args.push(fields.length / 2)
    for (const field of fields) args.push(field)
  }
  const reply = await target.scripts.run('restore', [shard, ...hashes.map(([key]) => key)], args)
  if (reply !== 'OK') throw new SupersededError('Another recovery has taken over the shard.')
}

/** Runs `work` over chunks, a few at a time: the next one is put together while Redis works on those before. */
async function inChunks<T>(items: Iterable<T>, work: (chunk: T[]) => Promise<void>): Promise<void> {
  const running = new Set<Promise<void>>()
  let chunk: T[] = []
  const start = async () => {
    const call = work(chunk)
    chunk = []
    running.add(call)
    call.then(
      () => running.delete(call),
      // whoever waits for all of them hears of it
      () => {}
    )
    if (running.size >= CALLS_IN_FLIGHT) await Promise.race(running)
  }
  for (const item of items) {
    chunk.push(item)
    if (chunk.length === HASHES_PER_CALL) await start()
  }
  if (chunk.length > 0) await start()
  await Promise.all(running)
}

/** All keys of the shard but its own hash. */
export async function scanKeys({ redis, prefix }: Pick<RestoreTarget, 'redis' | 'prefix'>): Promise<string[]> {
  const [shard] = shardKeys(prefix)
  const keys = new Set<string>()
  let cursor = '0'
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', `${prefix.replace(/[{}[\]*?\\]/g, '\\$&')}*`, 'COUNT', 2000)
    for (const key of found) if (key !== shard) keys.add(key)
    cursor = next
  } while (cursor !== '0')
  return [...keys]
}

/** Deletes every key of the shard but its own hash; what is not journaled is void. @throws SupersededError */
export async function wipe(target: RestoreTarget): Promise<number> {
  const keys = await scanKeys(target)
  await inChunks(keys, (chunk) =>
    restore(
      target,
      chunk.map((key) => [key, []] as const)
    )
  )
  return keys.length
}

function flat(fields: ReadonlyMap<string, number | string>): string[] {
  const list: string[] = []
  for (const [field, value] of fields) list.push(field, String(value))
  return list
}

/** Writes the folded hashes. @throws SupersededError */
export async function writeHashes(target: RestoreTarget, fold: Fold): Promise<number> {
  await inChunks(fold.hashes, (chunk) =>
    restore(
      target,
      chunk.map(([key, fields]) => [target.prefix + key, flat(fields)] as const)
    )
  )
  return fold.hashes.size
}
