import type { Redis } from 'ioredis'
import { FloodgateError } from '../../base/errors.ts'
import { shardKeys } from '../../record/keys.ts'
import type { FoldedFields } from './fold-users.ts'
import type { OpeningScripts } from './scripts.ts'

/** Another recovery has taken over, or Redis was exchanged: this one ends here. */
export class SupersededError extends FloodgateError {
  readonly code = 'superseded'
  readonly meaning = 'This recovery wrote nothing more.'
  readonly remedy = 'Nothing: the next one begins by itself.'
}

/** Hashes that one call of `restore` writes or deletes. */
const HASHES_PER_CALL = 200
const CALLS_IN_FLIGHT = 16

export interface RestoreTarget {
  readonly redis: Redis
  readonly prefix: string
  readonly scripts: OpeningScripts
}

/**
 * Calls of `restore`, a few in flight: the next one is put together while Redis works on those before. They go over one
 * connection, so Redis carries them out in their order; where one fails, so does the recovery, and the next begins anew.
 */
export class RestoreCalls {
  readonly #target: RestoreTarget
  readonly #running = new Set<Promise<void>>()
  /** hashes that were not there before they were written */
  created = 0

  constructor(target: RestoreTarget) {
    this.#target = target
  }

  /** Resolves when there is room for the next ones. @throws SupersededError, and what calls before these ended with */
  async write(hashes: Iterable<readonly [key: string, fields: FoldedFields]>): Promise<void> {
    let chunk: Array<readonly [key: string, fields: FoldedFields]> = []
    for (const hash of hashes) {
      chunk.push(hash)
      if (chunk.length < HASHES_PER_CALL) continue
      await this.#start(chunk)
      chunk = []
    }
    if (chunk.length > 0) await this.#start(chunk)
  }

  /** Waits until all are done. @throws as `write` */
  async end(): Promise<void> {
    await Promise.all(this.#running)
  }

  async #start(chunk: ReadonlyArray<readonly [key: string, fields: FoldedFields]>): Promise<void> {
    const call = this.#call(chunk)
    this.#running.add(call)
    call.then(
      () => this.#running.delete(call),
      // whoever waits for room or the end hears of it
      () => {}
    )
    if (this.#running.size >= CALLS_IN_FLIGHT) await Promise.race(this.#running)
  }

  async #call(chunk: ReadonlyArray<readonly [key: string, fields: FoldedFields]>): Promise<void> {
    const { prefix, scripts } = this.#target
    const [shard] = shardKeys(prefix)
    // one text instead of thousands of arguments, which the client would write one by one
    const text = JSON.stringify(chunk.map(([, fields]) => packed(fields)))
    const reply = await scripts.run('restore', [shard, ...chunk.map(([key]) => prefix + key)], [text])
    if (typeof reply !== 'number') throw new SupersededError('Another recovery has taken over the shard.')
    this.created += reply
  }
}

/** Sums and values of a hash as the script takes them: `[[field, delta, ...], [field, value, ...]]`. */
function packed(fields: FoldedFields): [sums: string[], values: string[]] {
  const sums: string[] = []
  const values: string[] = []
  for (const [field, value] of fields) {
    if (typeof value === 'number') sums.push(field, String(value))
    else values.push(field, value)
  }
  return [sums, values]
}

/** Keys of the shard but its own hash, as they are found: while Redis enlarges its table one may come twice. */
async function* scanKeys({ redis, prefix }: Pick<RestoreTarget, 'redis' | 'prefix'>): AsyncGenerator<string[]> {
  const [shard] = shardKeys(prefix)
  let cursor = '0'
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', `${prefix.replace(/[{}[\]*?\\]/g, '\\$&')}*`, 'COUNT', 2000)
    yield found.filter((key) => key !== shard)
    cursor = next
  } while (cursor !== '0')
}

/** How many keys the shard has beside its own hash. Where more than expected seem to be there, each is counted once. */
export async function countKeys(from: Pick<RestoreTarget, 'redis' | 'prefix'>, expected: number): Promise<number> {
  let count = 0
  for await (const page of scanKeys(from)) count += page.length
  if (count <= expected) return count
  const keys = new Set<string>()
  for await (const page of scanKeys(from)) for (const key of page) keys.add(key)
  return keys.size
}

/** Deletes every key of the shard but its own hash; what is not journaled is void. @throws SupersededError */
export async function wipe(target: RestoreTarget): Promise<void> {
  const calls = new RestoreCalls(target)
  const nothing: FoldedFields = new Map()
  for await (const page of scanKeys(target))
    await calls.write(page.map((key) => [key.slice(target.prefix.length), nothing]))
  await calls.end()
}
