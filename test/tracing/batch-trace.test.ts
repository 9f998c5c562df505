import { test } from 'tap'
import { traceBatch } from '../../src/gate/batch/batch-trace.ts'
import type { BatchReply, CallReply, OpenFrame } from '../../src/gate/batch/decode.ts'
import type { Call } from '../../src/gate/batch/encode.ts'
import { RedisCallError } from '../../src/gate/redis/caller.ts'
import { readTrace, writtenTrace } from '../../src/journal/message-trace.ts'
import type { SpanStart, Traces } from '../../src/tracing/traces.ts'
import { callersTraceparent } from '../support/servers/trace-endpoint.ts'
import { buy } from '../support/shop/core.ts'

/** Notes the spans that are begun, and how they ended. */
function notedTraces() {
  const spans: Array<{ name: string; start: SpanStart; ended?: string }> = []
  const traces: Traces = {
    samples: () => true,
    begin(name, start) {
      const span: (typeof spans)[number] = { name, start }
      spans.push(span)
      return {
        traceparent: callersTraceparent(900 + spans.length),
        set: () => {},
        end: (failure = 'well') => {
          span.ended = failure
        }
      }
    },
    counts: { exported: 0, failed: 0, dropped: 0 },
    close: async () => {}
  }
  return { spans, traces }
}

const place = { campaign: 'c', sale: 's' }
const [one, other] = [callersTraceparent(1), callersTraceparent(2)]
const read: Call = { op: 'query', user: 'ann', key: 'u:k' }
const decided = (sequence: number, entry: string, replayed = false): CallReply => ({
  ...{ kind: 'decided', entry, replayed },
  decision: { id: `0-1-${sequence}`, sequence, type: 'order.accepted', at: 0, report: '' }
})

function replyOf(replies: readonly CallReply[], frames: readonly OpenFrame[]): BatchReply {
  const byEntry = new Map(frames.map((frame) => [frame.entry, frame]))
  return { status: 'OK', now: 0, outboxFrames: 0, keptBytes: 0, replies, frames: byEntry }
}

test('a batch has one span: a child of its first traced request, with a link to each of them', async (t) => {
  const { spans, traces } = notedTraces()
  const calls = [buy(place, 'ann'), buy(place, 'bob', { trace: one }), read, buy(place, 'eve', { trace: other })]
  const trace = traceBatch(traces, 3, calls)
  const [frame, older]: OpenFrame[] = ['1-7', '1-6'].map((entry) => ({ entry, payload: '', giveKeys: [] }))
  if (frame === undefined || older === undefined) throw new Error('no frames')
  trace?.answered(
    replyOf([decided(20, '1-7'), decided(21, '1-7'), decided(11, '1-6', true), decided(22, '1-7')], [frame, older])
  )
  t.match(spans, [{ name: 'gate.batch', ended: 'well', start: { parent: one, links: [one, other] } }])
  t.match(spans[0]?.start.attributes, { 'floodgate.shard': 3, 'floodgate.commands': 4 })
  const batch = callersTraceparent(901)
  t.strictSame(
    frame.trace,
    {
      traceparent: batch,
      decisions: [
        [21, one],
        [22, other]
      ]
    },
    'each decision is its request’s'
  )
  t.equal(older.trace, undefined, 'a frame that no traced request waits for is not traced')
})

test('a batch without a traced request has none', async (t) => {
  const { spans, traces } = notedTraces()
  t.equal(traceBatch(traces, 0, [buy(place, 'ann'), read]), undefined)
  t.equal(spans.length, 0)
})

test('a replay is traced to its frame, and is no decision of this request', async (t) => {
  const { traces } = notedTraces()
  const frame: OpenFrame = { entry: '1-7', payload: '', giveKeys: [] }
  traceBatch(traces, 0, [buy(place, 'ann', { trace: one })])?.answered(replyOf([decided(20, '1-7', true)], [frame]))
  t.strictSame(frame.trace, { traceparent: callersTraceparent(901), decisions: [] })
})

test('a batch that failed says so without words of others', async (t) => {
  const { spans, traces } = notedTraces()
  const calls = [buy(place, 'ann', { trace: one })]
  traceBatch(traces, 0, calls)?.failed(new RedisCallError('timeout', 'no reply from 10.0.0.7'))
  traceBatch(traces, 0, calls)?.failed(new Error('bob'))
  traceBatch(traces, 0, calls)?.answered({ ...replyOf([], []), status: 'BACKLOG' })
  t.strictSame(
    spans.map(({ ended }) => ended),
    ['timeout', 'no readable reply', 'BACKLOG']
  )
})

test('what is traced of a message is read as it was written, up to a bound', async (t) => {
  const headers = (text: string) => {
    const lines = new Map(text.split('\r\n').map((line) => line.split(': ') as [string, string]))
    return { get: (name: string) => lines.get(name) ?? '' } as Parameters<typeof readTrace>[0]
  }
  const trace = { traceparent: one, decisions: Array.from({ length: 40 }, (_, n) => [n + 1, other] as const) }
  t.strictSame(readTrace(headers(writtenTrace(trace))), { ...trace, decisions: trace.decisions.slice(0, 32) })
  const alone = { traceparent: one, decisions: [] }
  t.strictSame(readTrace(headers(writtenTrace(alone))), alone)
  t.equal(readTrace(headers('')), undefined)
  t.equal(readTrace(undefined), undefined)
})
