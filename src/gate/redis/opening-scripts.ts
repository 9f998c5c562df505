import { baseKey, elsewhereKey, logical, shardKeys } from '../../record/keys.ts'
import {
  type Base,
  baseText,
  type DataPlace,
  type ForgottenPlace,
  forgottenText,
  parseBase,
  parseForgotten,
  placeText
} from './base.ts'
import type { RedisCaller } from './caller.ts'
import { notedCalls } from './known-calls.ts'
import { renderScript, type ScriptName, scriptNames } from './scripts.ts'

const CALL_MS = 5000

/** A hash that recovery writes. */
export interface RestoredHash {
  /** logical */
  readonly key: string
  /** JSON text of two lists: sums as field, delta, ..., values as field, value, ...; a third one of fields that are removed may follow; when all are empty, it is deleted */
  readonly text: string
}

/** The place of the data of a Redis, and up to which decision it has forgotten replays. */
export interface ClosedData extends DataPlace {
  readonly forgotten: ForgottenPlace
}

/** What `close` found: the data of the Redis that is closed now, undefined where they belong to no opening that is known. */
type Closed =
  | { readonly status: 'OK'; readonly data: ClosedData | undefined }
  | { readonly status: 'HIGHER'; readonly epoch: string }
  | { readonly status: 'EXCHANGED' }

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

  /** Closes the gate for every other epoch. @throws RedisCallError */
  async close(): Promise<Closed> {
    const [shard, outbox] = shardKeys(this.#prefix)
    const reply = (await this.run('close', [shard, outbox, baseKey(this.#prefix)])) as readonly string[]
    const [status, first = '', batch, sequence, forgotten = ''] = reply
    if (status === 'HIGHER') return { status, epoch: first }
    if (status !== 'OK') return { status: 'EXCHANGED' }
    const base = parseBase(first)
    return {
      status,
      data: base && { ...base, batch: Number(batch), sequence: Number(sequence), forgotten: parseForgotten(forgotten) }
    }
  }

  /**
   * @param base of this opening
   * @param newestAt time of the newest decision, ms since 1970, 0 before the first
   * @returns false when another recovery has taken over, or this is another Redis now
   * @throws RedisCallError
   */
  async open(base: Base, newestAt: number): Promise<boolean> {
    const [shard, , , origin] = shardKeys(this.#prefix)
    const args = [0, 0, baseText(base), newestAt]
    const keys = [shard, origin, baseKey(this.#prefix), elsewhereKey(this.#prefix)]
    return (await this.run('open', keys, args)) === 'OK'
  }

  /**
   * Settles frames of the outbox that Postgres has, and drops kept with the last of them.
   * @param entries `<epoch>-<batch>` of each
   * @param given physical keys of the hashes that their gives name
   * @returns how many frames are left; undefined when another recovery has taken over
   * @throws RedisCallError
   */
  async settleLeft(entries: readonly string[], given: Iterable<string>): Promise<number | undefined> {
    const [shard, outbox, kept] = shardKeys(this.#prefix)
    const reply = await this.run('settle-left', [shard, outbox, kept, baseKey(this.#prefix), ...given], entries)
    return typeof reply === 'number' ? reply : undefined
  }

  /**
   * Applies whole frames that follow a place. A call without an answer may be sent again.
   * @param newestAt time of their newest decision, ms since 1970
   * @returns false when another recovery has taken over, or the data are not at that place
   * @throws RedisCallError
   */
  async applyPage(
    { after, place, newestAt }: { readonly after: DataPlace; readonly place: DataPlace; readonly newestAt: number },
    hashes: readonly RestoredHash[]
  ): Promise<boolean> {
    const [shard] = shardKeys(this.#prefix)
    const keys = [shard, baseKey(this.#prefix), ...hashes.map(({ key }) => this.#prefix + key)]
    return (await this.run('page', keys, [placeText(after), placeText(place), newestAt, hashText(hashes)])) === 'OK'
  }

  /** @returns how many of the hashes are new; undefined when another recovery has taken over @throws RedisCallError */
  async restore(hashes: readonly RestoredHash[]): Promise<number | undefined> {
    const [shard] = shardKeys(this.#prefix)
    const keys = [shard, ...hashes.map(({ key }) => this.#prefix + key)]
    const reply = await this.run('restore', keys, [hashText(hashes)])
    return typeof reply === 'number' ? reply : undefined
  }

  /**
   * Writes a user's hash anew while the shard is open.
   * @param key logical
   * @param hash count: of its decisions as it was read, '' for none; forgotten: up to where replays were then; fields: a list of field,
   *   value, ...
   * @returns false when the user has decided something since or replays were forgotten, or the shard is closed
   * @throws RedisCallError
   */
  async repair(
    key: string,
    {
      count,
      forgotten,
      fields
    }: { readonly count: string; readonly forgotten: ForgottenPlace; readonly fields: readonly string[] }
  ): Promise<boolean> {
    const keys = [...shardKeys(this.#prefix), this.#prefix + key]
    return (await this.run('repair', keys, [count, forgottenText(forgotten), JSON.stringify(fields)])) === 'OK'
  }

  /**
   * Forgets the replays of users' next decisions.
   * @param users their decisions, in order
   * @returns false when the shard is closed, or another place is the last that was forgotten
   * @throws RedisCallError
   */
  async forget(
    { from, to }: { readonly from: ForgottenPlace; readonly to: ForgottenPlace },
    users: ReadonlyMap<string, ReadonlyArray<ForgottenPlace & { readonly key: string }>>
  ): Promise<boolean> {
    const [shard, , , origin] = shardKeys(this.#prefix)
    const keys = [shard, origin, ...Array.from(users.keys(), (user) => this.#prefix + logical.user(user))]
    const lists = Array.from(users.values(), (decisions) => decisions.flatMap((one) => [one.key, forgottenText(one)]))
    const args = [forgottenText(from), forgottenText(to), JSON.stringify(lists)]
    return (await this.run('forget', keys, args)) === 'OK'
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

/** One text instead of thousands of arguments, because the client writes arguments one by one. */
function hashText(hashes: readonly RestoredHash[]): string {
  return `[${hashes.map(({ text }) => text).join(',')}]`
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
  return new OpeningScripts(caller, { ...opening, replid, shas: { ...shas, ...notedCalls } })
}
