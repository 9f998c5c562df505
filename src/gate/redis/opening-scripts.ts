import { shardKeys } from '../../record/keys.ts'
import type { RedisCaller } from './caller.ts'
import { renderScript, type ScriptName, scriptNames } from './scripts.ts'

const CALL_MS = 5000

/** A hash that `restore` writes: sums as field, delta, ..., values as field, value, ...; when both are empty, it is deleted. */
export interface RestoredHash {
  /** logical */
  readonly key: string
  readonly sums: readonly string[]
  readonly values: readonly string[]
}

interface Loaded {
  readonly prefix: string
  readonly epoch: number
  readonly replid: string
  readonly shas: Readonly<Record<string, string>>
}

/** The scripts of one opening, loaded into the Redis that is being opened. */
export class OpeningScripts {
  readonly epoch: number
  readonly replid: string
  readonly shas: Readonly<Record<string, string>>
  readonly #prefix: string
  readonly #caller: RedisCaller

  constructor(caller: RedisCaller, loaded: Loaded) {
    this.#caller = caller
    this.#prefix = loaded.prefix
    this.epoch = loaded.epoch
    this.replid = loaded.replid
    this.shas = loaded.shas
  }

  /** @throws RedisCallError; NOSCRIPT means that this is another Redis now */
  run(name: ScriptName, keys: readonly string[], args: ReadonlyArray<string | number> = []): Promise<unknown> {
    return this.#caller.call('EVALSHA', [this.shas[name] ?? '', keys.length, ...keys, ...args], CALL_MS)
  }

  /** Closes the gate for every other epoch. @returns the reply of lua/close.lua @throws RedisCallError */
  async close(): Promise<string> {
    const [shard] = shardKeys(this.#prefix)
    return String(await this.run('close', [shard]))
  }

  /** @returns false when another recovery has taken over, or this is another Redis now @throws RedisCallError */
  async open(): Promise<boolean> {
    const [shard, , , origin] = shardKeys(this.#prefix)
    return (await this.run('open', [shard, origin], [0, 0])) === 'OK'
  }

  /** @returns how many of the hashes are new; undefined when another recovery has taken over @throws RedisCallError */
  async restore(hashes: readonly RestoredHash[]): Promise<number | undefined> {
    const [shard] = shardKeys(this.#prefix)
    // one text instead of thousands of arguments, because the client writes arguments one by one
    const text = JSON.stringify(hashes.map(({ sums, values }) => [sums, values]))
    const reply = await this.run('restore', [shard, ...hashes.map(({ key }) => this.#prefix + key)], [text])
    return typeof reply === 'number' ? reply : undefined
  }

  /**
   * Settles frames that Postgres has, unless they are settled, and deletes them.
   * @param entries `<epoch>-<batch>` of each
   * @param given physical keys of the hashes that their gives name
   * @throws RedisCallError
   */
  async trim(entries: readonly string[], given: Iterable<string>): Promise<void> {
    await this.run('trim', [...shardKeys(this.#prefix), ...given], entries)
  }
}

/** The replication id of the Redis behind a connection; it differs after a restart and on another Redis. */
async function replicationId(caller: RedisCaller): Promise<string> {
  const info = String(await caller.call('INFO', ['replication'], CALL_MS))
  const found = /master_replid:([0-9a-f]+)/.exec(info)?.[1]
  if (!found) throw new Error('Redis reports no replication id. Floodgate needs Redis 7.0 or newer.')
  return found
}

/** Recovery step 2: loads the scripts of (shard, epoch, replication id). @throws RedisCallError */
export async function loadScripts(
  caller: RedisCaller,
  opening: { readonly shard: number; readonly epoch: number; readonly prefix: string }
): Promise<OpeningScripts> {
  const replid = await replicationId(caller)
  const shas: Record<string, string> = {}
  for (const name of scriptNames) {
    const { body } = renderScript(name, { ...opening, replid })
    shas[name] = String(await caller.call('SCRIPT', ['LOAD', body], CALL_MS))
  }
  return new OpeningScripts(caller, { ...opening, replid, shas })
}
