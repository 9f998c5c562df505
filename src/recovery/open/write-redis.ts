import { FloodgateError } from '../../base/errors.ts'
import { FORGOT, type ForgottenPlace, forgottenText } from '../../gate/redis/base.ts'
import type { OpeningScripts, RestoredHash } from '../../gate/redis/opening-scripts.ts'
import type { InRedis } from '../../gate/redis/outbox.ts'
import { scanKeys } from '../../gate/redis/state.ts'
import { baseKey, shardKeys } from '../../record/keys.ts'
import { collectGarbage } from './collect-garbage.ts'
import type { FoldedFields } from './fold-users.ts'

/** Another recovery has taken over, or this is another Redis: this recovery ends here. */
export class SupersededError extends FloodgateError {
  readonly code = 'superseded'
  readonly meaning = 'This recovery wrote nothing more.'
  readonly remedy = 'Nothing to do: the next recovery begins by itself.'
}

/** Hashes that one call of `restore` writes or deletes: their text is no large object, and what is in flight dies young. */
const HASHES_PER_CALL = 100
const CALLS_IN_FLIGHT = 4
/** Bytes of texts after which garbage is collected: a rebuild keeps next to nothing of them, and V8 would let the heap grow to 100 MB. */
const COLLECT_EVERY = 32 * 1024 ** 2

interface RestoreTarget extends InRedis {
  readonly scripts: OpeningScripts
}

/**
 * Calls `restore`, a few calls in flight at once: Redis works on one while the next is put together. All go over one connection, so
 * Redis runs them in order; when one fails, the recovery fails, and the next one deletes everything first.
 */
export class RestoreCalls {
  readonly #scripts: OpeningScripts
  readonly #running = new Set<Promise<void>>()
  /** how many hashes did not exist before they were written */
  created = 0
  /** bytes of texts since the last collection */
  #written = 0

  constructor({ scripts }: Pick<RestoreTarget, 'scripts'>) {
    this.#scripts = scripts
  }

  /** Resolves when the next call may be added. @throws SupersededError, or the error of an earlier call */
  async write(hashes: Iterable<RestoredHash>): Promise<void> {
    let chunk: RestoredHash[] = []
    for (const hash of hashes) {
      chunk.push(hash)
      if (chunk.length < HASHES_PER_CALL) continue
      await this.#start(chunk)
      chunk = []
    }
    if (chunk.length > 0) await this.#start(chunk)
  }

  /** Waits until all calls are done. @throws as `write` */
  async end(): Promise<void> {
    await Promise.all(this.#running)
  }

  async #start(chunk: readonly RestoredHash[]): Promise<void> {
    this.#written += chunk.reduce((sum, { text }) => sum + text.length, 0)
    if (this.#written > COLLECT_EVERY) {
      this.#written = 0
      collectGarbage()
    }
    const call = this.#call(chunk)
    this.#running.add(call)
    call.then(
      () => this.#running.delete(call),
      // whoever waits for a free place or for the end gets the error
      () => {}
    )
    if (this.#running.size >= CALLS_IN_FLIGHT) await Promise.race(this.#running)
  }

  async #call(chunk: readonly RestoredHash[]): Promise<void> {
    const created = await this.#scripts.restore(chunk)
    if (created === undefined) throw new SupersededError('Another recovery has taken over the shard.')
    this.created += created
  }
}

/** Folded hashes as the scripts take them. */
export function restoredHashes(hashes: Iterable<readonly [key: string, fields: FoldedFields]>): RestoredHash[] {
  return Array.from(hashes, ([key, fields]) => packed(key, fields))
}

function packed(key: string, fields: FoldedFields): RestoredHash {
  const sums: string[] = []
  const values: string[] = []
  const removed: string[] = []
  for (const [field, value] of fields) {
    if (typeof value === 'number') sums.push(field, String(value))
    else if (value === null) removed.push(field)
    else values.push(field, value)
  }
  return { key, text: JSON.stringify(removed.length > 0 ? [sums, values, removed] : [sums, values]) }
}

/** A hash of which `fields` is the JSON text of a list of field, value, ... */
export function wholeHash(key: string, fields: string): RestoredHash {
  return { key, text: `[[],${fields}]` }
}

/** The field of the shard's own hash that says up to which decision replays are forgotten. */
export function forgottenHash(place: ForgottenPlace): RestoredHash {
  const [shard] = shardKeys('')
  return wholeHash(shard, JSON.stringify([FORGOT, forgottenText(place)]))
}

const deleted = (key: string): RestoredHash => wholeHash(key, '[]')

/** Says that the data of Redis belong to no opening: the next recovery writes them anew. @throws SupersededError */
export async function dropBase({ scripts }: Pick<RestoreTarget, 'scripts'>): Promise<void> {
  const calls = new RestoreCalls({ scripts })
  await calls.write([deleted(baseKey(''))])
  await calls.end()
}

/** Deletes every key of the shard but its own hash; decisions that were not journaled become void. @throws SupersededError */
export async function wipe(target: RestoreTarget): Promise<void> {
  // first: half of these data must not pass for a prefix when this recovery dies
  await dropBase(target)
  const calls = new RestoreCalls(target)
  for await (const page of scanKeys(target)) await calls.write(page.map(deleted))
  await calls.end()
}
