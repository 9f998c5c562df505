import { pino } from 'pino'
import t from 'tap'
import { type CallResult, ShardBatcher } from '../../../src/gate/batch/batcher.ts'
import { Pace } from '../../../src/gate/batch/pace.ts'
import { defaultLimits } from '../../../src/gate/shard/limits.ts'
import { buy, preload } from '../../support/shop/core.ts'
import { waitFor } from '../../support/wait.ts'

const SALE = { campaign: 'c', sale: 's' }
const limits = { ...defaultLimits, batchCalls: 10, queueMs: 60_000, replyMs: 60_000 }

/** A gate whose Redis answers when the test says so. */
function slowGate(t: { teardown(fn: () => void): void }) {
  const answers: Array<() => void> = []
  /** calls of each batch */
  const batches: number[] = []
  const batcher = new ShardBatcher({
    caller: {
      onClose() {},
      call: (_command, args) => {
        const calls = args.join('\n').match(/^(?:u|x:adj):key-\d+$/gm)?.length ?? 0
        batches.push(calls)
        const reply = [`OK;${Date.now()};0;0`, Array.from({ length: calls }, () => 'N'), '', '', '', []]
        return new Promise((resolve) => answers.push(() => resolve(reply)))
      }
    },
    watch: {
      current: () => ({ epoch: 7, sha: 'sha' }),
      reason: () => '',
      invalidate() {},
      hurry() {},
      doubt() {},
      ready: async () => {},
      stop() {}
    },
    shard: 0,
    prefix: 'test:{s0}:',
    limits,
    isFull: () => false,
    logger: pino({ level: 'silent' })
  })
  t.teardown(() => batcher.stop())
  let users = 0
  const results: CallResult[] = []
  return {
    batcher,
    batches,
    results,
    answer: () => answers.shift()?.(),
    ask(count: number) {
      for (let asked = 0; asked < count; asked += 1) {
        users += 1
        void batcher.enqueue(buy(SALE, `user-${users}`, { key: `u:key-${users}` })).then((got) => results.push(got))
      }
    },
    refused: () => results.filter(({ kind }) => kind === 'unavailable').length
  }
}

t.test('as many may wait as the gate decides in the time that they may wait', async (t) => {
  const pace = new Pace({ batchCalls: 100, waitMs: 150 })
  t.equal(pace.room(false, 0), 1500, 'a gate that was never measured is taken for a quick one')
  for (let batch = 0; batch < 60; batch += 1) pace.sent(100, 40, batch * 50)
  t.ok(Math.abs(pace.room(false, 2950) - 300) < 5, 'three batches of 50 ms')
  t.equal(pace.room(true, 2950 + 15_000), 100, 'a batch without an answer counts, and the next one may gather')
  pace.sent(100, 0, 3000)
  pace.sent(3, 0, 90_000)
  t.ok(Math.abs(pace.room(false, 90_001) - 300) < 5, 'a time in which nobody waited says nothing')
  for (let batch = 0; batch < 60; batch += 1) pace.sent(100, 40, 100_000 + batch * 5)
  t.ok(pace.room(false, 100_300) > 2000, 'a gate that becomes quick has more room')
})

t.test('a full batch does not wait for the end of the turn, neither the first nor those behind it', async (t) => {
  const gate = slowGate(t)
  gate.ask(35)
  t.same(gate.batches, [10], 'sent while this turn still takes requests')
  for (let batch = 2; batch <= 3; batch += 1) {
    gate.answer()
    for (let step = 0; step < 20; step += 1) await Promise.resolve()
    t.equal(gate.batches.length, batch, 'sent in the turn that read the answer')
  }
  gate.answer()
  await waitFor(() => gate.batches.length === 4, { what: 'the rest' })
  t.same(gate.batches, [10, 10, 10, 5])
})

t.test(
  'a gate with too much to do refuses users at once, decides all that waits, and then takes users again',
  async (t) => {
    const gate = slowGate(t)
    gate.ask(25)
    t.notOk(gate.batcher.isBusy(), '15 wait, and a gate that was never measured has room for more')
    await waitFor(() => gate.batcher.isBusy(), { what: 'the first batch to take long' })
    gate.ask(40)
    await waitFor(() => gate.refused() === 40, { what: 'refusals without any answer of Redis' })
    t.ok(
      gate.results.every((result) => result.kind !== 'unavailable' || result.isBusy),
      'as of many, who must not return all at once'
    )
    t.same(gate.batches, [10])
    const adjusted = gate.batcher.enqueue({ ...preload({ ...SALE, stock: 1 }), key: 'x:adj:key-0' })
    while (gate.results.length < 65) {
      gate.answer()
      await new Promise((resolve) => setImmediate(resolve))
    }
    t.equal(gate.refused(), 40, 'whoever was let in is decided')
    t.notOk(gate.batcher.isBusy())
    await waitFor(() => gate.batches.length === 4, { what: 'the call of an operator, which was not refused' })
    gate.answer()
    t.equal((await adjusted).kind, 'reply')
    gate.ask(1)
    await waitFor(() => gate.batches.length === 5)
    gate.answer()
    await waitFor(() => gate.results.length === 66)
    t.equal(gate.refused(), 40)
  }
)
