import fc from 'fast-check'
import { test } from 'tap'
import { createSampler } from '../../src/tracing/sampling.ts'
import { readTraceparent, saysSampled, writeTraceparent } from '../../src/tracing/traceparent.ts'
import { callersTraceparent } from '../support/servers/trace-endpoint.ts'

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const place = fc.record({ traceId: hex(32), spanId: hex(16) })

test('the flag of a traceparent is read without reading the rest', async (t) => {
  fc.assert(
    fc.property(place, fc.integer({ min: 0, max: 255 }), ({ traceId, spanId }, flags) => {
      const text = `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`
      return saysSampled(text) === (flags % 2 === 1)
    })
  )
  for (const wrong of [undefined, '', '1', callersTraceparent(1).slice(1), `${callersTraceparent(1)}, x`])
    t.equal(saysSampled(wrong), undefined, String(wrong))
})

test('a traceparent that is written is read again, and what is none is not', async (t) => {
  fc.assert(
    fc.property(place, (made) => {
      const isNone = /^0+$/.test(made.traceId) || /^0+$/.test(made.spanId)
      const read = readTraceparent(writeTraceparent(made))
      return isNone ? read === undefined : read?.traceId === made.traceId && read.spanId === made.spanId
    })
  )
  t.equal(readTraceparent(callersTraceparent(1).replace(/^00/, 'ff')), undefined)
  t.equal(readTraceparent(callersTraceparent(1).toUpperCase()), undefined)
})

test('a counter takes the ratio of requests, evenly', async () => {
  const ratio = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(ratio, fc.integer({ min: 1, max: 2000 }), (share, requests) => {
      const samples = createSampler(share)
      let taken = 0
      for (let n = 0; n < requests; n++) if (samples(undefined)) taken += 1
      return Math.abs(taken - share * requests) <= 1.001
    })
  )
})

test('the word of a caller counts, up to so many a second', async (t) => {
  let now = 0
  const samples = createSampler(0, () => now)
  const sampled = callersTraceparent(1)
  t.equal(createSampler(1)(callersTraceparent(1, false)), false, 'who is not traced there is not traced here')
  t.equal(createSampler(1)(callersTraceparent(1).slice(2)), true, 'what is no traceparent says nothing')
  const asked = () => Array.from({ length: 1000 }, () => samples(sampled)).filter(Boolean).length
  t.equal(asked(), 100)
  now = 999
  t.equal(asked(), 0)
  now = 1000
  t.equal(asked(), 100)
})
