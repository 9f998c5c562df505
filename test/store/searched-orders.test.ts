import t from 'tap'
import type { Place } from '../../src/store/connection/list-place.ts'
import { countAffected } from '../../src/store/reading/affected-orders.ts'
import { searchOrders } from '../../src/store/reading/searches.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { costOf, noteStatements } from '../support/shop/explained.ts'

const ORDERS = 50_000
/** more than a page looks at, and fewer than all */
const SOME = 25_000

const noted = noteStatements()
const { pool } = await freshDatabase(t, (await sharedServers(t)).databaseUrl)

// three at each moment; a few of each campaign at the wrong price, the oldest among them
for (const [shard, campaign] of ['many', 'few'].entries()) {
  await pool.query("insert into campaigns (campaign_id, author) values ($1, 'ada')", [campaign])
  await pool.query(
    `insert into orders (order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency, status, shard, epoch, sequence,
       accepted_at, updated_at, record, position)
     select $2::integer || '-1-' || n, $3, 'phone', 'am', 'u' || n, 2, case when n = 1 or n % $4::integer = 0 then 1 else 100 end, 'CNY',
       'paid', $2::integer, 1, n, to_timestamp(n / 3), now(), '', n
     from generate_series(1, $1::integer) n`,
    [campaign === 'many' ? ORDERS : 300, shard, campaign, campaign === 'many' ? 9000 : 100]
  )
}
await pool.query('analyze orders')

/** The numbers of all that a search finds, page by page. */
async function found(campaign: string | undefined, limit: number) {
  const ids: string[] = []
  let before: Place | undefined
  for (let pages = 1; ; pages += 1) {
    const { orders, stoppedAt } = await searchOrders(pool, { price: 1 }, { campaign, before, limit })
    ids.push(...orders.map(({ id }) => id))
    const last = orders.at(-1)?.id
    const sequence = Number(last?.split('-')[2])
    before = orders.length === limit && last ? { at: Math.floor(sequence / 3) * 1000, id: last } : stoppedAt
    if (before === undefined) return { ids, pages }
  }
}

const many = [...[45, 36, 27, 18, 9].map((n) => `0-1-${n * 1000}`), '0-1-1']

t.test('few orders that are meant are found among many, page by page', async (t) => {
  t.same(await found('many', 10), { ids: many, pages: 3 })
  t.same((await found('many', 2)).ids, many)
  const few = ['1-1-300', '1-1-200', '1-1-100', '1-1-1']
  t.same(await found('few', 10), { ids: few, pages: 1 })
  const [oldest = '', ...rest] = many.toReversed()
  t.same((await found(undefined, 3)).ids, [...rest.toReversed(), ...few.slice(0, 3), '1-1-1', oldest])
})

t.test('a page costs what it looks at, however few are meant', async (t) => {
  await searchOrders(pool, { price: 7 }, { campaign: 'many', limit: 10 })
  const [text = '', values = []] = [...noted].find(([one]) => one.includes('"isLast"')) ?? []
  t.ok(((await costOf(pool, text, values))?.rows ?? ORDERS) < SOME)
  await searchOrders(pool, {}, { limit: 10 })
  t.ok(
    ((await costOf(pool, text, noted.get(text) ?? []))?.rows ?? ORDERS) < 100,
    'where all are meant, no more than are shown'
  )
})

t.test('orders are counted as far as anybody waits for it', async (t) => {
  const asked = { campaign: 'many', filter: { activity: 'phone', price: 1 } }
  const sum = (orders: number) => ({ status: 'paid', orders, units: 2 * orders, amount: 2 * orders, currency: 'CNY' })
  t.same(await countAffected(pool, asked), { sums: [sum(6)], isAtLeast: false })
  t.same(await countAffected(pool, asked, 20_000), { sums: [sum(2)], isAtLeast: true })
  const [text = '', values = []] = [...noted].find(([one]) => one.includes('is_meant')) ?? []
  t.ok(((await costOf(pool, text, values))?.rows ?? ORDERS) < SOME)
  t.same(await countAffected(pool, asked, 1000), { sums: [], isAtLeast: true })
  const early = { ...asked.filter, to: new Date(1000 * 1000).toISOString() }
  t.same(await countAffected(pool, { ...asked, filter: early }, 3000), { sums: [sum(1)], isAtLeast: false })
})
