import type { RedisCaller } from '../../gate/redis/caller.ts'
import { renderScript, type ScriptName, scriptNames } from '../../gate/redis/scripts.ts'

const CALL_MS = 5000

/** The scripts of one opening, loaded into the Redis that it opens. */
export class OpeningScripts {
  readonly epoch: number
  readonly replid: string
  readonly shas: Readonly<Record<string, string>>
  readonly #caller: RedisCaller

  constructor(caller: RedisCaller, loaded: { epoch: number; replid: string; shas: Record<string, string> }) {
    this.#caller = caller
    this.epoch = loaded.epoch
    this.replid = loaded.replid
    this.shas = loaded.shas
  }

  /** @throws RedisCallError, NOSCRIPT among them: then this is another Redis by now */
  run(name: ScriptName, keys: readonly string[], args: ReadonlyArray<string | number> = []): Promise<unknown> {
    return this.#caller.call('EVALSHA', [this.shas[name] ?? '', keys.length, ...keys, ...args], CALL_MS)
  }
}

/** The replication id of the Redis behind a connection: another Redis, or a restarted one, has another. */
export async function replicationId(caller: RedisCaller): Promise<string> {
  const info = String(await caller.call('INFO', ['replication'], CALL_MS))
  const found = /master_replid:([0-9a-f]+)/.exec(info)?.[1]
  if (!found) throw new Error('Redis tells no replication id. Floodgate needs Redis 7.0 or newer.')
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
  return new OpeningScripts(caller, { epoch: opening.epoch, replid, shas })
}
