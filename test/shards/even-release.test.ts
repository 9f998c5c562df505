import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import { partOf, shareOf } from '../../src/campaign/carrying/split.ts'
import type { AdjustCommand } from '../../src/gate/batch/commands.ts'
import { lend, receive } from '../../src/gate/batch/loans.ts'
import { releasedUnits } from '../../src/record/draw.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { shardsEnv, sharedServers } from '../support/servers/servers.ts'
import { insist, packedSession } from '../support/shop/core.ts'
import { openActivity, takePart } from '../support/shop/participation.ts'
import { decisionOf, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 3
const numbers = Array.from({ length: COUNT }, (_, shard) => shard)
const urls = { ...(await sharedServers(t)), env: shardsEnv(COUNT) }

const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0)

t.test('all shards together have released what the whole has, at each moment', async (t) => {
  const draw = fc.record({
    units: fc.nat(3000),
    count: fc.integer({ min: 1, max: 64 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    key: fc.string()
  })
  fc.assert(
    fc.property(draw, ({ units, count, share, key }) => {
      const own = Array.from({ length: count }, (_, shard) => shareOf(units, `s:c:${key}`, { shard, count }))
      const released = own.map((part, shard) => releasedUnits({ units, own: part }, { shard, count }, share))
      t.equal(sum(released), Math.floor(units * share + 0.5))
      t.ok(
        released.every((one, shard) => one >= 0 && one <= (own[shard] ?? 0)),
        'no shard more than it was given'
      )
    }),
    { numRuns: 500 }
  )
})

t.test('an addition leaves each shard its even part of the whole, where it has no more already', async (t) => {
  const growth = fc.record({ count: fc.integer({ min: 2, max: 16 }), parts: fc.array(fc.integer({ min: 1, max: 60 })) })
  fc.assert(
    fc.property(growth, ({ count, parts }) => {
      const has = Array.from({ length: count }, () => 0)
      let units = 0
      for (const added of parts) {
        units += added
        const writes = {
          puts: [['a:c:d', 'even', `first:${units}`] as const],
          adds: [['s:c:d', 'first:remaining', added] as const]
        }
        for (const shard of has.keys()) {
          const part = partOf(writes, { shard, count })
          t.equal(part.puts[0]?.[2], `${count};first:${units}`)
          has[shard] = (has[shard] ?? 0) + (part.adds[0]?.[2] ?? Number.NaN)
        }
        t.equal(sum(has), units)
      }
      // what a home shard alone had before there was one for each is not taken away from it
      const first = parts[0] ?? 0
      if (first < count) return
      t.same(
        has,
        has.map((_, shard) => shareOf(units, 's:c:d', { shard, count }))
      )
    }),
    { numRuns: 200 }
  )
})

const SPAN = 10_000_000_000
const UNITS = 8
const even = (shard: number) => shareOf(UNITS, 's:c:d', { shard, count: COUNT })

/** A draw of which so large a share of its time is over, and stays so for the time of a test. */
function draw(activity: string, share: number, now: number): AdjustCommand {
  const at = Math.round(now - share * SPAN)
  return openActivity({
    campaign: 'c',
    activity,
    kind: 'draw',
    campaignRules: { opens_at: String(now - SPAN), closes_at: String(now + SPAN) },
    rules: {
      edition: '2',
      prizes: 'first,thanks',
      weights: '0:1,0',
      fallback: 'thanks',
      even: `${COUNT};first:${UNITS}`,
      sessions: packedSession({ opensAt: at, closesAt: at + SPAN, id: 'all' }),
      'prize:first': '1;physical;1;0;1;0;0;;',
      'prize:thanks': '9;nothing;0;0;0;0;0;;'
    }
  })
}

async function openDraw(shop: Shop, activity: string, share: number): Promise<void> {
  const opening = draw(activity, share, Date.now())
  for (const shard of numbers) {
    const adds = [[`s:c:${activity}`, 'first:remaining', even(shard)] as const]
    decisionOf(await insist(() => shop.gate.submit({ ...opening, shard, adds })))
  }
}

const itemOf = (activity: string) => ({ key: `s:c:${activity}`, field: 'first:remaining' })

async function lendable({ gate }: Shop, activity: string): Promise<unknown[]> {
  return Promise.all(numbers.map(async (shard) => (await gate.look(shard, [itemOf(activity)])).units[0]))
}

async function openShards(t: Test): Promise<Shop> {
  const shop = await openShop(t, urls)
  await shop.stopWorker()
  return shop
}

t.test('what a shard may lend is what is released of it and not given, by the same rule', async (t) => {
  const shop = await openShards(t)
  for (const [nth, share] of [0.03, 0.2, 0.45, 0.7, 0.97].entries()) {
    const activity = `draw-${nth}`
    await openDraw(shop, activity, share)
    const released = numbers.map((shard) =>
      releasedUnits({ units: UNITS, own: even(shard) }, { shard, count: COUNT }, share)
    )
    t.same(await lendable(shop, activity), released, `after ${share}`)
    t.equal(sum(released), Math.floor(UNITS * share + 0.5))
  }
})

t.test('no more is lent than is released, and what came is released', async (t) => {
  const shop = await openShards(t)
  const { gate } = shop
  // 4 of 8 are released: two of the first shard's three, one of the others'
  await openDraw(shop, 'wheel', 0.52)
  t.same(await lendable(shop, 'wheel'), [2, 1, 1])
  const loan = { loan: randomUUID(), campaign: 'c', ...itemOf('wheel'), from: 0, to: 1 }
  const under = async (shard: number) => {
    const { opening, time } = await gate.look(shard, [])
    return { opening, notAfter: time + 600_000 }
  }
  const lent = decisionOf(await gate.submit(lend({ ...loan, ...(await under(0)), asked: 9 })))
  t.same(lent.applied, [-2])
  t.same(await lendable(shop, 'wheel'), [0, 1, 1])
  decisionOf(await gate.submit(receive({ ...loan, ...(await under(1)), amount: 2 })))
  await waitFor(async () => (await lendable(shop, 'wheel'))[1] === 3, { what: 'the units to come' })
  t.match(await Promise.all(numbers.map((shard) => gate.read(['s:c:wheel'], shard))), [
    [{ 'first:lent': '2', 'first:total': '1' }],
    [{ 'first:received': '2', 'first:total': '5' }],
    [{}]
  ])
  const spins = async (shard: number) => {
    const users = Array.from({ length: 90 }, (_, n) => `user-${n}`).filter((user) => shardOf(user, COUNT) === shard)
    const told: string[] = []
    for (const user of users.slice(0, 5)) {
      const outcome = await gate.submit(takePart({ campaign: 'c', activity: 'wheel' }, user, { random: user }))
      told.push(decodeSpin(decisionOf(outcome).report).why)
    }
    return told
  }
  t.same(await spins(1), ['', '', '', 'unreleased', 'unreleased'])
  t.same(await spins(0), ['unreleased', 'unreleased', 'unreleased', 'unreleased', 'unreleased'])
  t.same(await lendable(shop, 'wheel'), [0, 0, 1])
})
