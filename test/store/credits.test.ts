import t from 'tap'
import {
  type Credit,
  noteCredits,
  openCredits,
  settleCredits,
  takeDueCredits,
  voidCredits
} from '../../src/store/following/credits.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const urls = await sharedServers(t)
const { pool } = await freshDatabase(t, urls.databaseUrl)

const credit = (cause: string): Credit => ({
  campaign: 'c',
  cause,
  role: 'thanks/friend',
  activity: 'thanks',
  action: '',
  user: 'ann',
  about: '',
  day: 20_000,
  request: {}
})

/** Taken by a driver, which nothing holds up from then on but its own slowness. */
async function take() {
  const [due] = await takeDueCredits(pool, { most: 1, ms: 0 })
  if (due === undefined) throw new Error('Nothing is due.')
  const { campaign, cause, role, attempts } = due
  return { campaign, cause, role, attempts }
}

const stateOf = async (cause: string) => {
  const { rows } = await pool.query<{ state: string; decision_id: string | null }>(
    'select state, decision_id from credits where cause = $1',
    [cause]
  )
  return rows[0]
}

t.test('a driver that stood still changes nothing of what another one has closed', async (t) => {
  await noteCredits(pool, [credit('1')])
  const old = await take()
  const later = await take()
  await settleCredits(pool, [{ ...later, to: 'done', decision: '0-1-7', cappedBy: '' }])
  await settleCredits(pool, [{ ...old, to: 'later', afterMs: 0 }])
  t.equal(await openCredits(pool, 'c'), 0, 'a given credit that is due again would be taken back')
  await settleCredits(pool, [{ ...old, to: 'refused', refusal: 'DISQUALIFIED' }])
  t.strictSame(await stateOf('1'), { state: 'done', decision_id: '0-1-7' })
})

t.test('a credit that was refused stays closed, whoever comes late', async (t) => {
  await noteCredits(pool, [credit('2')])
  const old = await take()
  const later = await take()
  await settleCredits(pool, [{ ...later, to: 'refused', refusal: 'DISQUALIFIED' }])
  await settleCredits(pool, [{ ...old, to: 'later', afterMs: 0 }])
  t.equal(await openCredits(pool, 'c'), 0, 'a settlement would wait for it for ever')
})

t.test('a credit that is given while its cause is voided is due again, to be taken back once', async (t) => {
  await noteCredits(pool, [credit('3')])
  const asked = await take()
  await voidCredits(pool, 'c', ['3'])
  await settleCredits(pool, [{ ...asked, to: 'done', decision: '0-1-8', cappedBy: '' }])
  const taken = await take()
  await settleCredits(pool, [{ ...taken, to: 'taken-back' }])
  await settleCredits(pool, [{ ...asked, to: 'done', decision: '0-1-8', cappedBy: '' }])
  t.strictSame(await stateOf('3'), { state: 'taken-back', decision_id: '0-1-8' })
  t.equal(await openCredits(pool, 'c'), 0)
})
