import { failPoint } from '../../config/fail-points.ts'
import { frameId } from '../../journal/frame.ts'
import type { MessageTrace } from '../../journal/message-trace.ts'
import type { Publisher } from '../../journal/publisher.ts'
import type { Names } from '../../journal/subjects.ts'
import type { SpanStart, Traces } from '../../tracing/traces.ts'
import type { OpenFrame } from '../batch/decode.ts'
import type { SettleRequest } from '../batch/encode.ts'
import type { GateFigures } from '../batch/figures.ts'

interface ConfirmerOptions {
  readonly publisher: Publisher
  readonly names: Names
  readonly shard: number
  /** queues a settle; resolves when the call that carried it has ended, with or without success */
  readonly settle: (request: SettleRequest) => Promise<void>
  readonly onResult?: (acked: boolean, reason: string) => void
  /** what is counted about acks; absent: nothing is */
  readonly figures?: GateFigures | undefined
  /** absent: nothing is traced */
  readonly traces?: Traces | undefined
}

export interface Confirmer {
  /** Publishes a frame, waits for its ack, and settles it where it gives; true when it is journaled. */
  confirm(frame: OpenFrame): Promise<boolean>
}

const startOf = ({ traceparent }: MessageTrace, shard: number): SpanStart => ({
  kind: 'producer',
  parent: traceparent,
  attributes: { 'messaging.system': 'nats', 'floodgate.shard': shard }
})

/** Publishes each frame once in this process, however many answers wait for it. */
export function createConfirmer(options: ConfirmerOptions): Confirmer {
  const { publisher, names, shard, settle, traces } = options
  const underWay = new Map<string, Promise<boolean>>()

  async function publish(frame: OpenFrame): Promise<boolean> {
    const epoch = Number(frame.entry.slice(0, frame.entry.indexOf('-')))
    if (failPoint) await failPoint('G3')
    const askedAt = performance.now()
    const { trace: noted } = frame
    const span = noted && traces?.begin('journal.publish', startOf(noted, shard))
    const result = await publisher.publish({
      subject: names.journalSubject(shard, epoch),
      stream: names.journalStream(shard, epoch),
      id: frameId(shard, frame.entry),
      payload: frame.payload,
      trace: noted && span && { ...noted, traceparent: span.traceparent }
    })
    const ackedMs = performance.now() - askedAt
    span?.end(result.acked ? undefined : 'no ack')
    if (failPoint) await failPoint('G4')
    options.onResult?.(result.acked, result.acked ? '' : result.reason)
    if (!result.acked) return false
    options.figures?.ackSeconds.add(ackedMs / 1000)
    if (failPoint) await failPoint('G5')
    const settled = settle({ entry: frame.entry, keys: frame.giveKeys })
    // what a decision gives is usable once settled, and the user expects it in the next answer
    if (frame.giveKeys.length > 0) await settled
    return true
  }

  return {
    confirm(frame) {
      const known = underWay.get(frame.entry)
      if (known) return known
      const confirmation = publish(frame).finally(() => underWay.delete(frame.entry))
      underWay.set(frame.entry, confirmation)
      return confirmation
    }
  }
}
