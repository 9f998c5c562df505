import fc from 'fast-check'
import t from 'tap'
import type { Frame } from '../../src/journal/frame.ts'
import { loansOfItems, openLoans } from '../../src/store/campaigns/loans.ts'
import { Lacks } from '../../src/worker/loans/lacks.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { LendingWorld } from '../support/shop/lending-world.ts'

const { pool } = await freshDatabase(t, (await sharedServers(t)).databaseUrl, 8)
const numbers = [0, 1, 2]

async function openWorld(units: readonly number[], draws: Iterator<number>): Promise<LendingWorld> {
  const world = new LendingWorld(pool, units, draws)
  await pool.query("insert into campaigns (campaign_id, author) values ($1, 'op')", [world.campaign])
  return world
}

const sixes = function* (): Generator<number> {
  for (;;) yield 6
}

const calm = function* (): Generator<number> {
  for (;;) yield 1
}

t.test('whatever goes wrong and in whatever order, no unit is lost or doubled, and every loan is over', async () => {
  const some = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20))
  const run = fc.asyncProperty(some, fc.infiniteStream(fc.nat(10_000)), async (units, draws) => {
    const world = await openWorld(units, draws)
    const all = units.reduce((sum, each) => sum + each, 0)
    // two drivers for each shard, of which neither knows of the other one
    const drivers = [...numbers, ...numbers].map((number) => world.driver(number))
    for (let step = 0; step < 40; step += 1) {
      const chosen = drivers.filter(() => world.draw(4) === 0)
      await Promise.all([world.happen(), ...chosen.map((driver) => driver.step().catch(() => 0))])
      if (world.units !== all) return false
    }
    world.storms = false
    for (const { open, reopen } of world.shards.map((shard) => ({ open: shard.open, reopen: () => shard.reopen() })))
      if (!open) reopen()
    for (let round = 0; round < 8; round += 1) {
      for (const number of numbers) {
        for (const made of world.shard(number).made) made.journaled = true
        for (const made of world.shard(number).made) world.shard(number).settle(made)
        await world.project(number, 1000)
        await world.driver(number).step()
      }
    }
    const { rows } = await pool.query(
      `select 1 from loans where campaign_id = $1 and (closing is null or state = 'asked' or state = 'lent'
         or state = 'received' and (lent_by is null or received_by is null))`,
      [world.campaign]
    )
    return rows.length === 0 && world.units === all && world.shards.reduce((sum, one) => sum + one.units, 0) === all
  })
  await fc.assert(run, { numRuns: 40 })
})

t.test('a loan whose receipt is journaled and not settled stays open', async (t) => {
  // every answer is one that was journaled and not settled
  const world = await openWorld([0, 8, 0], sixes())
  world.want(0, 6)
  await world.driver(0).step()
  t.equal(world.shard(0).made[0]?.journaled, true)
  t.equal(await openLoans(pool, world.campaign), 1)
  await world.project(0, 1)
  await world.driver(0).step()
  t.equal(await openLoans(pool, world.campaign), 1, 'whether Postgres has it or not')
  for (const made of world.shard(0).made) world.shard(0).settle(made)
  await world.driver(0).step()
  t.equal(await openLoans(pool, world.campaign), 0)
  t.equal(world.shard(0).units, 6)
})

t.test('the outbox of a Redis that was given up says nothing of a receipt that was decided since', async (t) => {
  const world = await openWorld([0, 8, 0], sixes())
  world.shard(0).reopen()
  world.want(0, 6)
  await world.driver(0).step()
  await world.project(0, 1)
  await world.driver(0, { epoch: 1 }).step()
  t.equal(await openLoans(pool, world.campaign), 1, 'its units are still in no shard')
  for (const made of world.shard(0).made) world.shard(0).settle(made)
  world.shard(0).open = false
  await world.driver(0).step()
  t.equal(await openLoans(pool, world.campaign), 1, 'nor does one that is being opened')
  world.shard(0).open = true
  await world.driver(0).step()
  t.equal(await openLoans(pool, world.campaign), 0)
  t.equal(world.shard(0).units, 6)
})

t.test('what is wanted comes in one step, from those with the most, and what nobody has is said', async (t) => {
  const world = await openWorld([0, 8, 3], calm())
  world.storms = false
  world.want(0, 6)
  await world.driver(0).step()
  t.same(
    world.shards.map(({ units }) => units),
    [6, 2, 3]
  )
  t.same(await openLoans(pool, world.campaign), 0)
  t.same(world.shard(0).facts, [])
  world.want(0, 6)
  await world.driver(0).step()
  t.same(world.shard(0).facts, [5], 'nothing is moved for it')
  world.shard(2).open = false
  world.want(0, 6)
  await world.driver(0).step()
  t.same(world.shard(0).facts, [5, 'unknown'])
  t.same(
    world.shards.map(({ units }) => units),
    [6, 2, 3]
  )
})

t.test('an item that is not readable in a shard holds up no other one', async (t) => {
  const world = await openWorld([0, 6, 6], calm())
  world.storms = false
  const broken = { campaign: world.campaign, key: `s:${world.campaign}:other`, field: 'am:remaining', units: 2 }
  world.lacks[0]?.hear(JSON.stringify(broken))
  world.want(0, 3)
  world.unreadable.add(`0 ${broken.key}`)
  await t.rejects(world.driver(0).step(), { message: broken.key }, 'it is said')
  t.equal(world.shard(0).units, 3)
  world.unreadable.add(`1 ${world.item.key}`).add(`2 ${world.item.key}`)
  world.want(0, 3)
  await world
    .driver(0)
    .step()
    .catch(() => 0)
  t.same(world.shard(0).facts, ['unknown'], 'nobody says that there is none')
})

t.test('where units run low, half of what the richest has more comes before somebody waits', async (t) => {
  const world = await openWorld([4, 24, 9], calm())
  world.storms = false
  const frame = (at: number, units: number): Frame => ({
    ...{ v: 1, shard: 0, epoch: 1, batch: 1, at },
    decisions: [
      {
        ...{ seq: 1, type: 'order.accepted', user: 'ann', key: 'u:1', hash: '', campaign: world.campaign },
        ...{ activity: 'sale', request: {}, add: { s: { 'am:remaining': -units } } }
      }
    ]
  })
  world.lacks[0]?.meet([frame(1000, 3)])
  await world.driver(0).step()
  t.equal(world.shard(0).units, 4, 'for two seconds there is enough')
  world.lacks[0]?.meet([frame(2000, 2)])
  await world.driver(0).step()
  t.same(
    world.shards.map(({ units }) => units),
    [14, 14, 9]
  )
  world.lacks[0]?.meet([frame(9000, 3)])
  await world.driver(0).step()
  t.same(
    await loansOfItems(pool, [{ campaign: world.campaign, activity: 'sale', session: 'am' }]).then(([of]) => of?.open),
    0
  )
  t.equal(world.shard(0).units, 14, 'what was taken long ago is no demand')
})

t.test('a wish counts for 300 ms, and what is none is passed by', async (t) => {
  let now = 0
  const lacks = new Lacks(() => now)
  const wish = { campaign: 'c', key: 's:c:sale', field: 'am:remaining', units: 2 }
  const heard = [
    '',
    '{}',
    'null',
    JSON.stringify({ ...wish, key: 'u:ann' }),
    JSON.stringify({ ...wish, field: 'price' })
  ]
  for (const text of heard) lacks.hear(text)
  lacks.hear(JSON.stringify({ ...wish, field: `${'x'.repeat(600)}:remaining` }))
  t.same(lacks.list(), [])
  lacks.hear(JSON.stringify(wish))
  lacks.hear(JSON.stringify({ ...wish, units: 7 }))
  lacks.hear(JSON.stringify(wish))
  t.match(lacks.list(), [{ item: { campaign: 'c', activity: 'sale', session: 'am' }, sizes: [2, 7], demand: 0 }])
  lacks.served(wish)
  t.same(lacks.list(), [])
  lacks.hear(JSON.stringify(wish))
  now = 301
  t.same(lacks.list(), [])
  for (let n = 0; n < 3000; n += 1) lacks.hear(JSON.stringify({ ...wish, field: `${n}:remaining` }))
  t.equal(lacks.list().length, 1000, 'anybody may publish them')
})
