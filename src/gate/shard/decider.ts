import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { failPoint } from '../../config/fail-points.ts'
import { isPart } from '../../record/decisions.ts'
import { replayField } from '../../record/replay.ts'
import { joinedReport } from '../../record/reports/moves.ts'
import type { CallResult } from '../batch/batcher.ts'
import type { OpenFrame } from '../batch/decode.ts'
import type { Outcome } from '../batch/outcomes.ts'
import type { Decider } from '../gate.ts'
import type { ConnectedShard } from './connect-shard.ts'
import type { Router } from './router.ts'

type Reply = Extract<CallResult, { kind: 'reply' }>
type Decided = Extract<Reply['reply'], { kind: 'decided' }>
type Known = Extract<Outcome, { kind: 'confirmed' | 'pending' }>
type Lacks = Extract<Reply['reply'], { kind: 'lacks' }>

/** The latest time after Redis handed out a frame at which this process still publishes it; after that the relay does. */
const PUBLISH_WITHIN_MS = 2000
/**
 * How long a command waits for its causes, one after the other: each of ten spins that a user makes at once may rest on the one before.
 * So long it also waits for units that other shards have.
 */
const CAUSES_WITHIN_MS = 2000
/** The pause before it asks again for units that other shards may have, from and to: those who wait do not come all at once. */
const UNITS_PAUSE_MS = [30, 100] as const

const NOT_CONNECTED: Outcome = { kind: 'unavailable', reason: 'the gate is not connected yet', retryAfterMs: 1000 }

function confirm(shard: ConnectedShard, frame: OpenFrame | undefined, at: number): Promise<boolean> | false {
  if (!frame || performance.now() - at > PUBLISH_WITHIN_MS) return false
  return shard.confirmer.confirm(frame)
}

/** Whether what was decided is journaled: acked now, or no longer in the outbox. All decisions of a frame wait for one promise. */
function journaledOf(shard: ConnectedShard, { frame, at }: Reply): Promise<boolean> | boolean {
  return frame === undefined || confirm(shard, frame, at)
}

function knownOf({ decision, replayed }: Decided, journaled: boolean): Known {
  // this then runs after the answer was written
  if (failPoint && journaled) setImmediate(() => void failPoint?.('G6'))
  return journaled ? { kind: 'confirmed', decision, replayed } : { kind: 'pending', decision }
}

/** Confirmed when it is journaled. */
export async function outcomeOf(shard: ConnectedShard, result: Reply, reply: Decided): Promise<Known> {
  return knownOf(reply, await journaledOf(shard, result))
}

/** A decision in part is told with the one that ends it, which has a key of its own; until there is one it is pending. */
export async function withEnd(shard: ConnectedShard, user: string, outcome: Known): Promise<Known> {
  const { decision: part } = outcome
  if (outcome.kind === 'pending' || !isPart(part.type)) return outcome
  const pending: Known = { kind: 'pending', decision: part }
  if (!outcome.replayed) return pending
  const result = await shard.reader.enqueue({ op: 'query', user, key: replayField.spin(part.id) })
  if (result.kind !== 'reply' || result.reply.kind !== 'decided') return pending
  const end = await outcomeOf(shard, result, result.reply)
  if (end.kind === 'pending') return pending
  const { decision } = end
  return { ...end, decision: { ...decision, report: joinedReport(part.report, decision.report) } }
}

/** Says which units are missing, and waits a little while they may come. */
async function waitForUnits({ wishes }: ConnectedShard, { item, missing }: Lacks): Promise<void> {
  wishes.want(item, missing)
  await sleep(randomInt(...UNITS_PAUSE_MS))
}

/** Combines batcher, journal and settle into one answer. */
export function createDecider(router: Router): Decider {
  return {
    async submit(command) {
      const shard = router.find(command)
      if (shard === undefined) return NOT_CONNECTED
      const deadline = performance.now() + CAUSES_WITHIN_MS
      let reason = ''
      do {
        const result = await shard.batcher.enqueue(command)
        if (result.kind !== 'reply') return result
        const { reply } = result
        if (reply.kind === 'refused') return reply
        if (reply.kind === 'decided') {
          // every order comes by here: promises of two more functions took a third of what this one takes
          const known = knownOf(reply, await journaledOf(shard, result))
          return isPart(reply.decision.type) ? withEnd(shard, command.user, known) : known
        }
        if (reply.kind === 'lacks') {
          reason = 'the units that are missing have not come from other shards yet'
          await waitForUnits(shard, reply)
          continue
        }
        reason = 'what it rests on is not journaled yet'
        if (reply.kind === 'not now')
          return { kind: 'unavailable', reason: 'what it rests on is not known at the moment', retryAfterMs: 500 }
        if (reply.kind !== 'wait')
          return { kind: 'unavailable', reason: 'a record in Redis is not readable', retryAfterMs: 1000 }
        if (!(await confirm(shard, result.frame, result.at))) break
      } while (performance.now() < deadline)
      return { kind: 'unavailable', reason, retryAfterMs: 500 }
    }
  }
}
