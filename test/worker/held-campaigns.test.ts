import t from 'tap'
import type { Campaigns } from '../../src/campaign/lifecycle/lifecycle.ts'
import { readStock } from '../../src/store/projection/restore.ts'
import { readShard } from '../../src/store/shard/shards.ts'
import { iso, openDefinition, setUp } from '../campaign/at-the-gate.ts'
import { insist } from '../support/shop/core.ts'
import { setClock } from '../support/shop/participation.ts'
import { waitFor } from '../support/wait.ts'

// One campaign that goes wrong stays one: somebody wrote its hashes in Redis.

const shop = await setUp(t)
await shop.publish(openDefinition('good'))

const isPaused = async (campaigns: Campaigns, id: string): Promise<boolean> => (await campaigns.get(id)).paused

t.test('a campaign that sold beyond its stock is paused, nothing is lost, and the others sell on', async (t) => {
  const { core, redis, prefix, campaigns, publish, purchase, stockOf } = shop
  await publish(openDefinition('bad', { unitsPerUser: 1 }))
  const before = await readShard(core.pool, 0)
  await redis.hset(`${prefix}s:bad:phone`, 'am:remaining', '100000')
  const sold: string[] = []
  // until the gate hears that it is paused
  await waitFor(
    async () => {
      const outcome = await insist(() => purchase('bad', `u${sold.length}`))
      if (outcome.kind === 'confirmed') sold.push(outcome.decision.order?.id ?? '')
      return outcome.kind === 'refused' && outcome.code === 'PAUSED'
    },
    { what: 'the campaign to be paused' }
  )
  t.ok(sold.length > 5, `${sold.length} of 5 were confirmed`)
  t.ok(await isPaused(campaigns, 'bad'))
  t.match(await purchase('bad', 'later'), { kind: 'refused', code: 'PAUSED' })
  t.equal((await insist(() => purchase('good', 'ann'))).kind, 'confirmed', 'the other one sells')
  t.notOk(await isPaused(campaigns, 'good'))

  const stored = async () => (await core.pool.query('select order_id from orders where campaign_id = $1', ['bad'])).rows
  await waitFor(async () => (await stored()).length === sold.length, { what: 'every order to be in Postgres' })
  const [row] = (await readStock(core.pool, 0)).filter(({ campaign_id }) => campaign_id === 'bad')
  t.match(row, { total: 5, remaining: 5 - sold.length, held: sold.length, paid: 0 }, 'Postgres says how many too many')
  t.equal((await core.pool.query('select 1 from dead_letters')).rowCount, 0)
  const audited = await core.pool.query("select operator, reason from audit where action = 'campaign.paused'")
  t.match(audited.rows, [{ operator: 'floodgate', reason: /violated/ }])
  t.equal((await readShard(core.pool, 0))?.epoch, before?.epoch, 'the shard stayed open')

  // written again from Postgres: sold out, and what is sold too much can be put right like any other order
  await core.pool.query("update shards set state = 'closed'")
  await waitFor(
    async () =>
      (await readShard(core.pool, 0))?.state === 'open' &&
      (await stockOf('bad').catch(() => ({}) as Record<string, string>))['am:remaining'] === String(5 - sold.length),
    {
      what: 'Redis to be written again'
    }
  )
  await campaigns.resume('bad', { operator: 'ada', reason: 'looked at' })
  // the resumption is carried out by the worker where the gate did not know yet that the shard was open
  const isSoldOut = async () => {
    const again = await insist(() => purchase('bad', 'after'))
    return again.kind === 'refused' && again.code === 'SOLD_OUT'
  }
  await waitFor(isSoldOut, { what: 'the resumed campaign to say that it is sold out' })
})

t.test('a campaign whose stock differs before it opens stays closed until the difference is gone', async (t) => {
  const { core, realGate, redis, prefix, campaigns, publish, purchase } = shop
  const opensAt = Date.now() + 3_600_000
  const times = { opensAt: iso(opensAt), closesAt: iso(opensAt + 3_600_000) }
  const sessions = [{ id: 'am', ...times, stock: 5 }]
  await publish({ ...openDefinition('soon', { sessions }), ...times })
  await redis.hset(`${prefix}s:soon:phone`, 'am:remaining', '50')
  // opens so soon that it is looked at, however long that takes
  const soon =
    "update campaigns set rules = jsonb_set(rules, '{opensAt}', to_jsonb($1::float8)) where campaign_id = 'soon'"
  const isKeptShut = async () => {
    await core.pool.query(soon, [Date.now() + 10_000])
    return isPaused(campaigns, 'soon')
  }
  await waitFor(isKeptShut, { what: 'the campaign to be kept shut', everyMs: 200 })
  await core.pool.query(soon, [opensAt])
  const isShut = async () => (await realGate.read(['c:soon']))[0]?.paused === '1'
  await waitFor(isShut, { what: 'the gate to hear of it' })
  t.notOk(await isPaused(campaigns, 'good'), 'that one only')
  await setClock(shop, opensAt + 500)
  t.match(await insist(() => purchase('soon', 'ann')), { kind: 'refused', code: 'PAUSED' }, 'it did not open')
  await core.pool.query("update shards set state = 'closed'")
  await waitFor(async () => !(await isPaused(campaigns, 'soon')), {
    what: 'the repaired campaign to open'
  })
  const sells = async () => {
    // the opening of the shard may have begun with another clock
    await setClock(shop, opensAt + 500)
    return (await insist(() => purchase('soon', 'bob'))).kind === 'confirmed'
  }
  await waitFor(sells, { what: 'it to sell' })
})
