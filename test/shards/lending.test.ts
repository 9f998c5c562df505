import t from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import type { Outcome } from '../../src/gate/batch/outcomes.ts'
import { findIntent } from '../../src/store/campaigns/intents.ts'
import { onTheirWay } from '../../src/store/campaigns/loans.ts'
import { ada, openDefinition, setUp } from '../campaign/at-the-gate.ts'
import { shardsEnv } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 4
const { campaigns, core, publish, realGate } = await setUp(t, shardsEnv(COUNT))
const { pool } = core

/** Users of a shard. */
const usersOf = (shard: number, many: number) =>
  Array.from({ length: 40 * many }, (_, n) => `buyer-${n}`)
    .filter((user) => shardOf(user, COUNT) === shard)
    .slice(0, many)

const sell = (campaign: string, user: string, quantity = 1) =>
  insist(() => realGate.submit(buy({ campaign, sale: 'phone' }, user, { key: `u:${campaign}-${user}`, quantity })))

/** A sale of so many units, of which a user may buy twenty. */
async function openSale(id: string, stock: number): Promise<void> {
  const text = JSON.stringify(openDefinition(id)).replace('"stock":5', `"stock":${stock}`)
  await publish(JSON.parse(text.replaceAll(/"unitsPerUser":\d/g, '"unitsPerUser":20')))
}

/** What all shards together have by Postgres, once nothing is on its way. */
async function sums(campaign: string) {
  const quiet = async () => {
    const { rows } = await pool.query(
      `select 1 from loans where campaign_id = $1 and (closing is null or state <> 'void' and (lent_by is null or received_by is null))`,
      [campaign]
    )
    return rows.length === 0
  }
  await waitFor(quiet, { what: `the loans of ${campaign} to be over` })
  const { rows } = await pool.query(
    `select sum(total)::int as total, sum(remaining)::int as remaining, sum(held + paid)::int as sold from stock where campaign_id = $1`,
    [campaign]
  )
  t.same((await pool.query(`select units from ${onTheirWay} l where campaign_id = $1`, [campaign])).rows, [])
  return rows[0]
}

const kinds = (outcomes: readonly Outcome[]) => ({
  sold: outcomes.filter(({ kind }) => kind === 'confirmed').length,
  soldOut: outcomes.filter((one) => one.kind === 'refused' && one.code === 'SOLD_OUT').length
})

/** Everything decided so far is stored. */
async function stored(campaign: string, sold: number): Promise<void> {
  const orders = async () =>
    (await pool.query('select 1 from orders where campaign_id = $1', [campaign])).rowCount === sold
  await waitFor(orders, { what: `${sold} orders of ${campaign} to be stored` })
}

t.test(
  'who wants more than their shard has gets what the others have, and sold out is said once all is sold',
  async (t) => {
    await openSale('lent', 10)
    const [ann = '', ben = ''] = usersOf(2, 2)
    t.match(await sell('lent', ann, 9), { kind: 'confirmed' })
    t.match(await sell('lent', ben, 2), { kind: 'refused', code: 'SOLD_OUT', members: { remaining: 1 } })
    const [cid = ''] = usersOf(0, 1)
    t.match(await sell('lent', cid), { kind: 'confirmed' }, 'the last one, wherever it is')
    for (const shard of [0, 1, 2, 3]) {
      const [, , , late = ''] = usersOf(shard, 4)
      t.match(await sell('lent', late), { kind: 'refused', code: 'SOLD_OUT' })
    }
    await stored('lent', 2)
    t.same(await sums('lent'), { total: 10, remaining: 0, sold: 10 })
  }
)

t.test('a crowd of one shard buys all units of four, each once', async (t) => {
  await openSale('crowd', 60)
  const outcomes = await Promise.all(usersOf(1, 90).map((user) => sell('crowd', user)))
  t.same(kinds(outcomes), { sold: 60, soldOut: 30 })
  await stored('crowd', 60)
  t.same(await sums('crowd'), { total: 60, remaining: 0, sold: 60 })
})

t.test('crowds of all shards buy all units, while stock is added and taken away', async (t) => {
  await openSale('mixed', 80)
  const crowd = [0, 1, 2, 3].flatMap((shard) => usersOf(shard, shard === 3 ? 60 : 20))
  const change = async (addStock: number) => {
    const { intent } = await campaigns.patchActivity(
      { campaign: 'mixed', activity: 'phone' },
      { reason: 'x', addStock },
      ada
    )
    const carried = async () => (await findIntent(pool, intent?.id ?? 0))?.state !== 'open'
    await waitFor(carried, { what: 'all shards to carry it out' })
    return (await findIntent(pool, intent?.id ?? 0))?.applied
  }
  const [outcomes, taken] = await Promise.all([
    Promise.all(crowd.map((user) => sell('mixed', user))),
    change(10).then(() => change(-6))
  ])
  const { sold, soldOut } = kinds(outcomes)
  t.equal(sold + soldOut, crowd.length, 'everybody was told the one or the other')
  // those who heard it before units were added
  const late = await Promise.all(usersOf(0, 30).map((user) => sell('mixed', `${user}-again`)))
  const all = sold + kinds(late).sold
  await stored('mixed', all)
  const total = 90 + (taken?.[0] ?? 0)
  t.same(await sums('mixed'), { total, remaining: 0, sold: total })
  t.equal(all, total)
})
