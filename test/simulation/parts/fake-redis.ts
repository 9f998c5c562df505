import { HalfDone, ServerError } from '../network.ts'

export interface StreamEntry {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

interface Stream {
  readonly entries: Map<string, StreamEntry>
  last: string
}

type Hash = Map<string, string>
type Keys = Map<string, Hash | Stream>

/** What a node's data was at some moment: an older AOF, or a replica that lags. */
export interface Snapshot {
  readonly keys: Keys
}

/** A script by its SHA: scripts of other bodies have other SHAs. */
export interface Script {
  readonly sha: string
  readonly run: (node: FakeRedis, args: never) => unknown
}

/** `<epoch>-<batch>` ids in their order. */
export function compareIds(a: string, b: string): number {
  const [majorA = '0', minorA = '0'] = a.split('-')
  const [majorB = '0', minorB = '0'] = b.split('-')
  return Number(majorA) - Number(majorB) || Number(minorA) - Number(minorB)
}

function copyKeys(keys: Keys): Keys {
  const copy: Keys = new Map()
  for (const [key, value] of keys) {
    copy.set(key, value instanceof Map ? new Map(value) : { entries: new Map(value.entries), last: value.last })
  }
  return copy
}

/** One Redis: hashes, streams, a script cache and a replication id. Each call is atomic. */
export class FakeRedis {
  replid: string
  readonly scripts = new Map<string, Script>()
  /** follows the history of another master since it was made one itself */
  promoted = false
  /** what its clock is behind the others */
  skewMs = 0
  /** the next script of such a name that makes more writes than these fails there: an error undoes nothing */
  failing: { readonly names: readonly string[]; readonly writes: number } | undefined
  #writesLeft: number | undefined
  readonly #newReplid: () => string
  /** keys that were put together in this process: none of them was loaded */
  readonly #raw = new Set<string>()
  #keys: Keys = new Map()

  constructor(newReplid: () => string) {
    this.#newReplid = newReplid
    this.replid = newReplid()
  }

  hget(key: string, field: string): string | undefined {
    return this.#hash(key)?.get(field)
  }

  hgetall(key: string): ReadonlyMap<string, string> {
    return this.#hash(key) ?? new Map()
  }

  hset(key: string, field: string, value: string): void {
    this.#write()
    const hash = this.#hash(key)
    if (hash) hash.set(field, value)
    else this.#keys.set(key, new Map([[field, value]]))
  }

  hincrby(key: string, field: string, delta: number): void {
    this.hset(key, field, String(Number(this.hget(key, field) ?? 0) + delta))
  }

  hdel(key: string, field: string): number {
    this.#write()
    const hash = this.#hash(key)
    if (!hash?.delete(field)) return 0
    if (hash.size === 0) this.#keys.delete(key)
    return 1
  }

  /** @throws ServerError when the id is not above the last one, as Redis */
  xadd(key: string, id: string, fields: Readonly<Record<string, string>>): void {
    this.#write()
    const stream = this.#stream(key)
    if (stream && compareIds(id, stream.last) <= 0) throw new ServerError('ERR The ID is equal or smaller than the top')
    const target = stream ?? { entries: new Map(), last: id }
    target.entries.set(id, { id, fields })
    target.last = id
    this.#keys.set(key, target)
  }

  xget(key: string, id: string): StreamEntry | undefined {
    return this.#stream(key)?.entries.get(id)
  }

  xrange(key: string): StreamEntry[] {
    return [...(this.#stream(key)?.entries.values() ?? [])]
  }

  xdel(key: string, id: string): number {
    this.#write()
    return this.#stream(key)?.entries.delete(id) ? 1 : 0
  }

  exists(key: string): boolean {
    return this.#keys.has(key)
  }

  del(key: string): void {
    this.#write()
    this.#keys.delete(key)
  }

  keys(): string[] {
    return [...this.#keys.keys()]
  }

  load(script: Script): string {
    this.scripts.set(script.sha, script)
    return script.sha
  }

  /** @throws ServerError NOSCRIPT */
  evalsha(sha: string, args: unknown): unknown {
    const script = this.scripts.get(sha)
    if (!script) throw new ServerError('NOSCRIPT No matching script')
    if (this.failing?.names.some((name) => sha.startsWith(name))) this.#writesLeft = this.failing.writes
    try {
      return script.run(this, args as never)
    } finally {
      this.#writesLeft = undefined
    }
  }

  /** @throws HalfDone where a script fails half-way */
  #write(): void {
    if (this.#writesLeft === undefined) return
    this.#writesLeft -= 1
    if (this.#writesLeft >= 0) return
    this.#writesLeft = undefined
    this.failing = undefined
    throw new HalfDone('ERR a script failed half-way')
  }

  scriptFlush(): void {
    this.scripts.clear()
  }

  flushAll(): void {
    this.#keys = new Map()
  }

  /** A value, and that it was written here and not loaded from anywhere. */
  markOrigin(key: string, value: string): void {
    this.hset(key, 'value', value)
    this.#raw.add(key)
  }

  isRaw(key: string): boolean {
    return this.exists(key) && this.#raw.has(key)
  }

  /** A master without another one's history, that still holds what it wrote itself, or what anybody wrote. */
  holdsOrigin(key: string, value: string, alsoLoaded: boolean): boolean {
    return !this.promoted && this.hget(key, 'value') === value && (alsoLoaded || this.isRaw(key))
  }

  /** The first replica attached, or the last one left long ago: another replication id, nothing else. */
  renameHistory(): void {
    this.replid = this.#newReplid()
    this.promoted = false
  }

  snapshot(): Snapshot {
    return { keys: copyKeys(this.#keys) }
  }

  /** Killed and started again on what its file holds: other replication id, empty script cache. */
  restart(from: Snapshot): void {
    this.exchange(from)
    this.promoted = false
    this.scriptFlush()
  }

  /** A -> B -> A: the data is B's, the replication id is new, the script cache survives. */
  exchange(from: Snapshot): void {
    this.#keys = copyKeys(from.keys)
    this.#raw.clear()
    this.promoted = true
    this.replid = this.#newReplid()
  }

  #hash(key: string): Hash | undefined {
    const value = this.#keys.get(key)
    if (value === undefined || value instanceof Map) return value
    throw new ServerError('WRONGTYPE Operation against a key holding the wrong kind of value')
  }

  #stream(key: string): Stream | undefined {
    const value = this.#keys.get(key)
    if (value === undefined || !(value instanceof Map)) return value
    throw new ServerError('WRONGTYPE Operation against a key holding the wrong kind of value')
  }
}
