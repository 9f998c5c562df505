import type { Bugs } from '../bugs.ts'
import type { FakeRedis, Script } from './fake-redis.ts'
import { gateScript, isOpen, type Opening, settleFrame, shardKeys } from './gate-script.ts'

export type ScriptName = 'gate' | 'close' | 'restore' | 'open' | 'trim'

interface ScriptOptions {
  readonly clock: () => number
  readonly bugs: Bugs
}

/** Arguments carry the opening for scripts that, by a bug, do not name it themselves. */
export interface Argued {
  readonly opening: Opening
}

export interface RestoreCall extends Argued {
  /** a hash to write: numbers add to what is there, strings replace it; or undefined to delete the key */
  readonly hashes: ReadonlyArray<readonly [key: string, fields: ReadonlyMap<string, number | string> | undefined]>
}

export interface TrimCall extends Argued {
  readonly entries: readonly string[]
}

const { shard, kept, origin } = shardKeys

function isShared(bugs: Bugs): boolean {
  return bugs.has('one-sha') || bugs.has('shared-sha')
}

export function shaOf(name: ScriptName, opening: Opening, bugs: Bugs): string {
  return isShared(bugs) ? name : `${name}@${opening.epoch}@${opening.replid}`
}

/** The scripts of one opening: each has the opening in its body, so each has a SHA of its own. */
export function openingScripts(own: Opening, options: ScriptOptions): Script[] {
  const { bugs } = options
  const blind = bugs.has('one-sha') || bugs.has('no-replid-look')
  const sameRedis = (node: FakeRedis, { replid }: Opening) => blind || node.replid === replid
  const of = (call: Argued) => (isShared(bugs) ? call.opening : own)
  const isClosedUnder = (node: FakeRedis, { epoch }: Opening) =>
    node.hget(shard, 'epoch') === String(epoch) && node.hget(shard, 'open') === '0'

  function close(node: FakeRedis, call: Argued): string {
    const opening = of(call)
    if (!sameRedis(node, opening)) return 'EXCHANGED'
    const known = Number(node.hget(shard, 'epoch') ?? 0)
    if (known > opening.epoch && !bugs.has('close-any-epoch')) return 'HIGHER'
    node.hset(shard, 'epoch', String(opening.epoch))
    node.hset(shard, 'open', '0')
    return 'OK'
  }

  function restore(node: FakeRedis, call: RestoreCall): string {
    const opening = of(call)
    const may = sameRedis(node, opening) && isClosedUnder(node, opening)
    if (!may && !bugs.has('restore-any-epoch')) return 'CLOSED'
    for (const [key, fields] of call.hashes) {
      if (fields === undefined && !bugs.has('keys-stay')) node.del(key)
      for (const [field, value] of fields ?? []) {
        if (typeof value === 'number') node.hincrby(key, field, value)
        else node.hset(key, field, value)
      }
    }
    return 'OK'
  }

  function open(node: FakeRedis, call: Argued): string {
    const opening = of(call)
    const { epoch } = opening
    if (!bugs.has('open-unasked')) {
      if (!sameRedis(node, opening) || node.hget(shard, 'epoch') !== String(epoch)) return 'CLOSED'
      if (node.hget(shard, 'open') === String(epoch)) return 'OK'
    }
    node.markOrigin(origin, String(epoch))
    for (const [field, value] of [
      ['epoch', epoch],
      ['open', epoch],
      ['seq', 0],
      ['batch', 0]
    ] as const) {
      node.hset(shard, field, String(value))
    }
    return 'OK'
  }

  function trim(node: FakeRedis, call: TrimCall): string {
    if (!isOpen(node, of(call), bugs)) return 'CLOSED'
    for (const entry of call.entries) {
      settleFrame(node, entry, bugs)
      node.hdel(kept, entry)
    }
    return 'OK'
  }

  const sha = (name: ScriptName) => shaOf(name, own, bugs)
  return [
    gateScript(sha('gate'), own, options),
    { sha: sha('close'), run: close },
    { sha: sha('restore'), run: restore },
    { sha: sha('open'), run: open },
    { sha: sha('trim'), run: trim }
  ]
}
