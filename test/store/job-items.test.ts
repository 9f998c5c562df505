import t from 'tap'
import { forgetItems, progressOf } from '../../src/store/campaigns/job-items.ts'
import {
  closeJobs,
  type DueItem,
  endListing,
  type ItemSettlement,
  insertJob,
  settleItems,
  takeDueItems
} from '../../src/store/campaigns/jobs.ts'
import { listJobs } from '../../src/store/campaigns/listed-jobs.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { costOf, noteStatements } from '../support/shop/explained.ts'

const noted = noteStatements()
const { pool } = await freshDatabase(t, (await sharedServers(t)).databaseUrl, 4)
const DAY = 24 * 3600

async function jobOf(key: string, items: number): Promise<number> {
  const { id } = await insertJob(pool, {
    kind: 'cancellation',
    ...{ campaign: 'c', operator: 'ada', reason: 'a wrong price', key },
    asked: { activity: 'phone' }
  })
  await pool.query(
    `insert into job_items (job_id, item, kind, phase, state, refusal)
     select $1, '0-1-' || n, 'order', 1, case when n % 10 = 0 then 'failed' else 'done' end, 'NOT_CANCELLABLE: shipped'
     from generate_series(1, $2) n`,
    [id, items]
  )
  await endListing(pool, id)
  await closeJobs(pool)
  return id
}

/** A job of which everything is still to be done. */
async function openJob(key: string, items: number): Promise<number> {
  const { id } = await insertJob(pool, {
    kind: 'cancellation',
    ...{ campaign: 'c', operator: 'ada', reason: 'a wrong price', key },
    asked: { activity: 'phone' }
  })
  await pool.query(
    `insert into job_items (job_id, item, kind, phase) select $1, '0-1-' || n, 'order', 1 from generate_series(1, $2) n`,
    [id, items]
  )
  return id
}

const itemsOf = async (job: number) => (await pool.query('select from job_items where job_id = $1', [job])).rowCount

t.test('items of old jobs are forgotten, a thousand at a time, and what is told of a job stays', async (t) => {
  const [old, young] = [await jobOf('old', 2500), await jobOf('young', 3)]
  await pool.query("update jobs set done_at = now() - interval '8 days' where job_id = $1", [old])
  const before = await progressOf(pool, old)
  t.match(before, { done: 2250, left: 0, failed: 250 })
  const listed = async () =>
    (await listJobs(pool, { isOpen: false, limit: 9 })).map(({ done, failed }) => [done, failed])
  t.same(await listed(), [
    [3, 0],
    [2250, 250]
  ])
  const left: unknown[] = []
  while ((await forgetItems(pool, 7 * DAY)) > 0) {
    left.push(await itemsOf(old))
    t.same(await progressOf(pool, old), before)
    t.same((await listed()).at(-1), [2250, 250], 'a list tells the same')
  }
  t.same(left, [1500, 500, 0])
  t.equal(await itemsOf(young), 3)
  t.same(await progressOf(pool, young), { done: 3, left: 0, failed: 0, failures: [], wins: [] })
})

t.test('of two that forget at once, each item goes once, and a job without items is over at once', async (t) => {
  const [some, none] = [await jobOf('some', 1000), await jobOf('none', 0)]
  await pool.query("update jobs set done_at = now() - interval '9 days' where job_id = any($1)", [[some, none]])
  const before = await progressOf(pool, some)
  const step = () => forgetItems(pool, 7 * DAY)
  while ((await Promise.all([step(), step()])).some((looked) => looked > 0));
  t.same([await itemsOf(some), await itemsOf(none)], [0, 0])
  t.same(await progressOf(pool, some), before)
  t.match(await progressOf(pool, none), { done: 0, failed: 0 })
})

t.test('what is told of a job is counted where its items change, and reads none of them', async (t) => {
  const ids = await Promise.all(['one', 'two'].map((key) => openJob(key, 2000)))
  const [first = 0] = ids
  const asked = await takeDueItems(pool, { most: 100, ms: 60_000 })
  const half = [asked.slice(0, 50), asked.slice(50)]
  const settled = (item: DueItem, n: number): ItemSettlement =>
    n % 5 === 0
      ? { ...item, to: 'failed', refusal: 'NOT_CANCELLABLE: shipped' }
      : n % 5 === 1
        ? { ...item, to: 'later', afterMs: 60_000 }
        : { ...item, to: 'done', decision: null, refusal: null }
  // two workers settle items of the same jobs, in opposite orders
  const both = half.map((items, n) => settleItems(pool, (n === 0 ? items : items.toReversed()).map(settled)))
  const closed = (await Promise.all(both)).map(({ size }) => size)
  t.same(closed, [50, 50])
  await Promise.all(half.map((items) => settleItems(pool, items.map(settled))))
  const counted = async (job: number, state: string) =>
    (await pool.query('select from job_items where job_id = $1 and state = $2', [job, state])).rowCount
  const listed = await listJobs(pool, { isOpen: true, limit: 9 })
  for (const id of ids) {
    const [done, left, failed] = [await counted(id, 'done'), await counted(id, 'due'), await counted(id, 'failed')]
    t.match(await progressOf(pool, id), { done, left, failed, failures: { length: failed } })
    t.match(
      listed.find((job) => job.id === id),
      { done, left, failed }
    )
  }
  for (const [text, values] of noted) {
    if (!text.includes('items_listed')) continue
    t.ok(((await costOf(pool, text, values))?.rows ?? 9999) < 100, 'however many there are')
  }
  // as an earlier version left it
  const before = await progressOf(pool, first)
  await pool.query('update jobs set items_listed = null, items_done = null, items_failed = null where job_id = $1', [
    first
  ])
  t.same(await progressOf(pool, first), before)
  t.match(await listJobs(pool, { isOpen: true, limit: 9 }), listed)
})
