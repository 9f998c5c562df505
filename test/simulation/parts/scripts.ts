import type { Bugs } from '../bugs.ts'
import type { FakeRedis, Script } from './fake-redis.ts'
import { type Fields, placeOf } from './frame.ts'
import { gateScript } from './gate/gate-script.ts'
import { count, guarded, isOpen, type Opening, outboxIsLost, settleFrame, shardKeys } from './gate/gate-state.ts'
import { dropKept, forsake, type PageCall, page, raiseClock, settleLeft } from './recovery/catch-up-scripts.ts'
import type { Held } from './upkeep/checkpoint.ts'
import { writeFields } from './upkeep/fold.ts'
import { type ForgetCall, forget, type RepairCall, repair } from './upkeep/upkeep-scripts.ts'

export type ScriptName =
  | 'gate'
  | 'close'
  | 'restore'
  | 'open'
  | 'trim'
  | 'settle'
  | 'drop'
  | 'page'
  | 'forsake'
  | 'forget'
  | 'repair'

interface ScriptOptions {
  readonly clock: () => number
  readonly bugs: Bugs
}

/** Arguments carry the opening for scripts that, by a bug, do not name it themselves. */
export interface Argued {
  readonly opening: Opening
}

export interface CloseReply extends Held {
  readonly status: 'OK' | 'HIGHER' | 'EXCHANGED'
}

export interface RestoreCall extends Argued {
  /** a hash to write onto what is there; or undefined to delete the key */
  readonly hashes: ReadonlyArray<readonly [key: string, fields: Fields | undefined]>
  /** shard time is at least this from here */
  readonly newest?: number
}

interface OpenCall extends Argued {
  /** the base of these data from here; undefined for an earlier version */
  readonly base: string | undefined
}

export interface TrimCall extends Argued {
  readonly entries: readonly string[]
}

const { shard, kept, origin, base, marker } = shardKeys

function isShared(bugs: Bugs): boolean {
  return bugs.has('one-sha') || bugs.has('shared-sha')
}

export function shaOf(name: ScriptName, opening: Opening, bugs: Bugs): string {
  return isShared(bugs) ? name : `${name}@${opening.epoch}@${opening.replid}@${opening.version}`
}

/** Step 2. `closer` tells which version closed last: an earlier one may have deleted anything since. */
function close(node: FakeRedis, { epoch, version }: Opening, bugs: Bugs): CloseReply {
  const known = count(node, shard, 'epoch')
  const found = node.hget(base, 'value')
  const held = {
    batch: count(node, shard, 'batch'),
    seq: count(node, shard, 'seq'),
    marker: placeOf(node.hget(marker, 'value') ?? '')
  }
  const isHigher = version === 2 && !bugs.has('close-same-epoch') ? known >= epoch : known > epoch
  if (isHigher && !bugs.has('close-any-epoch')) return { ...held, status: 'HIGHER', base: undefined }
  const isUnseen = known !== Number(found?.split(';')[0]) && count(node, shard, 'closer') !== known
  const isNone =
    (isUnseen && !bugs.has('closer-unseen') && !bugs.has('stale-base')) ||
    (outboxIsLost(node) && !bugs.has('outbox-lost-unseen'))
  if (version === 2 && found !== undefined && isNone) node.del(base)
  if (version === 2) node.hset(shard, 'closer', String(epoch))
  node.hset(shard, 'epoch', String(epoch))
  node.hset(shard, 'open', '0')
  return { ...held, status: 'OK', base: isNone ? undefined : found }
}

/** Step 8. The base goes first: new counters under an old base would be a prefix that is none. */
function open(node: FakeRedis, { epoch, version }: Opening, call: OpenCall): void {
  if (version === 2) node.del(base)
  node.markOrigin(origin, String(epoch))
  node.hset(shard, 'seq', '0')
  node.hset(shard, 'batch', '0')
  if (call.base !== undefined) node.hset(base, 'value', call.base)
  node.hset(shard, 'epoch', String(epoch))
  node.hset(shard, 'open', String(epoch))
}

/** The scripts of one opening: each has the opening in its body, so each has a SHA of its own. */
export function openingScripts(own: Opening, options: ScriptOptions): Script[] {
  const { bugs } = options
  const blind = bugs.has('one-sha') || bugs.has('no-replid-look')
  const sameRedis = (node: FakeRedis, { replid }: Opening) => blind || node.replid === replid
  const of = (call: Argued) => (isShared(bugs) ? call.opening : own)
  const isClosedUnder = (node: FakeRedis, { epoch }: Opening) =>
    node.hget(shard, 'epoch') === String(epoch) && node.hget(shard, 'open') === '0'
  /** A script of recovery: while the shard is closed under this very opening. */
  const closed = <Call extends Argued>(name: ScriptName, write: (node: FakeRedis, call: Call) => string): Script => ({
    sha: shaOf(name, own, bugs),
    run: (node, call: Call) => {
      const may = sameRedis(node, of(call)) && isClosedUnder(node, of(call))
      return may || bugs.has('restore-any-epoch') ? write(node, call) : 'CLOSED'
    }
  })
  /** A script of the owner of an open shard. */
  const opened = <Call extends Argued>(name: ScriptName, write: (node: FakeRedis, call: Call) => string): Script => ({
    sha: shaOf(name, own, bugs),
    run: (node, call: Call) => (isOpen(node, of(call), bugs) ? guarded(node, bugs, () => write(node, call)) : 'CLOSED')
  })
  const runClose = (node: FakeRedis, call: Argued): CloseReply =>
    sameRedis(node, of(call))
      ? close(node, of(call), bugs)
      : { status: 'EXCHANGED', base: undefined, batch: 0, seq: 0, marker: placeOf('') }
  const runOpen = (node: FakeRedis, call: OpenCall): string => {
    const { epoch } = of(call)
    if (!bugs.has('open-unasked')) {
      if (!sameRedis(node, of(call)) || node.hget(shard, 'epoch') !== String(epoch)) return 'CLOSED'
      if (node.hget(shard, 'open') === String(epoch)) return 'OK'
    }
    open(node, of(call), call)
    return 'OK'
  }
  return [
    gateScript(shaOf('gate', own, bugs), own, options),
    { sha: shaOf('close', own, bugs), run: runClose },
    { sha: shaOf('open', own, bugs), run: runOpen },
    closed('restore', (node, { hashes, newest = 0 }: RestoreCall) => {
      for (const [key, fields] of hashes) {
        if (fields === undefined && !bugs.has('keys-stay')) node.del(key)
        writeFields(node, [key, fields ?? new Map()], own.version === 2 && !bugs.has('d-by-decision'))
      }
      if (newest > 0) raiseClock(node, newest, bugs)
      return 'OK'
    }),
    closed('settle', (node) => settleLeft(node, bugs)),
    closed('drop', (node) => dropKept(node)),
    closed('forsake', (node) => forsake(node)),
    closed('page', (node, call: PageCall & Argued) => page(node, call, bugs)),
    opened('trim', (node, { entries }: TrimCall) => {
      for (const entry of entries) {
        settleFrame(node, entry, bugs)
        node.hdel(kept, entry)
      }
      return 'OK'
    }),
    opened('forget', (node, call: ForgetCall & Argued) => forget(node, call, bugs)),
    opened('repair', (node, call: RepairCall & Argued) => repair(node, call, bugs))
  ]
}
