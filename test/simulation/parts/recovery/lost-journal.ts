import type { Steps } from '../../scheduler.ts'
import type { FakeRedis } from '../fake-redis.ts'
import { entryOf, type Frame, journalStream, journalSubject } from '../frame.ts'
import { shardKeys } from '../gate/gate-state.ts'
import { must, type Projector } from '../projector.ts'

/** Journal lost: what kept and outbox hold, together, in batch order, on the new stream. */
export function* republish(owner: Projector, epoch: number): Steps<number> {
  const { world, process } = owner
  const { bugs, scheduler } = world
  const loose = (node: FakeRedis) => {
    const frames = new Map<string, string>()
    if (!bugs.has('republish-outbox-only')) {
      for (const [entry, payload] of node.hgetall(shardKeys.kept)) frames.set(entry, payload)
    }
    if (!bugs.has('republish-kept-only')) {
      for (const { id, fields } of node.xrange(shardKeys.outbox)) frames.set(id, fields.f ?? '')
    }
    return [...frames.values()].map((payload) => ({ payload, frame: JSON.parse(payload) as Frame }))
  }
  const frames = must(yield* world.askRedis(process, 'recovery.loose', loose))
  frames.sort((a, b) => a.frame.epoch - b.frame.epoch || a.frame.batch - b.frame.batch)
  if (bugs.has('republish-unordered')) frames.reverse()
  let last = 0
  for (const { payload, frame } of frames) {
    const publish = world.askNats(process, 'recovery.republish', (nats) =>
      nats.publish(journalSubject(epoch), entryOf(frame), payload)
    )
    if (bugs.has('republish-unacked')) scheduler.spawn(process, publish)
    else last = Math.max(last, must(yield* publish).sequence)
  }
  return last
}

export function* endOf({ world, process }: Projector, epoch: number): Steps<number> {
  const info = must(yield* world.askNats(process, 'recovery.end', (nats) => nats.info(journalStream(epoch))))
  return info?.lastSequence ?? 0
}
