import fc from 'fast-check'
import t from 'tap'
import { loadScripts } from '../../src/gate/redis/opening-scripts.ts'
import { shardKeys } from '../../src/record/keys.ts'
import { Fold } from '../../src/recovery/open/fold-users.ts'
import { Sample, verify } from '../../src/recovery/open/verify.ts'
import { RestoreCalls, restoredHashes, wipe } from '../../src/recovery/open/write-redis.ts'
import type { FoldedDecision } from '../../src/store/projection/restore.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { startCore } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)
const EPOCH = 1_700_000_000

const field = fc.constantFrom('b:points', 'n:s', 'streak', 'last')
const number = fc.integer({ min: -5, max: 50 })
const adds = fc.dictionary(fc.constantFrom('u', 's', 'u:system'), fc.dictionary(field, number, { minKeys: 1 }))
const puts = fc.dictionary(fc.constantFrom('u', 'c', 'a'), fc.dictionary(field, number.map(String), { minKeys: 1 }))

/** Decisions of four users, whose sums and values meet in the same fields. */
const decisions = fc.array(
  fc.record({ user: fc.constantFrom('ann', 'ben', 'cem', 'dan'), adds, puts, key: fc.constantFrom('k1', 'k2', 'k3') }),
  { minLength: 1, maxLength: 60 }
)

function decisionsOf(drawn: ReadonlyArray<Pick<FoldedDecision, 'user' | 'adds' | 'puts' | 'key'>>): FoldedDecision[] {
  return drawn.map((one, index) => ({
    epoch: EPOCH,
    sequence: index + 1,
    batch: index + 1,
    type: 'participation.accepted',
    campaign: 'c',
    activity: 's',
    hash: 'h',
    entity: '',
    at_ms: EPOCH * 1000 + index,
    record: '',
    report: '',
    dels: null,
    ...one
  }))
}

async function closedShard() {
  const core = await startCore(t, urls)
  const { redis, caller, prefix, shard } = await core.gateway()
  await waitFor(() => Promise.resolve(redis.status === 'ready'), { what: 'the connection to Redis' })
  const scripts = await loadScripts(caller, { shard, epoch: EPOCH, prefix })
  const [key] = shardKeys(prefix)
  t.equal((await scripts.close()).status, 'OK')
  return { redis, prefix, scripts, key }
}

/** Writes decisions window by window, as a recovery does. */
async function restore(target: Awaited<ReturnType<typeof closedShard>>, windows: FoldedDecision[][]) {
  await wipe(target)
  const calls = new RestoreCalls(target)
  const sample = new Sample()
  const fold = new Fold()
  for (const window of windows) {
    for (const decision of window) {
      fold.add(decision)
      sample.add(decision)
    }
    await calls.write(restoredHashes(fold.hashes))
    fold.clear()
  }
  await calls.end()
  return { hashes: calls.created, sample }
}

function inWindows(all: FoldedDecision[], size: number): FoldedDecision[][] {
  const windows: FoldedDecision[][] = []
  for (let from = 0; from < all.length; from += size) windows.push(all.slice(from, from + size))
  return windows
}

const noBalances = async function* () {}

t.test('what Redis adds up of windows is the fold of all decisions, however they are cut', async (t) => {
  const target = await closedShard()
  await fc.assert(
    fc.asyncProperty(decisions, fc.integer({ min: 1, max: 20 }), async (drawn, size) => {
      const all = decisionsOf(drawn)
      const whole = new Fold()
      for (const decision of all) whole.add(decision)
      const { hashes } = await restore(target, inWindows(all, size))
      t.equal(hashes, whole.hashes.size, 'each hash is new once')
      for (const [key, fields] of whole.hashes) {
        const expected = Object.fromEntries([...fields].map(([name, value]) => [name, String(value)]))
        t.same({ ...(await target.redis.hgetall(target.prefix + key)) }, expected, key)
      }
    }),
    { numRuns: 60 }
  )
})

t.test('a window that is missing, or counted twice, is found, and so is a key that nobody wrote', async (t) => {
  const target = await closedShard()
  const all = decisionsOf(
    Array.from({ length: 40 }, (_, index) => ({ user: 'ann', adds: { s: { 'n:s': 1 } }, puts: {}, key: `k${index}` }))
  )
  const windows = inWindows(all, 10)
  const summed = () => ({ stock: [], balances: noBalances() })
  const written = await restore(target, windows)
  await verify(target, written, summed())
  await restore(target, windows.slice(1))
  await t.rejects(verify(target, written, summed()), /s:c:s in Redis is not what was folded/)
  await restore(target, [...windows, windows[0] ?? []])
  await t.rejects(verify(target, written, summed()), /s:c:s in Redis is not what was folded/)
  await restore(target, windows)
  await target.redis.hset(`${target.prefix}u:nobody`, 'd', '1')
  await t.rejects(verify(target, written, summed()), /3 keys in Redis, 2 folded/)
})

t.test('another recovery that has taken over ends this one', async (t) => {
  const target = await closedShard()
  await target.redis.hset(target.key, 'epoch', EPOCH + 1)
  await t.rejects(
    restore(target, inWindows(decisionsOf([{ user: 'ann', adds: {}, puts: {}, key: 'k' }]), 1)),
    /Another recovery has taken over/
  )
})
