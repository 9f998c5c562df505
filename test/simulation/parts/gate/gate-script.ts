import type { Bugs } from '../../bugs.ts'
import type { FakeRedis, Script } from '../fake-redis.ts'
import { Batch, type BatchCall, type BatchReply } from './gate-batch.ts'
import { decideCommand } from './gate-commands.ts'
import { count, guarded, isOpen, LIMITS, type Opening, outboxIsLost, settleFrame, shardKeys } from './gate-state.ts'

const { shard, outbox } = shardKeys

/** lua/gate.lua: decides a batch in one atomic step, settles journaled frames on the way. */
export function gateScript(name: string, own: Opening, given: { clock: () => number; bugs: Bugs }): Script {
  const { clock, bugs } = given
  const decide = (node: FakeRedis, opening: Opening, call: BatchCall): BatchReply => {
    const answer = (status: BatchReply['status']) => ({ status, now: clock(), replies: [], frames: [] })
    for (const entry of call.settle) settleFrame(node, entry, bugs)
    if (call.commands.length > 0) {
      if (call.notAfter > 0 && clock() > call.notAfter && !bugs.has('no-not-after')) return answer('LATE')
      if (node.xrange(outbox).length >= LIMITS.outboxFrames) return answer('BACKLOG')
    }
    // another Redis's clock may be behind: shard time is the latest that was seen
    const now = Math.max(clock() + node.skewMs, count(node, shard, 'clock'))
    const batch = new Batch(node, opening, { now, bugs })
    const replies = call.commands.map((command) => decideCommand(batch, command))
    const frame = batch.write()
    const frames = [...batch.replayed.values(), ...(frame ? [frame] : [])]
    return { status: 'OK', now: clock(), replies, frames }
  }
  const run = (node: FakeRedis, call: BatchCall): BatchReply => {
    const opening = bugs.has('one-sha') || bugs.has('shared-sha') ? call.opening : own
    if (!isOpen(node, opening, bugs) || outboxIsLost(node)) {
      return { status: 'CLOSED', now: clock(), replies: [], frames: [] }
    }
    return guarded(node, bugs, () => decide(node, opening, call))
  }
  return { sha: name, run }
}
