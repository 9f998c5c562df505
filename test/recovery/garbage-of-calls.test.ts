import type { Redis } from 'ioredis'
import t from 'tap'
import { createCaller } from '../../src/gate/redis/caller.ts'
import { keptAfter } from '../support/kept-after.ts'

const CALLS = 300
const AT_ONCE = 4
const BYTES = 16_000

/** A Redis that answers each call but `WAIT`, until its connection breaks. */
function fakeRedis(): { readonly redis: Redis; readonly breaks: () => void } {
  const closing: Array<() => void> = []
  const call = (command: string, text: string): Promise<unknown> =>
    command === 'WAIT' ? new Promise(() => {}) : new Promise((resolve) => setImmediate(() => resolve(`${text}!`)))
  const on = (_event: string, listener: () => void) => closing.push(listener)
  const redis = { status: 'ready', on, call } as unknown as Redis
  return {
    redis,
    breaks: () => {
      for (const listener of closing) listener()
    }
  }
}

t.test('what was sent and answered is garbage once a call is over, without a full collection', async (t) => {
  const { redis, breaks } = fakeRedis()
  t.teardown(breaks)
  const caller = createCaller(redis)
  const open = () => {
    void caller.call('WAIT', [], 600_000).catch(() => {})
    return Promise.resolve()
  }
  const kept = await keptAfter(open, async () => {
    for (let nth = 0; nth < CALLS; nth += AT_ONCE) {
      const texts = Array.from({ length: AT_ONCE }, (_, place) => Buffer.alloc(BYTES, 97 + place).toString('latin1'))
      await Promise.all(texts.map((text) => caller.call('ECHO', [text], 60_000)))
    }
  })
  t.ok(kept < (CALLS * BYTES) / 2, `${kept} bytes of ${CALLS * BYTES}`)
})
