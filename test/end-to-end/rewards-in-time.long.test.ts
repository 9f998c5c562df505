import t from 'tap'
import { Shop } from '../support/http/storefront.ts'
import { tookAtMost } from '../support/running/pace.ts'
import { startStack } from '../support/servers/stack.ts'
import { waitFor } from '../support/wait.ts'

// How long a reward for somebody else takes from the 201 of its cause to the balance.

const AT_REST_MS = 2000
const AFTER_KILL_MS = 10_000
const PAIRS = 20

const stack = await startStack(t)
const shop = new Shop(stack)
const campaign = 'in-time'
await stack.publish({
  id: campaign,
  title: 'In time',
  timezone: 'Asia/Shanghai',
  opensAt: new Date(Date.now() - 3_600_000).toISOString(),
  closesAt: new Date(Date.now() + 7_200_000).toISOString(),
  units: { points: { scope: 'campaign' } },
  activities: [
    {
      id: 'friends',
      kind: 'invite',
      title: 'Friends',
      qualifiesOn: 'registration',
      inviter: { on: 'accepted', reward: { points: 10 } }
    }
  ]
} as { id: string })

const invites = `/v1/campaigns/${campaign}/invites`

async function pointsOf(user: string): Promise<number> {
  const { body } = await shop.ask(`/v1/campaigns/${campaign}/me`, { user })
  return (body.balances as { points: number }).points
}

/** Lets one user accept the invitation of another. @returns when the 201 came, ms */
async function accepted(inviter: string, invitee: string): Promise<number> {
  const made = await shop.ask(invites, { method: 'POST', user: inviter, key: `code-of-${inviter}`, body: {} })
  const { code } = made.body.invite as { code: string }
  const path = `${invites}/${code}/acceptances`
  const answer = await shop.ask(path, { method: 'POST', user: invitee, key: `accepts-${invitee}`, body: {} })
  t.equal(answer.status, 201)
  return performance.now()
}

const rewarded = (user: string, points: number) =>
  waitFor(async () => (await pointsOf(user)) === points, { what: `${user} to have ${points} points`, everyMs: 20 })

t.test('at rest, a reward for somebody else is there soon after the 201 of its cause', async (t) => {
  const took: number[] = []
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const since = await accepted(`inviter-${pair}`, `invitee-${pair}`)
    await rewarded(`inviter-${pair}`, 10)
    took.push(performance.now() - since)
  }
  tookAtMost(t, `the slowest of ${PAIRS} rewards`, { ms: Math.max(...took), boundMs: AT_REST_MS })
  t.equal(took.length, PAIRS)
})

t.test('after a kill of the worker, it is there soon after the worker runs again', async (t) => {
  const killed = stack.kill('worker')
  await accepted('before', 'friend-of-before')
  await waitFor(() => stack.isReplaced('worker', killed), { what: 'the worker to run again' })
  const since = performance.now()
  await rewarded('before', 10)
  tookAtMost(t, 'the reward after the worker ran again', { ms: performance.now() - since, boundMs: AFTER_KILL_MS })
})
