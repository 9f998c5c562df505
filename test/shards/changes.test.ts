import fc from 'fast-check'
import t from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import { carryOut } from '../../src/campaign/carrying/carry-out.ts'
import { isOneByOne, partOf, shareOf } from '../../src/campaign/carrying/split.ts'
import { SYSTEM_USER } from '../../src/gate/batch/commands.ts'
import type { Gate } from '../../src/gate/gate.ts'
import { findIntent, insertIntent } from '../../src/store/campaigns/intents.ts'
import { ada, openDefinition, setUp } from '../campaign/at-the-gate.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { shardsEnv, sharedServers } from '../support/servers/servers.ts'
import { insist } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 4
const shards = [0, 1, 2, 3]

const urls = await sharedServers(t)
const { campaigns, core, publish, purchase, realGate } = await setUp(t, shardsEnv(COUNT))

/** What each shard has of the session of a campaign, by shard. */
async function partsOf(id: string, field = 'remaining'): Promise<number[]> {
  const hashes = await Promise.all(shards.map((shard) => realGate.read([`s:${id}:phone`], shard)))
  return hashes.map(([stock]) => Number(stock?.[`am:${field}`] ?? Number.NaN))
}

t.test(
  'the parts of all shards are the whole, and no two differ by more than one where there are enough',
  async (t) => {
    const among = fc.record({ units: fc.nat(1000), count: fc.integer({ min: 1, max: 64 }), key: fc.string() })
    fc.assert(
      fc.property(among, ({ units, count, key }) => {
        const parts = Array.from({ length: count }, (_, shard) => shareOf(units, `s:c:${key}`, { shard, count }))
        t.equal(
          parts.reduce((sum, part) => sum + part, 0),
          units
        )
        t.ok(
          units < count ? parts.filter((part) => part > 0).length <= 1 : Math.max(...parts) - Math.min(...parts) <= 1
        )
      }),
      { numRuns: 200 }
    )
    const split = {
      puts: [['c:c', 'rate', '10'] as const, ['c:c', 'burst', '2'] as const, ['a:c:s', 'rate', '5'] as const]
    }
    const { puts } = partOf({ ...split, adds: [] }, { shard: 1, count: COUNT })
    t.same(
      puts.map(([, , value]) => value),
      ['2.5', '1', '5'],
      'a bucket holds a token at least'
    )
  }
)

t.test('what is removed is taken where it is, shard by shard', async (t) => {
  const has = fc.array(fc.nat(50), { minLength: 1, maxLength: 16 })
  fc.assert(
    fc.property(has, fc.nat(400), (left, wanted) => {
      const writes = { puts: [], adds: [['s:c:s', 'am:remaining', -wanted] as const] }
      const parts: Array<{ decision: string; applied: number[] }> = []
      for (const [shard, here] of left.entries()) {
        const asked = partOf(writes, { shard, count: left.length }, parts).adds[0]?.[2] ?? Number.NaN
        parts.push({ decision: '', applied: [Math.max(asked, -here)] })
      }
      const taken = parts.reduce((sum, { applied: [one = 0] }) => sum - one, 0)
      t.equal(
        taken,
        Math.min(
          wanted,
          left.reduce((sum, one) => sum + one, 0)
        )
      )
      t.equal(isOneByOne(writes), wanted > 0)
    }),
    { numRuns: 200 }
  )
})

t.test('stock is split when it is published, added and removed, and all of it is sold', async (t) => {
  const id = 'split'
  await publish(openDefinition(id))
  const isOpen = async () => {
    const all = await Promise.all(shards.map((shard) => realGate.read([`c:${id}`], shard)))
    return all.every(([campaign]) => campaign?.ready === '1')
  }
  await waitFor(isOpen, { what: 'all shards to have it open', deadlineMs: 180_000 })
  const has = (...parts: number[]) =>
    waitFor(async () => JSON.stringify(await partsOf(id)) === JSON.stringify(parts), { what: `parts of ${parts}` })
  const change = async (addStock: number) => {
    const { intent } = await campaigns.patchActivity(
      { campaign: id, activity: 'phone' },
      { reason: 'x', addStock },
      ada
    )
    const carried = async () => (await findIntent(core.pool, intent?.id ?? 0))?.state !== 'open'
    await waitFor(carried, { what: 'all shards to carry it out', deadlineMs: 180_000 })
    return findIntent(core.pool, intent?.id ?? 0)
  }
  await has(2, 1, 1, 1)
  t.match(await change(6), { state: 'applied', applied: [6], decision: /^0-/ })
  await has(4, 3, 2, 2)
  t.match(await change(-5), { state: 'applied', applied: [-5] })
  await has(0, 2, 2, 2)
  t.match(await change(-100), { state: 'applied', applied: [-6] }, 'what is left is taken, and reported')
  t.same(await partsOf(id, 'total'), [0, 0, 0, 0])
  t.match(await change(8), { applied: [8] })
  const users = Array.from({ length: 60 }, (_, n) => `buyer-${n}`)
  const sold = await Promise.all(users.map((user) => insist(() => purchase(id, user))))
  t.equal(sold.filter(({ kind }) => kind === 'confirmed').length, 8)
  t.match((await realGate.read([`s:${id}:phone`]))[0], { 'am:total': '8', 'am:remaining': '0' })
})

/** A gate of the memory: what each shard decided, in order, and which shards are away. */
function gateOf(away: Set<number>) {
  const decided: Record<number, string[]> = { 0: [], 1: [], 2: [], 3: [] }
  const gate: Pick<Gate, 'submit' | 'read' | 'look' | 'numbers'> = {
    numbers: shards,
    read: async () => [],
    look: async () => ({ opening: 7, time: 0, oldestBatch: undefined, last: { batch: 0, sequence: 0 }, units: [] }),
    async submit(command) {
      const { shard = shardOf(command.user, COUNT) } = command
      if (command.op !== 'adjust' || away.has(shard)) return { kind: 'unavailable', reason: 'away', retryAfterMs: 1 }
      decided[shard]?.push(command.type)
      const id = `${shard}-7-${decided[shard]?.length}`
      const applied = command.adds.map(([, , delta]) => Math.max(delta, -1))
      return { kind: 'confirmed', replayed: false, decision: { ...aDecision, id, applied } }
    }
  }
  return { decided, gate }
}

const aDecision = { sequence: 1, type: '', at: 0, report: '' } as const

t.test('a shard that is away delays its own part of a change only, and gets it in order', async (t) => {
  const { pool } = await freshDatabase(t, urls.databaseUrl)
  await pool.query("insert into campaigns (campaign_id, author) values ('c', 'ada')")
  const away = new Set([2])
  const { decided, gate } = gateOf(away)
  const intent = (type: string, delta: number, user = SYSTEM_USER) =>
    insertIntent(pool, {
      campaign: 'c',
      activity: 's',
      user,
      type,
      puts: [],
      adds: delta === 0 ? [] : [['s:c:s', 'am:remaining', delta]],
      request: '{}',
      by: 'ada'
    })
  const [pause, remove, resume] = [await intent('pause', 0), await intent('remove', -3), await intent('resume', 0)]
  const grants = await Promise.all(Array.from({ length: 20 }, (_, n) => intent('grant', 0, `user-${n}`)))
  const isOpen = async (ids: readonly number[]) => {
    const rows = await Promise.all(ids.map((id) => findIntent(pool, id)))
    return rows.map((row) => row?.state === 'open')
  }
  await carryOut({ pool, gate }, 'c')
  t.same(await isOpen([pause, remove, resume]), [true, true, true], 'open while a shard has not carried it out')
  t.same(decided[0]?.slice(0, 3), ['pause', 'remove', 'resume'])
  t.same(decided[3]?.slice(0, 2), ['pause', 'grant'], 'what is removed waits for the shards before, all else does not')
  const waiting = (await isOpen(grants)).filter((is) => is).length
  t.ok(waiting > 0 && waiting < grants.length, 'users of the other shards got theirs')
  const before = decided[0]?.length
  away.clear()
  await carryOut({ pool, gate }, 'c')
  t.same(decided[2]?.slice(0, 3), ['pause', 'remove', 'resume'])
  t.equal(decided[0]?.length, before, 'and nobody was asked twice')
  t.same(await isOpen([pause, remove, resume, ...grants]), Array(23).fill(false))
  t.match(await findIntent(pool, remove), { state: 'applied', decision: '0-7-2', applied: [-3] })
})

t.test('a pause does not wait behind stock that is taken away, which waits for a shard that is away', async (t) => {
  const { pool } = await freshDatabase(t, urls.databaseUrl)
  await pool.query("insert into campaigns (campaign_id, author) values ('c', 'ada')")
  const away = new Set([1])
  const { decided, gate } = gateOf(away)
  const intent = (type: string, delta: number) => {
    const adds = delta === 0 ? [] : [['s:c:s', 'am:remaining', delta] as const]
    const change = { campaign: 'c', activity: 's', user: SYSTEM_USER, type, puts: [], adds, request: '{}', by: 'ada' }
    return insertIntent(pool, change)
  }
  await intent('campaign.adjusted', -3)
  const pause = await intent('campaign.paused', 0)
  await intent('campaign.resumed', 0)
  await carryOut({ pool, gate }, 'c')
  for (const shard of [0, 2, 3])
    t.same(
      decided[shard]?.filter((type) => type !== 'campaign.adjusted'),
      ['campaign.paused', 'campaign.resumed']
    )
  away.clear()
  await carryOut({ pool, gate }, 'c')
  for (const shard of shards) t.equal(decided[shard]?.length, 3, 'and each shard decides all three, once')
  t.equal((await findIntent(pool, pause))?.state, 'applied')
})
