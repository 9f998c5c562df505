import type { PoolClient } from 'pg'
import t from 'tap'
import { verifyAndCredit } from '../../src/campaign/actions/verify-shares.ts'
import { inTransaction } from '../../src/store/connection/transaction.ts'
import { noteConversions, undoConversions } from '../../src/store/shares/conversions.ts'
import {
  forgetUnusedTexts,
  saveShareText,
  shareFigures,
  sharesById,
  sharesOnChannel
} from '../../src/store/shares/shares.ts'
import { noteShareReport, noteVoidedShares } from '../../src/store/shares/verification.ts'
import { forgetVisitors, noteVisits, type Visit } from '../../src/store/shares/visits.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const urls = await sharedServers(t)
const AT = Date.UTC(2026, 10, 28, 4)
const HOUR = 3_600_000

async function openShares(t: Parameters<typeof freshDatabase>[0]) {
  const { pool } = await freshDatabase(t, urls.databaseUrl)
  const add = (id: string, user: string, channel = 'wechat') =>
    pool.query(
      `insert into shares (shard, share_id, campaign_id, activity_id, user_id, channel, subject_type, subject_id, key, hash,
         epoch, sequence, created_at)
       values (0, $1, 'c', 'sharing', $2, $3, 'goods', 'phone', 'u:key-of-' || $1, 'h', 1, split_part($1, '-', 3)::bigint, $4)`,
      [id, user, channel, new Date(AT)]
    )
  await add('0-1-1', 'ann')
  await add('0-1-2', 'cat', 'community')
  const read = async (id: string) => (await sharesById(pool, [id]))[0]
  return { pool, add, read }
}

const visit = (share: string, visitor: string, more: Partial<Visit> = {}): Visit => ({
  share,
  campaign: 'c',
  visitor,
  user: null,
  times: 1,
  firstAt: AT,
  lastAt: AT,
  ...more
})

const genuine = (share: string, at = AT) => ({
  share,
  campaign: 'c',
  activity: 'sharing',
  channel: 'wechat',
  pool: '',
  sharer: 'ann',
  timezone: 'Asia/Shanghai',
  forLevels: false,
  by: 'visit',
  at
})

t.test('the first look of a visitor is a click, the others are repeats, whichever statement brings them', async (t) => {
  const { pool, read } = await openShares(t)
  t.match(await read('0-1-1'), { clicks: 0, repeats: 0, bots: 0, user: 'ann', verifiedBy: null, voided: false })
  await noteVisits(pool, [
    visit('0-1-1', 'one', { times: 3 }),
    visit('0-1-1', 'two'),
    visit('0-1-1', '', { times: 4 }),
    visit('0-1-2', 'one')
  ])
  await Promise.all([1, 2, 3].map(() => noteVisits(pool, [visit('0-1-1', 'one'), visit('0-1-1', 'six')])))
  t.match(await read('0-1-1'), { clicks: 3, repeats: 7, bots: 4 })
  t.match(await read('0-1-2'), { clicks: 1, repeats: 0, bots: 0 })
  t.equal(await forgetVisitors(pool, 1), 4, 'whoever is not signed in is known for a day')
})

t.test('a share is verified once and rewarded once, and not at all once it is voided', async (t) => {
  const { pool, read } = await openShares(t)
  const verify = (...shares: string[]) =>
    inTransaction(pool, (session: PoolClient) =>
      verifyAndCredit(
        session,
        shares.map((id) => genuine(id))
      )
    )
  await Promise.all([verify('0-1-1', '0-1-1'), verify('0-1-1'), verify('0-1-1')])
  const credits = async () => (await pool.query('select cause, role, user_id, day from credits order by 1')).rows
  t.strictSame(await credits(), [{ cause: '0-1-1', role: 'sharing/wechat', user_id: 'ann', day: 20_785 }])
  t.match(await read('0-1-1'), { verifiedBy: 'visit' })
  await noteVoidedShares(pool, 'c', ['0-1-2', '0-1-2'])
  await verify('0-1-2')
  t.equal((await credits()).length, 1)
  t.match(await read('0-1-2'), { verifiedBy: null, voided: true })
  t.same(await sharesOnChannel(pool, { campaign: 'c', channel: 'community' }, { limit: 5 }), [])
})

t.test('a report counts once an event', async (t) => {
  const { pool } = await openShares(t)
  const report = { campaign: 'c', source: 'scan', sourceEventId: 'e1', share: '0-1-1', verified: true }
  const noted = await Promise.all([1, 2, 3].map(() => noteShareReport(pool, report)))
  t.strictSame(noted.sort(), ['noted', 'repeated', 'repeated'])
  t.equal(await noteShareReport(pool, { ...report, verified: false }), 'conflict')
  t.equal(await noteShareReport(pool, { ...report, source: 'other' }), 'noted')
})

t.test('an order counts for the share that its user visited last before it, within the hours', async (t) => {
  const { pool, read } = await openShares(t)
  const seen = (share: string, user: string, hours: number) =>
    visit(share, `user ${user}`, { user, firstAt: AT + hours * HOUR, lastAt: AT + hours * HOUR })
  await noteVisits(pool, [seen('0-1-1', 'ben', 0), seen('0-1-2', 'ben', 1), seen('0-1-1', 'old', -80)])
  const order = (cause: string, user: string, hours: number) =>
    ({ what: 'order', cause, user, at: AT + hours * HOUR }) as const
  const orders = [order('o1', 'ben', 0.5), order('o2', 'ben', 2), order('o3', 'old', 0), order('o4', 'nobody', 2)]
  const of = { campaign: 'c', hours: 72 }
  await noteConversions(pool, of, orders)
  await noteConversions(pool, of, orders)
  t.match(await read('0-1-1'), { orders: 1 })
  t.match(await read('0-1-2'), { orders: 1 })
  const told = { what: 'registration', cause: 'crm e1', user: 'ben', at: AT + 3 * HOUR, share: '0-1-1' } as const
  await noteConversions(pool, of, [
    told,
    { ...told, cause: 'crm e2', share: '0-9-9' },
    { ...told, cause: 'crm e3', user: 'ann' }
  ])
  t.match(await read('0-1-1'), { registrations: 1 }, 'none for a share that is not there, or one’s own')
  await undoConversions(pool, 'c', ['o1'])
  t.match(await read('0-1-1'), { orders: 0, registrations: 1 })
  t.match(await shareFigures(pool, 'c'), [
    { channel: 'community', subject: 'goods', shares: 1, orders: 1 },
    { channel: 'wechat', subject: 'goods', shares: 1, orders: 0, registrations: 1 }
  ])
})

t.test('a text is that of the request that made the share; one of no share is forgotten', async (t) => {
  const { pool, read } = await openShares(t)
  const text = { user: 'ann', key: 'u:key-of-0-1-1', hash: 'h', text: 'It rings.' }
  await saveShareText(pool, text)
  await saveShareText(pool, { ...text, hash: 'other', text: 'Another request.' })
  t.match(await read('0-1-1'), { text: 'It rings.' })
  await pool.query("update share_texts set saved_at = now() - interval '3 days'")
  t.equal((await forgetUnusedTexts(pool, 2)).forgotten, 1)
  t.match(await read('0-1-1'), { text: 'It rings.' })
})
