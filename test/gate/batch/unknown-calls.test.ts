import { pino } from 'pino'
import t from 'tap'
import { type CallResult, ShardBatcher } from '../../../src/gate/batch/batcher.ts'
import type { FulfilCommand } from '../../../src/gate/batch/commands.ts'
import { callsKnown, knowAll, notedCalls } from '../../../src/gate/redis/known-calls.ts'
import { defaultLimits } from '../../../src/gate/shard/limits.ts'
import type { Teardown } from '../../support/servers/servers.ts'
import { buy } from '../../support/shop/core.ts'

/** What is noted of an opening by a worker of a version that noted SHAs alone. */
const earlier = { gate: 'sha' }

const shipped: FulfilCommand = {
  op: 'fulfil',
  user: 'ann',
  key: 'x:op:olga:ship-it',
  hash: 'ship',
  campaign: 'c',
  activity: 'wheel',
  win: '0-1-1',
  state: 'shipped',
  request: '{}'
}

/** The gate of a shard that some worker has opened. */
function gateOf(test: Teardown, noted: Readonly<Record<string, string>>) {
  const sent: string[] = []
  const batcher = new ShardBatcher({
    caller: {
      onClose() {},
      call: async (_command, args) => {
        const text = args.join('\n')
        sent.push(text)
        const calls = text.match(/^(?:u:key-of-\w+|x:op:olga:ship-it)$/gm)?.length ?? 0
        return [`OK;${Date.now()};0;0`, Array.from({ length: calls }, () => 'N'), '', '', '', []]
      }
    },
    watch: {
      current: () => ({ epoch: 7, sha: 'sha', knows: callsKnown(noted) }),
      reason: () => '',
      invalidate() {},
      hurry() {},
      doubt() {},
      ready: async () => {},
      stop() {}
    },
    ...{ shard: 0, prefix: 'test:{s0}:', limits: defaultLimits, isFull: () => false },
    logger: pino({ level: 'silent' })
  })
  test.teardown(() => batcher.stop())
  return { batcher, sent }
}

t.test('an act that the scripts of an earlier worker do not know is refused alone', async (t) => {
  const { batcher, sent } = gateOf(t, earlier)
  const sale = { campaign: 'c', sale: 's' }
  const results = await Promise.all<CallResult>([
    batcher.enqueue(buy(sale, 'ann')),
    batcher.enqueue(shipped),
    batcher.enqueue(buy(sale, 'ben'))
  ])
  t.same(
    results.map(({ kind }) => kind),
    ['reply', 'unavailable', 'reply']
  )
  t.match(results[1], { reason: /earlier version/ })
  t.equal(sent.length, 1, 'the others go in one batch')
  t.notMatch(sent[0], /ship-it/)
})

t.test('an act goes where the scripts know it, and the scripts of a version say so', async (t) => {
  const { batcher, sent } = gateOf(t, { ...earlier, ...notedCalls })
  t.match(await batcher.enqueue(shipped), { kind: 'reply' })
  t.match(sent[0], /ship-it/)
  t.ok(knowAll({ ...earlier, ...notedCalls }))
  t.notOk(knowAll(earlier), 'an opening that does not say so is made anew by the next owner of this version')
})
