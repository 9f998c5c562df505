import t from 'tap'
import { findJob, insertJob, type Job, listOrders } from '../../src/store/campaigns/jobs.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { costOf, noteStatements } from '../support/shop/explained.ts'

const ORDERS = 30_000
const PAGE = 500

const noted = noteStatements()
const { pool } = await freshDatabase(t, (await sharedServers(t)).databaseUrl)

// three at each moment; each tenth at the wrong price, and each hundredth is cancelled already
await pool.query(
  `insert into orders (order_id, campaign_id, activity_id, session_id, user_id, quantity, unit_price, currency, status, shard, epoch, sequence,
     accepted_at, updated_at, record, position)
   select '0-1-' || n, 'c', 'phone', 'am', 'u' || n, 1, case when n % 10 = 0 then 1 else 100 end, 'CNY',
     case when n % 100 = 0 then 'cancelled' else 'paid' end, 0, 1, n, to_timestamp(n / 3), now(), '', n
   from generate_series(1, $1) n`,
  [ORDERS]
)
await pool.query('analyze orders')

async function wrongPrice(key: string, sequence: number): Promise<Job & { readonly kind: 'cancellation' }> {
  const asked = { activity: 'phone', price: 1 }
  const { id } = await insertJob(pool, {
    kind: 'cancellation',
    campaign: 'c',
    asked,
    operator: 'ada',
    reason: 'r',
    key
  })
  const marks = JSON.stringify([{ shard: 0, epoch: 1, batch: 1, sequence }])
  await pool.query('update jobs set marks = $2 where job_id = $1', [id, marks])
  const job = await findJob(pool, 'cancellation', id)
  if (job?.kind !== 'cancellation') throw new Error('The job is not there')
  return job
}

const itemsOf = async (job: Job) =>
  (await pool.query('select 1 from job_items where job_id = $1', [job.id])).rowCount ?? 0

t.test('orders that are meant are listed once each, up to the marks, however few they are', async (t) => {
  const job = await wrongPrice('marks', 2000)
  let pages = 0
  while ((await listOrders(pool, job, PAGE)) === PAGE) pages += 1
  t.equal(pages, ORDERS / PAGE, 'each order is looked at once')
  t.equal(await itemsOf(job), 180, 'of 200 at this price 20 are cancelled already')
})

t.test('a page costs what it looks at, wherever it begins', async (t) => {
  const job = await wrongPrice('cost', ORDERS)
  await listOrders(pool, job, 1)
  const statement = () => [...noted].find(([text]) => text.includes('insert into job_items') && text.includes('orders'))
  const cost = async () => {
    const [text = '', values = []] = statement() ?? []
    const limit = values.length - 1
    return (await costOf(pool, text, [...values.slice(0, limit), PAGE]))?.rows ?? 0
  }
  for (let page = 0; page < 60; page += 10) {
    const rows = await cost()
    t.ok(rows < 3 * PAGE, `${rows} rows for page ${page}`)
    for (let next = 0; next < 10; next += 1) await listOrders(pool, job, PAGE)
  }
})
