import fc from 'fast-check'
import { test } from 'tap'
import type { StoredMessage } from '../../src/journal/reader.ts'
import { type JournalReader, SharedJournal } from '../../src/journal/shared-journal.ts'

/** A stream in memory, and how often it was asked. */
class Stream {
  readonly messages: StoredMessage[] = []
  reads = 0
  open = 0
  fails = false

  publish(count: number): void {
    for (let n = 0; n < count; n += 1) {
      const sequence = this.messages.length + 1
      this.messages.push({ sequence, text: `frame ${sequence}`, republished: false })
    }
  }

  reader(from: number): JournalReader {
    this.open += 1
    let next = from
    return {
      get next() {
        return next
      },
      read: async (most) => {
        this.reads += 1
        await Promise.resolve()
        if (this.fails) throw new Error('NATS is away')
        const found = this.messages.slice(next - 1, next - 1 + most)
        next += found.length
        return found
      },
      close: async () => {
        this.open -= 1
      }
    }
  }
}

const sequences = (messages: readonly StoredMessage[]) => messages.map(({ sequence }) => sequence)

function shared(stream: Stream) {
  return new SharedJournal((_name, from) => stream.reader(from))
}

test('what is read for one reader is there for the other, as the same objects', async (t) => {
  const stream = new Stream()
  stream.publish(3)
  const journal = shared(stream)
  const [one, other] = [journal.reader('J', 1), journal.reader('J', 1)]
  const first = await one.read(128, 0)
  const second = await other.read(128, 0)
  t.same(sequences(first), [1, 2, 3])
  t.equal(stream.reads, 1)
  t.ok(first.every((message, index) => message === second[index]))
  stream.publish(1)
  const both = await Promise.all([one.read(128, 1000), other.read(128, 1000)])
  t.same(both.map(sequences), [[4], [4]])
  t.equal(stream.reads, 2, 'both wait for the same reading')
  await one.close()
  t.equal(stream.open, 1)
  await other.close()
  t.equal(stream.open, 0)
})

test('a reader that stays far behind holds nobody up, and joins the others again', async (t) => {
  const stream = new Stream()
  const journal = shared(stream)
  const [fast, slow] = [journal.reader('J', 1), journal.reader('J', 1)]
  const seen: number[] = []
  for (let round = 0; round < 10; round += 1) {
    stream.publish(100)
    seen.push(...sequences(await fast.read(128, 0)))
  }
  t.equal(seen.length, 1000)
  const late: number[] = []
  while (late.length < 1000) late.push(...sequences(await slow.read(128, 0)))
  t.same(late, seen)
  t.equal(stream.open, 2, 'it read by itself')
  const before = stream.reads
  stream.publish(1)
  t.same(sequences(await slow.read(128, 0)), [1001])
  t.same(sequences(await fast.read(128, 0)), [1001])
  t.equal(stream.reads, before + 1)
  t.equal(stream.open, 1)
  await Promise.all([fast.close(), slow.close()])
})

test('the only reader may begin anywhere', async (t) => {
  const stream = new Stream()
  stream.publish(20)
  const journal = shared(stream)
  const one = journal.reader('J', 1)
  const late = journal.reader('J', 15)
  await one.close()
  t.same(sequences(await late.read(2, 0)), [15, 16])
  t.same(sequences(await late.read(2, 0)), [17, 18])
  await late.close()
  t.equal(stream.open, 0)
})

test('whoever reads is told when reading fails, and reads on afterwards', async (t) => {
  const stream = new Stream()
  stream.publish(2)
  const journal = shared(stream)
  const [one, other] = [journal.reader('J', 1), journal.reader('J', 1)]
  stream.fails = true
  await t.rejects(one.read(128, 0), { message: 'NATS is away' })
  await t.rejects(other.read(128, 0), { message: 'NATS is away' })
  stream.fails = false
  t.same(sequences(await other.read(128, 0)), [1, 2])
  t.same(sequences(await one.read(128, 0)), [1, 2])
  await Promise.all([one.close(), other.close()])
})

test('in whatever order they read, each sees every message once and in order', async (t) => {
  const step = fc.oneof(
    fc.record({ publish: fc.integer({ min: 0, max: 400 }) }),
    fc.record({ reader: fc.integer({ min: 0, max: 2 }), most: fc.integer({ min: 1, max: 128 }) }),
    fc.record({ reopen: fc.integer({ min: 0, max: 2 }) })
  )
  const law = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const stream = new Stream()
    const journal = shared(stream)
    const readers = [0, 1, 2].map(() => ({ reader: journal.reader('J', 1), next: 1, busy: Promise.resolve() }))
    for (const each of steps) {
      if ('publish' in each) {
        stream.publish(each.publish)
        continue
      }
      const mine = readers['reader' in each ? each.reader : each.reopen]
      if (mine === undefined) continue
      // the three read at the same time, each by itself one step after the other
      mine.busy = mine.busy.then(async () => {
        if ('reopen' in each) {
          await mine.reader.close()
          mine.reader = journal.reader('J', mine.next)
          return
        }
        for (const { sequence } of await mine.reader.read(each.most, 0)) {
          if (sequence !== mine.next) throw new Error(`${sequence} came instead of ${mine.next}`)
          mine.next += 1
        }
      })
      if (each === steps.at(-1)) await Promise.all(readers.map(({ busy }) => busy))
    }
    for (const mine of readers) {
      await mine.busy
      for (let tries = 0; mine.next <= stream.messages.length && tries < 10_000; tries += 1) {
        for (const { sequence } of await mine.reader.read(128, 0)) {
          if (sequence !== mine.next) throw new Error(`${sequence} came instead of ${mine.next}`)
          mine.next += 1
        }
      }
      if (mine.next !== stream.messages.length + 1) throw new Error(`it ended at ${mine.next}`)
    }
    await Promise.all(readers.map(({ reader }) => reader.close()))
    if (stream.open !== 0) throw new Error(`${stream.open} readers are left open`)
  })
  await t.resolves(fc.assert(law))
})

test('a read gives so many bytes at most, says whether more is there, and who is ahead of others', async (t) => {
  const stream = new Stream()
  const text = 'x'.repeat(200 * 1024)
  const journal = shared(stream)
  for (let sequence = 1; sequence <= 20; sequence += 1) stream.messages.push({ sequence, text, republished: false })
  const [fast, slow] = [journal.reader('J', 1), journal.reader('J', 1)]
  t.same(sequences(await fast.read(128, 0)), [1, 2])
  t.match(fast, { hasMore: true, isAhead: false })
  t.same(sequences(await fast.read(128, 0)), [3, 4])
  t.match(fast, { hasMore: true, isAhead: true })
  t.same(sequences(await slow.read(128, 0)), [1, 2])
  t.match(slow, { hasMore: true, isAhead: false })
  t.equal(fast.isAhead, false)
  const pulls = stream.reads
  for (let sequence = 21; sequence <= 60; sequence += 1) stream.messages.push({ sequence, text, republished: false })
  const late: number[] = []
  while (late.length < 56) late.push(...sequences(await fast.read(128, 0)))
  t.ok(stream.reads - pulls >= 5, 'a pull asks for as many as are a read, once it is known how large they are')
  t.same(await fast.read(128, 0), [])
  t.equal(fast.hasMore, false)
  t.equal(fast.isAhead, false, 'one that is out of reach is waited for by nobody')
  await Promise.all([fast.close(), slow.close()])
})

test('a message that is larger than a read is read', async (t) => {
  const stream = new Stream()
  const journal = shared(stream)
  for (const sequence of [1, 2]) stream.messages.push({ sequence, text: 'x'.repeat(3 * 1024 ** 2), republished: false })
  const only = journal.reader('J', 1)
  t.same(sequences(await only.read(128, 0)), [1])
  t.same(sequences(await only.read(128, 0)), [2])
  await only.close()
})
