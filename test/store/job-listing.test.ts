import t from 'tap'
import { findJob, insertJob } from '../../src/store/campaigns/jobs.ts'
import { inTransaction, type Queryable } from '../../src/store/connection/transaction.ts'
import { JobDriver } from '../../src/worker/drivers/do-jobs.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { waitFor } from '../support/wait.ts'

const { pool } = await freshDatabase(t, (await sharedServers(t)).databaseUrl)

const unused = () => Promise.reject(new Error('No item is due'))
const driver = new JobDriver({
  pool,
  gate: { submit: unused },
  reader: { fieldsOf: unused },
  catalogue: { refresh: unused, get: () => undefined },
  shards: { look: unused, numbers: [0] }
})

async function cancelAll(campaign: string): Promise<number> {
  const asked = { activity: 'phone' }
  const { id } = await insertJob(pool, {
    kind: 'cancellation',
    campaign,
    asked,
    operator: 'ada',
    reason: 'r',
    key: campaign
  })
  await pool.query(`update jobs set marks = '[]' where job_id = $1`, [id])
  return id
}

t.test('a job that cannot be listed keeps no other one waiting, and is told of', async (t) => {
  const broken = await cancelAll('broken')
  const sound = await cancelAll('sound')
  await pool.query(
    `create function refuse() returns trigger language plpgsql as $$ begin raise 'The list is too long'; end $$`
  )
  await pool.query(
    `create trigger refuse before update on jobs for each row when (old.campaign_id = 'broken') execute function refuse()`
  )
  await t.rejects(driver.step(), { message: 'The list is too long' })
  t.equal((await findJob(pool, 'cancellation', broken))?.state, 'listing')
  t.equal((await findJob(pool, 'cancellation', sound))?.state, 'done')

  await pool.query('drop trigger refuse on jobs')
  await driver.step()
  t.equal((await findJob(pool, 'cancellation', broken))?.state, 'done')
})

t.test('of two who ask at once under one key, both get the job that came first', async (t) => {
  const job = { kind: 'cancellation', campaign: 'twice', operator: 'ada', reason: 'r', key: 'twice' } as const
  const ask = (client: Queryable, activity: string) => insertJob(client, { ...job, asked: { activity } })
  const { first, asking } = await inTransaction(pool, async (client) => {
    const made = await ask(client, 'phone')
    const two = Promise.all([ask(pool, 'phone'), ask(pool, 'case')])
    const isWaiting = "select from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into jobs%'"
    // a transaction would see the same activity again and again
    await waitFor(async () => (await pool.query(isWaiting)).rowCount === 2, { what: 'both to wait for the first' })
    return { first: made, asking: two }
  })
  const others = await asking
  t.match(first, { isNew: true, isSame: true })
  t.match(others, [
    { id: first.id, isNew: false, isSame: true },
    { id: first.id, isNew: false, isSame: false }
  ])
})
