import pg from 'pg'
import t from 'tap'
import { type Credit, noteCredits, openCredits, voidCredits } from '../../src/store/following/credits.ts'
import { Shop } from '../support/http/storefront.ts'
import { startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'

// What is due to users for what others did, from the row in Postgres to the balance: a task stands for the kinds that have such rewards.

const stack = await startStack(t)
const shop = new Shop(stack)
const pool = new pg.Pool({ connectionString: stack.file().databaseUrl, max: 2 })
pg.types.setTypeParser(pg.types.builtins.INT8, Number)
t.teardown(() => pool.end())

const campaign = 'owing'
await stack.publish({
  id: campaign,
  title: 'Owing',
  timezone: 'Asia/Shanghai',
  opensAt: new Date(Date.now() - 3_600_000).toISOString(),
  closesAt: new Date(Date.now() + 7_200_000).toISOString(),
  units: { points: { scope: 'campaign' } },
  activities: [
    { id: 'thanks', kind: 'task', title: 'Thanks', per: 'day', reward: { points: 7 } },
    {
      id: 'gift',
      kind: 'task',
      title: 'Gift',
      per: 'day',
      reward: { points: 3, prize: { id: 'cup', title: 'Cup', type: 'physical', quota: 1 } }
    }
  ]
} as { id: string })

const owed = (user: string, cause: string, day = 20_000): Credit => ({
  campaign,
  cause,
  role: 'thanks/friend',
  activity: 'thanks',
  action: '',
  user,
  about: '',
  day,
  request: {}
})

async function pointsOf(user: string): Promise<number> {
  const { body } = await shop.ask(`/v1/campaigns/${campaign}/me`, { user })
  return (body.balances as { points: number }).points
}

async function stateOf(cause: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ state: string }>(
    'select state from credits where campaign_id = $1 and cause = $2',
    [campaign, cause]
  )
  return rows[0]?.state
}

const settled = (cause: string, state: string) =>
  waitFor(async () => (await stateOf(cause)) === state, { what: `the credit for ${cause} to be ${state}` })

t.test(
  'each cause is credited once, whoever notes it and however often, also after the worker was killed',
  async (t) => {
    const causes = ['1', '2', '3', '4', '5', '6']
    const credits = causes.map((cause, index) => owed('alice', cause, 20_000 + index))
    await Promise.all([noteCredits(pool, credits.slice(0, 4)), noteCredits(pool, credits.slice(2))])
    const killed = stack.kill('worker')
    await noteCredits(pool, credits)
    await waitFor(() => stack.isReplaced('worker', killed), { what: 'the worker to run again' })
    await waitFor(async () => (await openCredits(pool, campaign)) === 0, { what: 'all credits to be closed' })
    t.equal(await pointsOf('alice'), 42)
    for (const cause of causes) t.equal(await stateOf(cause), 'done')
  }
)

t.test('what is voided is taken back once it was given, and not given before', async (t) => {
  await noteCredits(pool, [owed('ben', 'given')])
  await settled('given', 'done')
  t.equal(await pointsOf('ben'), 7)
  await voidCredits(pool, campaign, ['given'])
  await voidCredits(pool, campaign, ['given'])
  await settled('given', 'taken-back')
  t.equal(await pointsOf('ben'), 0)

  // noted and voided in one transaction: nobody can have asked for it
  const client = await pool.connect()
  await client.query('begin')
  await noteCredits(client, [owed('ben', 'never', 20_001)])
  await voidCredits(client, campaign, ['never'])
  await client.query('commit')
  client.release()
  t.equal(await stateOf('never'), 'voided')
  t.equal(await openCredits(pool, campaign), 0)
  const stored = async () =>
    (
      await pool.query(
        `select type, report from decisions where campaign_id = $1 and user_id = 'ben' order by epoch, sequence`,
        [campaign]
      )
    ).rows
  // the credit is closed by the decision, which the projection stores after that
  await waitFor(async () => (await stored()).length >= 2, { what: 'both decisions to be stored' })
  t.match(await stored(), [{ type: 'task.completed' }, { type: 'reward.taken-back', report: /\|points -7 0$/ }])
  t.equal((await stored()).length, 2)
})

t.test('a prize is taken back with the rest, and goes to the next', async (t) => {
  const gift = (user: string, cause: string) => ({ ...owed(user, cause), role: 'gift/friend', activity: 'gift' })
  const winsOf = async (user: string) =>
    (await shop.ask(`/v1/me/wins?campaign=${campaign}`, { user })).body.items as Array<{ status: string }>
  await noteCredits(pool, [gift('eve', 'first')])
  await settled('first', 'done')
  t.match(await winsOf('eve'), [{ status: 'won', prize: { id: 'cup' } }])
  t.equal(await pointsOf('eve'), 3)
  await voidCredits(pool, campaign, ['first'])
  await settled('first', 'taken-back')
  t.equal(await pointsOf('eve'), 0)
  t.match(await winsOf('eve'), [{ status: 'revoked' }])
  await noteCredits(pool, [gift('fay', 'second')])
  await settled('second', 'done')
  t.match(await winsOf('fay'), [{ status: 'won', prize: { id: 'cup' } }])
})

t.test('a pause puts a credit off, and who is disqualified gets none', async (t) => {
  t.equal((await shop.operate('POST', `/campaigns/${campaign}/pause`, { reason: 'test' })).status, 200)
  await noteCredits(pool, [owed('cleo', 'paused')])
  await waitFor(
    async () => {
      const { rows } = await pool.query<{ attempts: number }>(`select attempts from credits where cause = 'paused'`)
      return (rows[0]?.attempts ?? 0) > 0
    },
    { what: 'the credit to be asked for' }
  )
  t.equal((await shop.operate('POST', `/campaigns/${campaign}/resumption`, {})).status, 200)
  await settled('paused', 'done')
  t.equal(await pointsOf('cleo'), 7)
  const disqualified = { campaign, reason: 'test', revokeWins: false, returnQuota: false }
  t.equal((await shop.operate('POST', '/users/dora/disqualification', disqualified)).status, 200)
  await noteCredits(pool, [owed('dora', 'cheat')])
  await settled('cheat', 'refused')
})
