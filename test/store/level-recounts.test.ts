import type pg from 'pg'
import t from 'tap'
import { verifyAndCredit } from '../../src/campaign/actions/verify-shares.ts'
import { inTransaction } from '../../src/store/connection/transaction.ts'
import { askRecounts } from '../../src/store/following/level-recounts.ts'
import { levelCountsOf } from '../../src/store/following/levels.ts'
import { noteConversions, undoConversions } from '../../src/store/shares/conversions.ts'
import { noteVoidedShares } from '../../src/store/shares/verification.ts'
import { noteVisits } from '../../src/store/shares/visits.ts'
import { RecountDriver } from '../../src/worker/drivers/recount-levels.ts'
import { rulesOf } from '../campaign/example-kinds.ts'
import { exampleDefinition } from '../campaign/example-sale.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const urls = await sharedServers(t)
const AT = Date.UTC(2026, 10, 28, 4)
const campaign = 'launch'

/** A database with one share each of ann (two), cat, and one of a user in another shard; levels rest on two shares. */
async function open(t: Parameters<typeof freshDatabase>[0]) {
  const { pool } = await freshDatabase(t, urls.databaseUrl)
  const levels = [1, 2].map((shares) => ({ id: shares, when: { shares } }))
  const sharing = { id: 'sharing', kind: 'share', verifiedBy: 'visit', channels: { wechat: {} } }
  const rules = rulesOf(exampleDefinition({ levels, activities: [sharing] }))
  const catalogue = {
    refresh: () => Promise.resolve(),
    get: (id: string) => (id === campaign ? { rules } : undefined)
  } as unknown as ConstructorParameters<typeof RecountDriver>[0]['catalogue']
  const add = (id: string, user: string) =>
    pool.query(
      `insert into shares (shard, share_id, campaign_id, activity_id, user_id, channel, subject_type, subject_id, key, hash,
         epoch, sequence, created_at)
       values (split_part($1, '-', 1)::integer, $1, $3, 'sharing', $2, 'wechat', 'goods', 'phone', 'u:' || $1, 'h', 1,
         split_part($1, '-', 3)::bigint, $4)`,
      [id, user, campaign, new Date(AT)]
    )
  await add('0-1-1', 'ann')
  await add('0-1-2', 'ann')
  await add('0-1-3', 'cat')
  await add('1-1-1', 'eve')
  const driver = (shard = 0) => new RecountDriver({ pool, shard, catalogue })
  return { pool, add, driver, counts: (user: string) => levelCountsOf(pool, user, campaign) }
}

const waiting = async (pool: pg.Pool) => (await pool.query('select share_id from level_recounts order by 1')).rows
const wanted = async (pool: pg.Pool) =>
  (await pool.query('select user_id, wanted, why from level_states order by 1')).rows
const genuine = (share: string, sharer: string, forLevels = true) => ({
  share,
  campaign,
  activity: 'sharing',
  channel: 'wechat',
  pool: '',
  sharer,
  timezone: 'Asia/Shanghai',
  forLevels,
  by: 'visit',
  at: AT
})
const visit = (share: string, visitor: string, user: string | null = null) => ({
  share,
  campaign,
  visitor,
  user,
  times: 1,
  firstAt: AT,
  lastAt: AT
})

t.test('what became of shares is counted, and the level follows up and down', async (t) => {
  const { pool, driver, counts } = await open(t)
  await verifyAndCredit(pool, [genuine('0-1-1', 'ann'), genuine('0-1-2', 'ann'), genuine('0-1-3', 'cat', false)])
  t.strictSame(await waiting(pool), [{ share_id: '0-1-1' }, { share_id: '0-1-2' }], 'only where levels rest on shares')
  await verifyAndCredit(pool, [genuine('0-1-1', 'ann')])
  t.equal((await waiting(pool)).length, 2, 'nothing for what was verified before')
  t.equal(await driver(1).step(), 0, 'another shard has nothing to do')
  t.equal(await driver().step(), 1, 'one user, once')
  t.strictSame(await waiting(pool), [])
  t.match(await counts('ann'), { shares: 2, visits: 0, conversions: 0, points: 0 })
  t.strictSame(await wanted(pool), [{ user_id: 'ann', wanted: 2, why: { shares: 2 } }])

  const clicked = await noteVisits(pool, [visit('0-1-1', 'a'), visit('0-1-1', 'b', 'ben'), visit('0-1-2', '')])
  t.strictSame([...clicked], ['0-1-1'], 'programs are no clicks')
  t.strictSame([...(await noteVisits(pool, [visit('0-1-1', 'a')]))], [], 'nor is a second look')
  const of = { campaign, hours: 72 }
  const order = { what: 'order', cause: 'o1', user: 'ben', at: AT } as const
  const registration = { what: 'registration', cause: 'dan', user: 'dan', at: AT, share: '0-1-2' } as const
  t.strictSame((await noteConversions(pool, of, [order, registration])).toSorted(), ['0-1-1', '0-1-2'])
  t.strictSame(await noteConversions(pool, of, [order]), [], 'counted before')
  await askRecounts(pool, ['0-1-1', '0-1-2'])
  await driver().step()
  t.match(await counts('ann'), { shares: 2, visits: 2, registrations: 1, orders: 1, conversions: 2 })
  t.strictSame(await undoConversions(pool, campaign, ['o1']), ['0-1-1'])
  t.strictSame(await undoConversions(pool, campaign, ['o1']), [])
  await noteVoidedShares(pool, campaign, ['0-1-2'])
  await askRecounts(pool, ['0-1-1', '0-1-2'])
  await driver().step()
  t.match(await counts('ann'), { shares: 1, visits: 2, registrations: 0, orders: 0, conversions: 0 })
  t.strictSame(await wanted(pool), [{ user_id: 'ann', wanted: 1, why: { shares: 1 } }])
})

t.test('a share that Postgres does not have yet waits for it, and holds up nobody', async (t) => {
  const { pool, add, driver, counts } = await open(t)
  await verifyAndCredit(pool, [genuine('0-1-9', 'gus')])
  await verifyAndCredit(pool, [genuine('0-1-3', 'cat')])
  t.equal(await driver().step(), 1)
  t.match(await counts('cat'), { shares: 1 })
  t.strictSame(await waiting(pool), [{ share_id: '0-1-9' }])
  await add('0-1-9', 'gus')
  t.equal(await driver().step(), 1)
  t.match(await counts('gus'), { shares: 1 })
})

t.test('what changes while somebody counts is counted next, and what fails is counted again', async (t) => {
  const { pool, driver, counts } = await open(t)
  await verifyAndCredit(pool, [genuine('0-1-1', 'ann')])
  await inTransaction(pool, async (session) => {
    await verifyAndCredit(session, [genuine('0-1-2', 'ann')])
    await driver().step()
    t.match(await counts('ann'), { shares: 1 }, 'what is not committed does not count, and is not taken')
  })
  t.strictSame(await waiting(pool), [{ share_id: '0-1-2' }])
  await pool.query(`alter table level_states add constraint broken check (wanted < 2)`)
  await t.rejects(driver().step())
  t.match(await counts('ann'), { shares: 1 })
  t.equal((await waiting(pool)).length, 1, 'all of it or nothing')
  await pool.query('alter table level_states drop constraint broken')
  await askRecounts(pool, ['0-1-1', '0-1-1'])
  await Promise.all([driver().step(), driver().step(), driver().step()])
  t.match(await counts('ann'), { shares: 2 })
  t.strictSame(await wanted(pool), [{ user_id: 'ann', wanted: 2, why: { shares: 2 } }])
  t.strictSame(await waiting(pool), [])
})
