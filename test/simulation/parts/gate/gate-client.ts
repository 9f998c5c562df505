import type { Reply } from '../../network.ts'
import { Future, type Process, type Steps, wait } from '../../scheduler.ts'
import { deadlines, type World } from '../../world.ts'
import type { Ack } from '../fake-nats.ts'
import { epochOf, journalStream, journalSubject, type OpenFrame } from '../frame.ts'
import { shaOf } from '../scripts.ts'
import type { BatchCall, BatchReply, CallReply, Command } from './gate-batch.ts'
import type { Opening } from './gate-state.ts'

export type Outcome =
  | { readonly kind: 'confirmed'; readonly id: string; readonly entry: string }
  | { readonly kind: 'pending'; readonly id: string }
  | { readonly kind: 'unavailable' | 'unknown' }
  /** epoch: of the opening that said so */
  | { readonly kind: 'none'; readonly epoch: number }
  | { readonly kind: 'refused'; readonly code: string; readonly epoch: number }

interface Waiting {
  readonly command: Command
  readonly causes: number
  readonly answer: (outcome: Outcome) => void
}

interface Settle {
  readonly entry: string
  readonly done: Future<void>
}

const PUBLISH_WITHIN_MS = 2000
const CAUSES_TO_WAIT_FOR = 3

export function isClosed(reply: Reply<BatchReply>): boolean {
  return reply.ok ? reply.value.status === 'CLOSED' : reply.error.startsWith('NOSCRIPT')
}

/** The gate as a process sees it: one batch at a time, publish, ack, settle. Gateways have one, and the worker. */
export class GateClient {
  readonly #world: World
  readonly #process: Process
  #opening: Opening | undefined
  #last: Opening | undefined
  #queue: Waiting[] = []
  #settles: Settle[] = []
  readonly #confirming = new Map<string, Future<boolean>>()
  #wake = new Future<void>()

  constructor(world: World, process: Process) {
    this.#world = world
    this.#process = process
    world.scheduler.spawn(process, this.#watch())
    world.scheduler.spawn(process, this.#send())
  }

  submit(command: Command, answer: (outcome: Outcome) => void, causes = 0): void {
    if (!this.#opening) {
      answer({ kind: 'unavailable' })
      return
    }
    this.#queue.push({ command, answer, causes })
    this.#wake.resolve()
  }

  *ask(command: Command): Steps<Outcome> {
    const future = new Future<Outcome>()
    this.submit(command, (outcome) => future.resolve(outcome))
    return yield* wait(future)
  }

  /** A real gate call. */
  *call(opening: Opening, call: Omit<BatchCall, 'opening'>, name = 'gateway.gate'): Steps<Reply<BatchReply>> {
    const { bugs } = this.#world
    const sha = shaOf('gate', opening, bugs)
    return yield* this.#world.askRedis(
      this.#process,
      name,
      (node) => node.evalsha(sha, { ...call, opening }) as BatchReply
    )
  }

  /** Publishes a frame once in this process and waits for its ack, and for its settle where it gives. */
  *confirm(frame: OpenFrame): Steps<boolean> {
    const known = this.#confirming.get(frame.entry)
    if (known) return yield* wait(known)
    const confirmation = new Future<boolean>()
    this.#confirming.set(frame.entry, confirmation)
    const acked = yield* this.publish(frame)
    if (acked) {
      const settled = this.settle(frame.entry)
      if (frame.gives && !this.#world.bugs.has('answer-before-settle')) yield* wait(settled)
    }
    this.#confirming.delete(frame.entry)
    confirmation.resolve(acked)
    return acked
  }

  *publish({ entry, payload }: OpenFrame, epoch = epochOf(entry)): Steps<boolean> {
    const id = this.#world.bugs.has('no-message-id') ? '' : entry
    const reply = yield* this.#world.askNats<Ack>(this.#process, 'gateway.publish', (nats) =>
      nats.publish(journalSubject(epoch), id, payload)
    )
    return reply.ok && reply.value.stream === journalStream(epoch) && reply.value.sequence > 0
  }

  /** Ends when the call that carried it has ended, well or not. */
  settle(entry: string): Future<void> {
    const done = new Future<void>()
    this.#settles.push({ entry, done })
    this.#wake.resolve()
    return done
  }

  *#watch(): Steps {
    const { scheduler } = this.#world
    for (;;) {
      yield* this.#opening ? this.#doubt(this.#opening) : this.#look()
      yield* wait(scheduler.sleep(this.#opening ? 500 : 60))
    }
  }

  /** A Redis that was given up may still answer; Postgres says that another opening is in force. */
  *#doubt(own: Opening): Steps {
    const row = yield* this.#world.askPostgres(this.#process, 'gateway.doubt', () => this.#world.postgres.read())
    if (this.#opening !== own || !row.ok || row.value.state !== 'open' || row.value.opening.epoch <= own.epoch) return
    this.#opening = undefined
    this.#last = undefined
  }

  /** The last opening may well be alive; otherwise Postgres says which one is. */
  *#look(): Steps {
    if (this.#last && (yield* this.#isAlive(this.#last))) {
      this.#opening = this.#last
      return
    }
    const row = yield* this.#world.askPostgres(this.#process, 'gateway.row', () => this.#world.postgres.read())
    if (!row.ok || row.value.state !== 'open') return
    const { opening } = row.value
    if (!(yield* this.#isAlive(opening))) return
    this.#last = opening
    this.#opening = opening
  }

  *#isAlive(opening: Opening): Steps<boolean> {
    const reply = yield* this.call(opening, { settle: [], commands: [], notAfter: 0 }, 'gateway.look')
    return reply.ok && reply.value.status === 'OK'
  }

  *#send(): Steps {
    for (;;) {
      yield* wait(this.#wake)
      this.#wake = new Future()
      while (this.#queue.length + this.#settles.length > 0) yield* this.#sendBatch()
    }
  }

  *#sendBatch(): Steps {
    const { scheduler } = this.#world
    const opening = this.#opening
    const batch = this.#queue.splice(0, 1 + scheduler.draw(4))
    const settles = this.#settles.splice(0)
    if (!opening) {
      for (const { answer } of batch) answer({ kind: 'unavailable' })
    } else {
      const call = {
        settle: settles.map(({ entry }) => entry),
        commands: batch.map(({ command }) => command),
        notAfter: Math.min(
          scheduler.now + deadlines.redis,
          ...batch.map(({ command }) => command.notAfter ?? Number.POSITIVE_INFINITY)
        )
      }
      let reply = yield* this.call(opening, call)
      // the same batch may be sent again unchanged
      if (!reply.ok && reply.done === 'unknown' && scheduler.chance(0.3)) reply = yield* this.call(opening, call)
      this.#answer(batch, reply, opening.epoch)
    }
    for (const { done } of settles) done.resolve()
  }

  #answer(batch: readonly Waiting[], reply: Reply<BatchReply>, epoch: number): void {
    const all = (kind: 'unavailable' | 'unknown') => {
      for (const { answer } of batch) answer({ kind })
    }
    if (!reply.ok || reply.value.status === 'CLOSED') {
      this.#opening = undefined
      all(!reply.ok && reply.done === 'unknown' ? 'unknown' : 'unavailable')
      return
    }
    if (reply.value.status !== 'OK') {
      all('unavailable')
      return
    }
    const frames = new Map(reply.value.frames.map((frame) => [frame.entry, frame]))
    const since = this.#world.scheduler.now
    for (const [index, waiting] of batch.entries()) {
      const own = reply.value.replies[index]
      if (own) this.#world.scheduler.spawn(this.#process, this.#finish(waiting, own, { frames, since, epoch }))
    }
  }

  *#finish(
    { command, answer, causes }: Waiting,
    reply: CallReply,
    { frames, since, epoch }: { frames: ReadonlyMap<string, OpenFrame>; since: number; epoch: number }
  ): Steps {
    if (reply.kind === 'refused') return answer({ ...reply, epoch })
    if (reply.kind === 'none') return answer({ kind: 'none', epoch })
    const { scheduler, bugs } = this.#world
    const frame = frames.get(reply.entry)
    const { entry } = reply
    if (reply.kind === 'decided' && bugs.has('confirm-before-ack')) answer({ kind: 'confirmed', id: reply.id, entry })
    const late = scheduler.now - since > PUBLISH_WITHIN_MS && !bugs.has('publish-any-time')
    const journaled = frame === undefined || (!late && (yield* this.confirm(frame)))
    if (reply.kind === 'wait') {
      if (journaled && causes < CAUSES_TO_WAIT_FOR) this.submit(command, answer, causes + 1)
      else answer({ kind: 'unavailable' })
      return
    }
    answer(journaled ? { kind: 'confirmed', id: reply.id, entry } : { kind: 'pending', id: reply.id })
  }
}
